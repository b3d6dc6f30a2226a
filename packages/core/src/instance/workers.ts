import type { Queryable, Tx } from "./database.ts";

/** First key of every worker's advisory lock; the second is the worker's own. */
const workerLockClass = 0x1b0c0;

/** How a worker's own session is known in pg_stat_activity. */
export const workerSessionName = (id: string): string => `iroko worker ${id}`;

export interface NewWorker {
  readonly id: string;
  readonly location: string;
  readonly ttlSeconds: number;
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  /** Where its process id means something, and when the process was started; absent where the system does not tell. */
  readonly identity?: { readonly space: string; readonly started: number } | undefined;
  readonly slots: number;
  /** Hash of the snapshot of its definitions. */
  readonly snapshot: string;
  readonly definitionHashes: readonly string[];
}

/** Takes a lock for the worker's session and writes its row, in that session. */
export async function registerWorker(session: Queryable, worker: NewWorker, lockKey: number): Promise<void> {
  await session.query("select pg_advisory_lock($1, $2)", [workerLockClass, lockKey]);
  await session.query(
    `insert into iroko.worker (id, location, lock_key, backend_pid, postmaster_started, ttl_seconds, host, pid, boot_id, slots, definition_hashes, pid_space, pid_started, snapshot)
     values ($1, $2, $3, pg_backend_pid(), pg_postmaster_start_time(), $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      worker.id,
      worker.location,
      lockKey,
      worker.ttlSeconds,
      worker.host,
      worker.pid,
      worker.bootId,
      worker.slots,
      worker.definitionHashes,
      worker.identity?.space ?? null,
      worker.identity?.started ?? null,
      worker.snapshot,
    ],
  );
}

/**
 * The same in a session after the first; false when the row is gone: others have declared this worker dead. A lock of its
 * own for each session: the server may not have noticed yet that the old one is gone.
 */
export async function resumeWorker(session: Queryable, worker: string, lockKey: number): Promise<boolean> {
  await session.query("select pg_advisory_lock($1, $2)", [workerLockClass, lockKey]);
  const { rowCount } = await session.query(
    `update iroko.worker set lock_key = $2, backend_pid = pg_backend_pid(), postmaster_started = pg_postmaster_start_time(), beat = beat + 1
      where id = $1`,
    [worker, lockKey],
  );
  return rowCount === 1;
}

/** How a worker finds itself, as of a beat; nothing is decided by it. */
export interface Vitals {
  /** Of its machine's clock. */
  readonly clock: Temporal.Instant;
  /** To Postgres. */
  readonly roundTripMs: number;
  readonly jitterMs: number;
  /** The longest that its own work had to wait lately. */
  readonly loopDelayMs: number;
  /** Why its steps' memory is watched by itself; empty: the kernel holds them to it, by control groups. */
  readonly bounds: string;
}

/** One beat; undefined when the row is gone: others have declared this worker dead. Answers how much its clock is ahead. */
export async function beat(session: Queryable, worker: string, vitals: Vitals): Promise<number | undefined> {
  const { rows } = await session.query<{ ahead: number }>(
    `update iroko.worker set beat = beat + 1, clock_ahead = extract(epoch from $2::timestamptz - clock_timestamp()),
            round_trip_ms = $3, jitter_ms = $4, loop_delay_ms = $5, bounds = $6 where id = $1 returning clock_ahead as ahead`,
    [worker, vitals.clock.toString(), vitals.roundTripMs, vitals.jitterMs, vitals.loopDelayMs, vitals.bounds],
  );
  return rows[0]?.ahead;
}

export async function setQueueIds(db: Queryable, worker: string, queueIds: readonly string[]): Promise<void> {
  await db.query("update iroko.worker set queue_ids = $2 where id = $1", [worker, queueIds]);
}

export async function setDraining(db: Queryable, worker: string): Promise<void> {
  await db.query("update iroko.worker set draining = true where id = $1", [worker]);
}

/**
 * Whether a worker's code is that which was deployed last; if it is not, the definitions that live workers have which have
 * that: null where there are none.
 */
export async function codeOfOthers(
  db: Queryable,
  worker: string,
): Promise<{ readonly isCurrent: boolean; readonly others: readonly string[] | null }> {
  const { rows } = await db.query<{ isCurrent: boolean; others: readonly string[] | null }>(
    `select l.hash = w.snapshot as "isCurrent",
            case when l.hash <> w.snapshot then (
              select array_agg(distinct hash) from iroko.worker n cross join unnest(n.definition_hashes) as hash
               where n.location = w.location and n.snapshot = l.hash and not n.draining) end as others
       from iroko.worker w join iroko.location l on l.name = w.location and l.current where w.id = $1`,
    [worker],
  );
  return rows[0] ?? { isCurrent: false, others: null };
}

/** Whether a run that has not ended has, or may yet get, steps of some of these definitions. */
export async function isCodeWanted(db: Queryable, location: string, hashes: readonly string[]): Promise<boolean> {
  const { rows } = await db.query<{ wanted: boolean }>(
    `select exists (
       select from iroko.run r where r.location = $1 and r.status in ('queued', 'running')
          and (r.expanded < r.planned and r.snapshot_version <> (select version from iroko.location where name = $1 and current)
               or exists (select from iroko.step s where s.run = r.id and s.status in ('blocked', 'ready', 'running')
                             and s.definition_hash = any ($2)))) as wanted`,
    [location, hashes],
  );
  return rows[0]?.wanted ?? false;
}

/** Removes workers that have not beaten since they were looked at; returns those that are gone. */
export async function removeWorkers(
  tx: Tx,
  workers: readonly { readonly id: string; readonly beat?: number }[],
): Promise<readonly { readonly id: string; readonly queueIds: readonly string[] }[]> {
  const { rows } = await tx.query<{ id: string; queueIds: readonly string[] }>(
    `delete from iroko.worker w using unnest($1::uuid[], $2::bigint[]) as dead (id, beat)
      where w.id = dead.id and w.beat = coalesce(dead.beat, w.beat) returning w.id, w.queue_ids as "queueIds"`,
    [workers.map(({ id }) => id), workers.map(({ beat }) => beat ?? null)],
  );
  return rows;
}

export interface WorkerRow {
  readonly id: string;
  readonly location: string;
  readonly beat: number;
  readonly ttlSeconds: number;
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  readonly slots: number;
  readonly draining: boolean;
  /** Hash of the snapshot of its definitions. */
  readonly snapshot: string;
  readonly queueIds: readonly string[];
  readonly startedAt: Temporal.Instant;
  readonly running: number;
  /** Seconds that its clock is ahead of Postgres', as of its last beat; null before the first. */
  readonly clockAhead: number | null;
  readonly roundTripMs: number | null;
  readonly jitterMs: number | null;
  readonly loopDelayMs: number | null;
  readonly bounds: string | null;
  readonly identity: { readonly space: string; readonly started: number } | null;
  /** Its session's lock is gone, and no backend of it is left: it was killed, or has not come back since Postgres restarted. */
  readonly sessionGone: boolean;
  /** The same though Postgres has not restarted since: it was killed. */
  readonly lockGone: boolean;
  /** Postgres has restarted since the worker's session began. */
  readonly postgresRestarted: boolean;
}

export async function listWorkers(db: Queryable): Promise<readonly WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(
    `select w.id, w.location, w.beat, w.ttl_seconds as "ttlSeconds", w.host, w.pid, w.boot_id as "bootId", w.slots, w.draining, w.snapshot,
            w.queue_ids as "queueIds", w.started_at as "startedAt",
            w.clock_ahead as "clockAhead", w.round_trip_ms as "roundTripMs", w.jitter_ms as "jitterMs", w.loop_delay_ms as "loopDelayMs", w.bounds,
            (select count(*) from iroko.step s where s.worker = w.id and s.status = 'running') as running,
            case when w.pid_space is not null then json_build_object('space', w.pid_space, 'started', w.pid_started) end as identity,
            session.gone as "sessionGone", session.gone and w.postmaster_started = pg_postmaster_start_time() as "lockGone",
            w.postmaster_started <> pg_postmaster_start_time() as "postgresRestarted"
       from iroko.worker w
      cross join lateral (
            select not exists (select from pg_locks l where l.locktype = 'advisory' and l.classid::bigint = $1 and l.objid::bigint = w.lock_key
                                 and l.objsubid = 2 and l.granted and l.database = (select oid from pg_database where datname = current_database()))
               and not exists (select from pg_stat_activity a where a.application_name = 'iroko worker ' || w.id) as gone offset 0) session
      order by w.started_at, w.id`,
    [workerLockClass],
  );
  return rows;
}

/** At most one sweeper at a time; nobody waits for it. */
export async function tryDuty(tx: Tx, duty: "sweep" | "reconcile"): Promise<boolean> {
  const { rows } = await tx.query<{ mine: boolean }>(
    "select pg_try_advisory_xact_lock(hashtext('iroko.duty'), hashtext($1)) as mine",
    [duty],
  );
  return rows[0]?.mine ?? false;
}
