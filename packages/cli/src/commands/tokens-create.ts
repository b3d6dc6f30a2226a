import { defaultTokenDays, longestTokenDays, parseRole } from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import { openAccess } from "../access/access.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { plural } from "../terminal/units.ts";
import { UsageError } from "../usage-error.ts";

interface TokensCreateOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly role: string;
  readonly days: number;
}

const command: CliCommand<TokensCreateOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<name>", "what it is for")
      .option("--role <role>", "viewer, operator or admin", "viewer")
      .option("--days <n>", "until it expires", parseDays, defaultTokenDays)
      .addHelpText(
        "after",
        "\nThe token is printed on stdout, this once: only its hash is kept. Programs send it as\n`Authorization: Bearer iroko_…`.",
      );
  },
  async run({ args: [name = ""], options, terminal }) {
    const role = parseRole(options.role);
    if (name.trim() === "" || name.length > 100)
      throw new UsageError(
        "A token's name has 1 to 100 characters.",
        "Say what it is for: iroko tokens create nightly-export",
      );
    await using access = await openAccess(options, terminal);
    const made = await access.createToken({ name, role, days: options.days });
    terminal.data(options.json === true ? JSON.stringify(made, null, 2) : made.token);
    terminal.say(
      `Token ${made.id} has the role ${role} for ${plural(options.days, "day")}. Keep it now: it is not shown again.`,
    );
    return exitCodes.done;
  },
};

export default command;

function parseDays(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= longestTokenDays) return days;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${longestTokenDays}.`);
}
