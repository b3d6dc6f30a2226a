import { verifyAudit } from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { plural } from "../terminal/units.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean; readonly head?: string }> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("--head <number:hash>", "as an earlier call printed it: it has to be in the chain still", parseHead)
      .addHelpText(
        "after",
        `
Every row is chained to the one before it by SHA-256. What was edited, deleted, put in another order or cut off is named by
the first row that is not as it was written. Whoever owns the database could write the whole chain anew: note the head
elsewhere now and then, and give it here.`,
      );
  },
  async run({ options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const verdict = await verifyAudit(instance.db, options.head);
    const { rows, head, fault } = verdict;
    if (options.json === true) terminal.data(JSON.stringify({ ok: fault === undefined, ...verdict }, null, 2));
    if (fault !== undefined) {
      terminal.say(
        `Row ${fault.seq} is ${fault.fault}; the ${plural(rows, "row")} before it ${rows === 1 ? "is" : "are"} as written.`,
      );
      return exitCodes.failed;
    }
    terminal.say(`The audit is as it was written: ${plural(rows, "row")}, head ${head}`);
    return exitCodes.done;
  },
};

export default command;

function parseHead(text: string): string {
  if (/^\d{1,15}:[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError("It is a number, a colon and 64 hexadecimal digits.");
}
