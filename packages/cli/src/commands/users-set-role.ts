import { parseRole, setRole } from "@iroko/core/engine";
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
      .argument("<role>", "viewer, operator or admin")
      .addHelpText("after", "\nThe user's sessions end; its tokens may do no more than the new role from now on.");
  },
  async run({ args: [name = "", text = ""], options, terminal }) {
    const role = parseRole(text);
    await using instance = await openInstance(findProject(options), terminal);
    await auditedHere(instance.db, { operation: "users.setRole", target: `${name} ${role}` }, (db) =>
      setRole(db, name, role),
    );
    terminal.say(`${name} is ${role} now, and has to sign in again.`);
    return exitCodes.done;
  },
};

export default command;
