/** What a worker does rarely: purged data leaves its machine, retention and old events every hour, a look over the whole store once a day. */
import { beginDuty } from "../instance/garbage.ts";
import type { Database } from "../instance/database.ts";
import { forgetPurged } from "../instance/purge.ts";
import { defaultEventDays, forgetEvents } from "./forget-events.ts";
import type { ObjectCache } from "./object-cache.ts";
import { patrol } from "./patrol.ts";
import { deletePurged, dropPurged } from "./purge.ts";
import { applyRetention } from "./retention.ts";
import type { Store } from "./store.ts";
import { vacuum } from "./vacuum.ts";

const retentionEverySeconds = 3600;
/** A listing costs a request for a thousand objects: over a narrow link that is not for every hour. */
const vacuumEverySeconds = 24 * 3600;
/** A machine that was off for longer keeps what it has in its cache. */
const purgesRememberedDays = 400;

export interface TidyContext {
  readonly db: Database;
  readonly store: Store;
  readonly cache: ObjectCache;
  /** How long events are kept: 180. */
  readonly eventDays?: number | undefined;
}

/** The duties of one machine, and of all workers together those that are due, by whoever comes first. */
export function tidier({
  db,
  store,
  cache,
  eventDays = defaultEventDays,
}: TidyContext): (signal: AbortSignal) => Promise<void> {
  /** What was purged while nobody was here comes first; later the last hour, since a purge may be slow to commit. */
  let hours: number | undefined;
  return async (signal) => {
    try {
      // Asks nothing of the store, which may be away.
      if (await beginDuty(db, "events", retentionEverySeconds)) await forgetEvents(db, eventDays, signal);
      await dropPurged(db, store, cache, hours);
      hours = 1;
      if (await beginDuty(db, "retention", retentionEverySeconds)) {
        await deletePurged(db, store, signal);
        await forgetPurged(db, purgesRememberedDays);
        await applyRetention(db, store, signal);
      }
      await patrol(db, store, signal);
      if (!(await beginDuty(db, "vacuum", vacuumEverySeconds))) return;
      const all = vacuum(db, store, { now: Temporal.Now.instant(), signal });
      while ((await all.next()).done !== true);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
}
