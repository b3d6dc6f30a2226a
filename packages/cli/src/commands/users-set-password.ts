import { openAccess } from "../access/access.ts";
import { readPassword } from "../access/read-password.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(command)
      .argument("<name>")
      .addHelpText(
        "after",
        "\nIt is asked for, or read from stdin where that is no terminal. The user's sessions end.",
      );
  },
  async run({ args: [name = ""], options, terminal }) {
    await using access = await openAccess(options, terminal);
    const password = await readPassword(name, terminal);
    await access.setPassword({ name, password });
    terminal.say(`${name} has a new password, and has to sign in again.`);
    return exitCodes.done;
  },
};

export default command;
