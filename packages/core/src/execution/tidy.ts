/** What a worker does rarely, so that a store does not fill up: retention every hour, a look over the whole store once a day. */
import { beginDuty } from "../instance/garbage.ts";
import type { Database } from "../instance/database.ts";
import { applyRetention } from "./retention.ts";
import type { Store } from "./store.ts";
import { vacuum } from "./vacuum.ts";

const retentionEverySeconds = 3600;
/** A listing costs a request for a thousand objects: over a narrow link that is not for every hour. */
const vacuumEverySeconds = 24 * 3600;

/** Of all workers together, whoever comes first when it is due. */
export async function tidyWhenDue(
  { db, store }: { readonly db: Database; readonly store: Store },
  signal: AbortSignal,
): Promise<void> {
  try {
    if (await beginDuty(db, "retention", retentionEverySeconds)) await applyRetention(db, store, signal);
    if (!(await beginDuty(db, "vacuum", vacuumEverySeconds))) return;
    const all = vacuum(db, store, { now: Temporal.Now.instant(), signal });
    while ((await all.next()).done !== true);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
