import { readOwnPasswords } from "../access/read-password.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { findServer } from "../remote/find-server.ts";
import { plural } from "../terminal/units.ts";
import { UsageError } from "../usage-error.ts";

const command: CliCommand<ProjectOptions> = {
  server: "answers",
  configure(command) {
    command.addHelpText(
      "after",
      "\nOf the user whose token IROKO_TOKEN is. Both passwords are asked for, or read from two lines of stdin where that is\nno terminal. Wherever else you are signed in, you have to sign in again.",
    );
  },
  async run({ options, terminal }) {
    const server = findServer(options);
    if (server === undefined) {
      throw new UsageError(
        "One's own password is changed on a server: name it with --server or IROKO_SERVER.",
        "Whoever has its machine sets anybody's: iroko users set-password NAME",
      );
    }
    const { ended } = await server.client.session.setPassword(await readOwnPasswords(terminal));
    terminal.say(`Your password is changed; ${plural(ended, "session")} of yours ended.`);
    return exitCodes.done;
  },
};

export default command;
