import { openAccess } from "../access/access.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(command).argument("<id>", "as `iroko tokens list` shows it: the part after iroko_");
  },
  async run({ args: [id = ""], options, terminal }) {
    await using access = await openAccess(options, terminal);
    await access.revokeToken(id);
    terminal.say(`Token ${id} is revoked: the next request that uses it is refused.`);
    return exitCodes.done;
  },
};

export default command;
