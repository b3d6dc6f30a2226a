/**
 * Derives from the tables what should be under way and sets it going where it is not: wake-ups that were lost, steps
 * that can no longer run, summaries that are behind, files that nobody will ask for. Run by every worker, every few
 * seconds and at its start. What the store owes is looked after beside it, which a store that is away keeps waiting.
 */
import { refreshSummaries } from "../instance/asset-summaries.ts";
import { forgetSpentBuilt } from "../instance/built.ts";
import type { Database } from "../instance/database.ts";
import { dropPoolsOfEnded } from "../instance/pools.ts";
import { countEnded } from "../instance/runs.ts";
import {
  freeLeftBehind,
  runsToCancel,
  runsWithUnreachableSteps,
  sayMovedCode,
  stepsWithoutWakeUp,
  withdrawMovedCode,
} from "../instance/step-repairs.ts";
import { releaseDependants, skipBatch, skipUnreachable } from "../instance/steps-below.ts";
import { refreshStatistics } from "../instance/statistics.ts";
import { wakeSteps } from "../instance/wake-ups.ts";
import { tryDuty } from "../instance/workers.ts";
import { admit } from "./admit.ts";
import { endAllWaiting } from "./cancel-run.ts";
import { giveBackLost } from "./sweep.ts";

/** A step whose code nobody has had for so long is held, with CODE_MOVED. */
const codeMovedSeconds = 60;

export async function reconcile(db: Database, location: string): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await tryDuty(tx, "reconcile"))) return;
    await dropPoolsOfEnded(tx);
    await giveBackLost(tx);
    await freeLeftBehind(tx);
    await withdrawMovedCode(tx);
    await sayMovedCode(tx, codeMovedSeconds);
    await wakeSteps(tx, await stepsWithoutWakeUp(tx));
    await admit(tx, location);
    await forgetSpentBuilt(tx);
  });
  for (const run of await runsToCancel(db)) await endAllWaiting(db, run);
  for (const run of await runsWithUnreachableSteps(db)) await skipRun(db, run);
  await refreshStatistics(db);
  await refreshSummaries(db);
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
