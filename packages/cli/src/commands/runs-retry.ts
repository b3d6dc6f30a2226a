import { retryRun } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { findRun } from "../runs/find-run.ts";
import { finishRun, workHere } from "../runs/make-assets.ts";
import { hasLiveWorker, openSession } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface RunsRetryOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly detach?: boolean;
  readonly fromStart?: boolean;
  readonly select?: string;
  readonly partitions?: string;
}

const command: CliCommand<RunsRetryOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("-s, --select <selection>", "only these assets of it: a key, +key, key+, 'a or b'")
      .option("--partitions <text>", "only these partitions: 2026-11-01..2026-11-07, by the run's clock last:3")
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
    await using session = await openSession(findProject(options), terminal);
    const { id } = await findRun(session.db, args[0]!);
    const { fromStart, select, partitions } = options;
    if (options.detach === true && session.mode === "embedded" && !(await hasLiveWorker(session))) {
      throw new UsageError(
        "--detach leaves a run to workers, and none is running here.",
        "Leave --detach out, or start one beside it: iroko dev",
      );
    }
    await session.store();
    const again = await session.asking(() =>
      auditedHere(session.db, { operation: "runs.retry", target: id }, (db) =>
        retryRun(db, id, { fromStart, select, partitions }),
      ),
    );
    if (options.detach === true) {
      terminal.data(options.json === true ? JSON.stringify({ runId: again, status: "queued" }, null, 2) : again);
      terminal.say(`Submitted. To look at it: iroko runs show ${again}`);
      return exitCodes.done;
    }
    await workHere(session);
    return await finishRun(session, again, options);
  },
};

export default command;
