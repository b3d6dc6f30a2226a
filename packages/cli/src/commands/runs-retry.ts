import type { RetryPart } from "@iroko/core/client";
import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openMaking } from "../runs/making.ts";

interface RunsRetryOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly detach?: boolean;
  readonly fromStart?: boolean;
  readonly select?: string;
  readonly partitions?: string;
  readonly only?: readonly string[];
}

const command: CliCommand<RunsRetryOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("-s, --select <selection>", "only these assets of it: a key, +key, key+, 'a or b'")
      .option("--partitions <text>", "only these partitions: 2026-11-01..2026-11-07, by the run's clock last:3")
      .option(
        "--only <asset@partitions...>",
        "only these, each with partitions of its own: raw@2026-11-02 cleaned@last:3",
      )
      .option("--from-start", "make again what has succeeded, too: the same partitions, inputs and clock")
      .option("--detach", "submit it, print the new run's id, and leave it to the workers")
      .addHelpText(
        "after",
        `
What is repeated reads what else there is as it is, and keeps the run's partitions, pinned inputs, clock, config and limit.

Examples:
  iroko runs retry 0199f3a2
  iroko runs retry 0199f3a2 --select 'cleaned_pos_transactions+' --partitions 2026-11-02 --from-start`,
      );
  },
  async run({ args, options, terminal }) {
    const { fromStart, select, partitions } = options;
    const only = options.only?.map(partIn);
    await using making = await openMaking(options, terminal);
    return await making.retry(args[0]!, { fromStart, select, partitions, only }, options);
  },
};

/** As `asset@partitions` is written elsewhere: the key ends at the first "@". */
function partIn(text: string): RetryPart {
  const at = text.indexOf("@");
  return at < 0 ? { select: text } : { select: text.slice(0, at), partitions: text.slice(at + 1) };
}

export default command;
