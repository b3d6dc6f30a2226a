/**
 * The queue behind an interface of few verbs. A wake-up only says "look now" to a slot of a worker; which step that slot
 * takes, the step table says. Losing all of them loses nothing, since the reconciler derives them again. Unkeyed: keyed
 * ones get lost while the same key is being fetched.
 */
import type { Queryable, Tx } from "./database.ts";

export const stepTask = (location: string): string => `step:${location}`;

export interface StepWakeUp {
  readonly step: number;
  /** Not before; null: now. */
  readonly at: Temporal.Instant | null;
}

/** Gives admitted steps a wake-up each, higher priorities first; whose row another transaction holds gets none. */
export async function wakeSteps(tx: Tx, wakeUps: readonly StepWakeUp[]): Promise<void> {
  if (wakeUps.length === 0) return;
  await tx.query(
    `with due as (
       select s.*, w.at, row_number() over (order by s.priority desc, s.id) as place
         from unnest($1::bigint[], $2::timestamptz[]) as w (step, at)
        cross join lateral (
              select id, location, priority from iroko.step where id = w.step and status = 'ready' and admitted for update skip locked) s),
     woken as (
       select id, row_number() over (order by id) as place
         from graphile_worker.add_jobs(array(
                select row('step:' || location, '{}', null, at, null, null, -priority, null)::graphile_worker.job_spec
                  from due order by place)))
     update iroko.step s set wake_up = woken.id from due join woken using (place) where s.id = due.id`,
    [wakeUps.map(({ step }) => step), wakeUps.map(({ at }) => at?.toString() ?? null)],
  );
}

/** Takes wake-ups out of the queue whose steps need none any more; those that a process has fetched are left to it. */
export async function dropWakeUps(tx: Tx, jobs: readonly number[]): Promise<void> {
  if (jobs.length > 0) await tx.query("select from graphile_worker.complete_jobs($1::bigint[])", [jobs]);
}

/** Steps that wait get other wake-ups than those that have just been spent. */
export async function replaceWakeUps(tx: Tx, spent: readonly number[], others: readonly number[]): Promise<void> {
  if (spent.length === 0) return;
  await tx.query(
    `with wanting as (
       select s.id, w.other from unnest($1::bigint[], $2::bigint[]) as w (spent, other)
        cross join lateral (select id from iroko.step where wake_up = w.spent and admitted and status = 'ready' for update skip locked) s)
     update iroko.step s set wake_up = wanting.other from wanting where s.id = wanting.id`,
    [spent, others],
  );
}

/** What can no longer run in a run is to be skipped, batch by batch. */
export async function wakeSkipping(tx: Tx, run: string): Promise<void> {
  await tx.query("select from graphile_worker.add_job('skip', json_build_object('run', $1::text))", [run]);
}

/** The rest of a run's plan is to be inserted. */
export async function wakeExpanding(tx: Tx, run: string): Promise<void> {
  await tx.query("select from graphile_worker.add_job('expand', json_build_object('run', $1::text))", [run]);
}

/** Frees what graphile-worker still holds for processes that are gone; it would do so itself after four hours. */
export async function freeQueueLocks(db: Queryable, queueIds: readonly string[]): Promise<void> {
  if (queueIds.length > 0) await db.query("select graphile_worker.force_unlock_workers($1::text[])", [queueIds]);
}
