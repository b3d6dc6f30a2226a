import { parseRole } from "@iroko/core/engine";
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
      .argument("<role>", "viewer, operator or admin")
      .addHelpText("after", "\nThe user's sessions end; its tokens may do no more than the new role from now on.");
  },
  async run({ args: [name = "", text = ""], options, terminal }) {
    const role = parseRole(text);
    await using access = await openAccess(options, terminal);
    await access.setRole({ name, role });
    terminal.say(`${name} is ${role} now, and has to sign in again.`);
    return exitCodes.done;
  },
};

export default command;
