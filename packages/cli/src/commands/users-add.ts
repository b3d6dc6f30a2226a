import { parseRole } from "@iroko/core/engine";
import { openAccess } from "../access/access.ts";
import { readPassword } from "../access/read-password.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";

const command: CliCommand<ProjectOptions & { readonly role: string }> = {
  server: "answers",
  configure(command) {
    withProjectOptions(command)
      .argument("<name>", "letters, digits and . _ @ -")
      .option("--role <role>", "viewer, operator or admin", "viewer")
      .addHelpText(
        "after",
        `
A viewer sees everything; an operator starts, cancels and retries runs, too; an admin manages users and tokens, too.
The password is asked for, or read from stdin where that is no terminal.

Examples:
  iroko users add ada --role admin
  iroko users add bola --role operator < password.txt`,
      );
  },
  async run({ args: [name = ""], options, terminal }) {
    const role = parseRole(options.role);
    await using access = await openAccess(options, terminal);
    const password = await readPassword(name, terminal);
    await access.addUser({ name, role, password });
    terminal.say(`${name} may sign in as ${role}.`);
    return exitCodes.done;
  },
};

export default command;
