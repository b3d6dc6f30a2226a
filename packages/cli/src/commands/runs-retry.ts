import { retryRun } from "@iroko/core/engine";
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
}

const command: CliCommand<RunsRetryOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("--from-start", "make again what has succeeded, too: the same partitions, inputs and clock")
      .option("--detach", "submit it, print the new run's id, and leave it to the workers");
  },
  async run({ args, options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { id } = await findRun(session.db, args[0]!);
    if (options.detach === true && session.mode === "embedded" && !(await hasLiveWorker(session))) {
      throw new UsageError(
        "--detach leaves a run to workers, and none is running here.",
        "Leave --detach out, or start one beside it: iroko dev",
      );
    }
    await session.store();
    const again = await retryRun(session.db, id, { fromStart: options.fromStart === true });
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
