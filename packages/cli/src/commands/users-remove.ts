import { openAccess } from "../access/access.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(command)
      .argument("<name>")
      .addHelpText("after", "\nIts sessions end, its tokens are revoked; what it did stays in the audit.");
  },
  async run({ args: [name = ""], options, terminal }) {
    await using access = await openAccess(options, terminal);
    await access.removeUser(name);
    terminal.say(`${name} is removed; its tokens are revoked.`);
    return exitCodes.done;
  },
};

export default command;
