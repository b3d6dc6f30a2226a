import { revokeToken } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions> = {
  configure(command) {
    withProjectOptions(command).argument("<id>", "as `iroko tokens list` shows it: the part after iroko_");
  },
  async run({ args: [id = ""], options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    await auditedHere(instance.db, { operation: "tokens.revoke", target: id }, (db) => revokeToken(db, id));
    terminal.say(`Token ${id} is revoked: the next request that uses it is refused.`);
    return exitCodes.done;
  },
};

export default command;
