import { removeUser } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions> = {
  configure(command) {
    withProjectOptions(command)
      .argument("<name>")
      .addHelpText("after", "\nIts sessions end, its tokens are revoked; what it did stays in the audit.");
  },
  async run({ args: [name = ""], options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    await auditedHere(instance.db, { operation: "users.remove", target: name }, (db) => removeUser(db, name));
    terminal.say(`${name} is removed; its tokens are revoked.`);
    return exitCodes.done;
  },
};

export default command;
