/**
 * The queue behind an interface of one verb. A wake-up only says "look now"; losing all of them loses nothing, since the
 * reconciler derives them again. Unkeyed: keyed ones get lost while the same key is being fetched.
 */
import type { Queryable } from "./database.ts";

export interface WakeUp {
  /** `step:<location>`, `skip`, `publish`. */
  readonly task: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly at?: Temporal.Instant;
  /** Higher first, as everywhere with us; graphile-worker's is the other way round. */
  readonly priority?: number;
}

export const stepTask = (location: string): string => `step:${location}`;

/** Adds them in one statement, in the caller's transaction: the last thing it does. */
export async function addWakeUps(db: Queryable, wakeUps: readonly WakeUp[]): Promise<void> {
  if (wakeUps.length === 0) return;
  await db.query(
    `select graphile_worker.add_jobs(array(
       select row(task, payload, null, run_at, null, null, -priority, null)::graphile_worker.job_spec
         from json_to_recordset($1) as wake_up (task text, payload json, run_at timestamptz, priority smallint)))`,
    [
      JSON.stringify(
        wakeUps.map(({ task, payload, at, priority }) => ({
          task,
          payload,
          run_at: at?.toString() ?? null,
          priority: priority ?? 0,
        })),
      ),
    ],
  );
}

/** Frees what graphile-worker still holds for processes that are gone; it would do so itself after four hours. */
export async function freeQueueLocks(db: Queryable, queueIds: readonly string[]): Promise<void> {
  if (queueIds.length > 0) await db.query("select graphile_worker.force_unlock_workers($1::text[])", [queueIds]);
}
