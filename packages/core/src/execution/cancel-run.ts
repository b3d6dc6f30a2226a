import { IrokoError } from "../errors.ts";
import type { Database, Tx } from "../instance/database.ts";
import { forgoRest } from "../instance/expansion.ts";
import { appendEvents } from "../instance/events.ts";
import { countEnded, getRun, requestCancel } from "../instance/runs.ts";
import { cancelWaiting } from "../instance/step-ends.ts";
import { admit } from "./admit.ts";

/**
 * Cancels a run: what waits ends now, what runs is interrupted by its worker. Asking twice is fine.
 *
 * @throws {IrokoError} RUN_NOT_FOUND, RUN_ENDED
 */
export async function cancelRun(db: Database, run: string, reason: string): Promise<void> {
  // Marked first, in a transaction of its own: whatever gives a step back after that sees the mark, and what was given
  // back before it is seen by the statement that ends what waits.
  const location = await db.transaction(async (tx) => {
    const marked = await requestCancel(tx, run, reason);
    if (marked === undefined) {
      const found = await getRun(tx, run);
      if (found === undefined) throw runNotFound(run);
      throw new IrokoError("RUN_ENDED", `Run ${run} has ended already: ${found.status}.`, {
        hint: `Look at it: iroko runs show ${run}`,
      });
    }
    if (marked.first) await appendEvents(tx, [{ type: "run_cancel_requested", run, payload: { reason } }]);
    return marked.location;
  });
  await endAllWaiting(db, run, location);
}

/** Ends all that waits in a run that is to be canceled, a batch at a time. */
export async function endAllWaiting(db: Database, run: string, location?: string): Promise<void> {
  for (let after: number | undefined = -1; after !== undefined;) {
    const from: number = after;
    after = await db.transaction(async (tx) => {
      const last = await endWaiting(tx, run, from);
      if (location !== undefined) await admit(tx, location);
      return last;
    });
  }
}

/**
 * Ends what waits in a run that is to be canceled, inserted or not, from after a step's number on; nothing happens in any other
 * run. Returns the number to go on after, where that was not all: whoever does not go on leaves it to the reconciler.
 */
export async function endWaiting(tx: Tx, run: string, after?: number): Promise<number | undefined> {
  const { canceled, last } = await cancelWaiting(tx, run, after);
  const ended = canceled + (await forgoRest(tx, run));
  if (ended > 0) await countEnded(tx, run, { canceled: ended });
  return last;
}

export function runNotFound(run: string): IrokoError {
  return new IrokoError("RUN_NOT_FOUND", `There is no run ${run}.`, { hint: "List the runs: iroko runs list" });
}
