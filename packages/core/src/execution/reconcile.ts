/**
 * Derives from the tables what should be under way and sets it going where it is not: wake-ups that were lost, steps
 * that can no longer run, versions that no stable path shows, summaries that are behind. Run by every worker, every few
 * seconds and at its start.
 */
import { overdueToPublish } from "../instance/asset-partitions.ts";
import { refreshSummaries } from "../instance/asset-summaries.ts";
import type { Database } from "../instance/database.ts";
import { countEnded } from "../instance/runs.ts";
import {
  freeLeftBehind,
  releaseDependants,
  runsToCancel,
  runsWithUnreachableSteps,
  sayMovedCode,
  skipBatch,
  skipUnreachable,
  stepsWithoutWakeUp,
  withdrawMovedCode,
} from "../instance/steps.ts";
import { wakeSteps } from "../instance/wake-ups.ts";
import { tryDuty } from "../instance/workers.ts";
import { admit } from "./admit.ts";
import { endWaiting } from "./cancel-run.ts";
import { publishPartition, type PublishContext } from "./publish.ts";
import { giveBackLost } from "./sweep.ts";

/** A step whose code nobody has had for so long is held, with CODE_MOVED. */
const codeMovedSeconds = 60;

export async function reconcile(context: PublishContext, location: string): Promise<void> {
  const { db, snapshot } = context;
  await db.transaction(async (tx) => {
    if (!(await tryDuty(tx, "reconcile"))) return;
    await giveBackLost(tx);
    await freeLeftBehind(tx);
    await withdrawMovedCode(tx);
    await sayMovedCode(tx, codeMovedSeconds);
    await wakeSteps(tx, await stepsWithoutWakeUp(tx));
    await admit(tx, location);
  });
  for (const run of await runsToCancel(db)) await db.transaction((tx) => endWaiting(tx, run));
  for (const run of await runsWithUnreachableSteps(db)) await skipRun(db, run);
  await refreshSummaries(db);
  const assets = snapshot.assets.map(({ key }) => key);
  const failures: unknown[] = [];
  for (const { asset, partition } of await overdueToPublish(db, assets, 100)) {
    // One that cannot be published keeps back none of the others.
    await publishPartition(context, asset, partition).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} versions could not be published`);
}

/** Skips all of a run that can no longer run, batch by batch. */
export async function skipRun(db: Database, run: string): Promise<void> {
  for (;;) {
    const skipped = await db.transaction(async (tx) => {
      const numbers = await skipUnreachable(tx, run, skipBatch);
      if (numbers.length === 0) return 0;
      const gates = await releaseDependants(
        tx,
        numbers.map((n) => ({ run, n, well: false })),
      );
      await countEnded(tx, run, { skipped: numbers.length, succeeded: gates.length });
      return numbers.length;
    });
    if (skipped < skipBatch) return;
  }
}
