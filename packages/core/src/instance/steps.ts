import type { ErrorRecord } from "../errors.ts";
import type { Json } from "../definitions/metadata.ts";
import { suspectFrom, weights, type Death } from "../planning/parking.ts";
import { jsonText, type SetColumns } from "./columns.ts";
import { sent, type Queryable, type Tx } from "./database.ts";
import type { StepWakeUp } from "./wake-ups.ts";

export type StepStatus = "blocked" | "ready" | "running" | "succeeded" | "failed" | "skipped" | "canceled";
export type StepKind = "materialize" | "check" | "observe" | "gate";

/** What names one claim of a step: every effect of the claim is refused unless all three still match. */
export interface Claim {
  readonly step: number;
  readonly epoch: number;
  readonly worker: string;
}

/** A ready step as its claim finds it. */
export interface ClaimableStep<Inputs = unknown> extends SetColumns {
  readonly step: number;
  readonly run: string;
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
  readonly location: string;
  readonly pools: readonly string[];
  readonly lostAttempts: number;
  readonly inputs: Inputs | null;
  readonly onlyIfChanged: boolean;
  readonly retryDelay: number | null;
  readonly readyAt: Temporal.Instant;
  /** It has stood behind another step that made its partition. */
  readonly waited: boolean;
  readonly deaths: readonly Death[];
  /** It is to run alone on a worker. */
  readonly isSuspect: boolean;
  /** The queue job that stands for it. */
  readonly wakeUp: number | null;
  readonly config: Readonly<Record<string, Json>>;
  /** The clock that the run was planned with. */
  readonly asOf: Temporal.Instant;
  readonly keysRevision: number;
  /** "queued" at its first claim. */
  readonly runStatus: string;
}

/** What a claim adds to a step. */
export interface StartedStep extends Claim {
  /** Claims so far, this one included; the retry policy does not count those that were lost with their worker. */
  readonly attempt: number;
  readonly writeSeq: number;
}

export interface ClaimedStep<Inputs = unknown> extends ClaimableStep<Inputs>, StartedStep {}

/** So long after it may go on, a step is left to the machine that has built files of it. */
const leftToBuilderSeconds = 15;

/**
 * Locks a location's best admitted steps that a live worker has the code of: by priority, then in the order in which they
 * were admitted. A suspect is for a worker that holds nothing, and keeps it for itself; one that has waited for a minute lets none be busy again before it. What others have locked is left to them. The worker's row is locked against its removal: who buries the
 * worker sees these claims. A step that was put off is left for a while to the machine that has built files of it: there it is
 * uploaded, here it would be computed.
 */
export async function lockClaimable<Inputs>(
  tx: Tx,
  by: {
    readonly worker: string;
    readonly location: string;
    readonly definitionHashes: readonly string[];
    readonly machine?: string;
  },
  except: readonly number[],
  limit: number,
): Promise<readonly ClaimableStep<Inputs>[]> {
  const { rows } = await tx.query<ClaimableStep<Inputs>>(
    `select s.id as step, s.run, s.n, s.kind, s.name, s.assets, s.location, s.windows, s.keys, s.boxes, s.pools,
            s.lost_attempts as "lostAttempts", s.inputs, s.only_if_changed as "onlyIfChanged", s.retry_delay as "retryDelay",
            s.ready_at as "readyAt", s.waited, s.deaths, s.suspect_since is not null as "isSuspect", s.wake_up as "wakeUp", r.config, r.as_of as "asOf",
            r.keys_revision as "keysRevision", r.status as "runStatus"
       from (select from iroko.worker where id = $1 and not draining for key share) alive,
            (select count(*) as steps, count(*) filter (where suspect_since is not null) as suspects,
                    exists (select from iroko.step w where w.location = $2 and w.status = 'ready' and w.admitted
                               and w.suspect_since < clock_timestamp() - interval '60 seconds') as overdue
               from iroko.step where worker = $1 and status = 'running') held,
            iroko.step s join iroko.run r on r.id = s.run
      where s.location = $2 and s.status = 'ready' and s.admitted and s.behind is null
        and (s.deferred_until is null or s.deferred_until <= clock_timestamp())
        and s.definition_hash = any ($3) and r.cancel_requested_at is null and s.id <> all ($4::bigint[])
        and held.suspects = 0 and (held.steps = 0 or (s.suspect_since is null and not held.overdue))
        and (s.deferred_until is null or s.deferred_until <= clock_timestamp() - make_interval(secs => $7)
             or not exists (select from iroko.built b where b.step = s.id and b.machine <> $6))
      order by s.suspect_since is null, s.priority desc, s.wake_up nulls first, s.id limit $5 for update of s skip locked`,
    [by.worker, by.location, by.definitionHashes, except, limit, by.machine ?? null, leftToBuilderSeconds],
  );
  return rows;
}

/**
 * Starts locked steps. The epoch is the fencing token. Inputs are kept as the first claim pins them: every retry reads the
 * same. `writeSeq` orders this claim among all that make the same partition; it is as old as the pinned inputs, so that a
 * retry never puts what it reads from old inputs over what another run has made from newer ones.
 */
export async function startSteps(
  tx: Tx,
  worker: string,
  steps: readonly { readonly step: number; readonly inputs: unknown }[],
): Promise<readonly StartedStep[]> {
  const { rows } = await tx.query<StartedStep>(
    `update iroko.step s
        set status = 'running', worker = $1, epoch = s.epoch + 1, attempt = s.attempt + 1, inputs = coalesce(s.inputs, c.inputs),
            write_seq = case when s.inputs is not null and s.write_seq is not null then s.write_seq else nextval('iroko.write_seq') end,
            started_at = clock_timestamp(), deferred_until = null, error = null, deferred_reason = null, wake_up = null
       from json_to_recordset($3) as c (step bigint, inputs jsonb)
      where s.id = any ($2::bigint[]) and s.id = c.step
     returning s.id as step, s.epoch, s.worker, s.attempt, s.write_seq as "writeSeq"`,
    [worker, steps.map(({ step }) => step), jsonText(steps)],
  );
  return rows;
}

/** The step's row, locked, if the claim still holds; every transaction of a claim begins so. */
export async function fence(tx: Tx, claim: Claim): Promise<boolean> {
  const { rowCount } = await tx.query(
    "select from iroko.step where id = $1 and epoch = $2 and worker = $3 and status = 'running' for update",
    [claim.step, claim.epoch, claim.worker],
  );
  return rowCount === 1;
}

export interface StepEnd {
  readonly status: "succeeded" | "failed" | "canceled";
  readonly outcome?: "made" | "joined" | "superseded" | "unchanged";
  readonly error?: ErrorRecord;
}

/** Ends running steps whose claims still hold, each by itself; returns which those are. */
export async function endSteps(
  tx: Tx,
  ends: readonly (Claim & { readonly end: StepEnd })[],
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number }>(
    `with locked as (select id from iroko.step where id = any ($1::bigint[]) order by id for update)
     update iroko.step s
        set status = e.status, outcome = e.outcome, error = e.error, worker = null, admitted = false, ended_at = clock_timestamp()
       from locked, json_to_recordset($2) as e (step bigint, epoch integer, worker uuid, status text, outcome text, error jsonb)
      where s.id = locked.id and s.id = any ($1::bigint[]) and e.step = s.id
        and s.epoch = e.epoch and s.worker = e.worker and s.status = 'running'
     returning s.id`,
    [
      ends.map(({ step }) => step),
      jsonText(ends.map(({ step, epoch, worker, end }) => ({ step, epoch, worker, ...end }))),
    ],
  );
  return rows.map(({ id }) => id);
}

/** Claims with later inputs had committed all that these steps made. */
export async function markSuperseded(tx: Tx, steps: readonly number[]): Promise<void> {
  if (steps.length > 0)
    await tx.query("update iroko.step set outcome = 'superseded' where id = any ($1::bigint[])", [steps]);
}

export interface StepRetry {
  readonly delaySeconds: number;
  readonly reason: string;
  readonly error: ErrorRecord;
  /** Whether the attempt counts against the retry policy; one that was only put off does not. */
  readonly counts: boolean;
  /** How its child ended under it, if that is what happened. */
  readonly death?: Death;
}

/**
 * Gives a running step back to be tried again; it keeps its place among the admitted. Returns when, by the database's
 * clock, and when the attempt had begun; undefined if the claim no longer holds.
 */
export async function retryStep(
  tx: Tx,
  claim: Claim,
  retry: StepRetry,
): Promise<{ readonly at: Temporal.Instant; readonly startedAt: Temporal.Instant | null } | undefined> {
  const { rows } = await tx.query<{ at: Temporal.Instant; startedAt: Temporal.Instant | null }>(
    `update iroko.step set status = 'ready', worker = null, deferred_until = clock_timestamp() + make_interval(secs => $4),
            deferred_reason = $5, retry_delay = $4, error = $6, lost_attempts = lost_attempts + $7, deaths = deaths || $8::jsonb
      where id = $1 and epoch = $2 and worker = $3 and status = 'running' returning deferred_until as at, started_at as "startedAt"`,
    [
      claim.step,
      claim.epoch,
      claim.worker,
      retry.delaySeconds,
      retry.reason,
      jsonText(retry.error),
      retry.counts ? 0 : 1,
      jsonText(retry.death === undefined ? [] : [retry.death]),
    ],
  );
  return rows[0];
}

/**
 * Puts a step behind the running one that holds its partition; it is admitted again when that one ends. False when the
 * holder has ended already.
 */
export async function putBehind(db: Queryable, step: number, holder: number): Promise<boolean> {
  const { rows } = await db.query<{ running: boolean }>(
    `with holder as (select id from iroko.step where id = $2 and status = 'running' for share),
     behind as (
       update iroko.step s
          set behind = (select id from holder), waited = true, admitted = not exists (select from holder),
              deferred_reason = case when exists (select from holder) then 'another run is making its partition' end
        where s.id = $1 and s.status = 'ready')
     select exists (select from holder) as running`,
    [step, holder],
  );
  return rows[0]?.running ?? false;
}

/** Pools of these steps are full: they wait to be admitted once more, which whoever leaves a pool sees to. */
export async function withdrawSteps(tx: Tx, steps: readonly number[]): Promise<void> {
  await tx.query("update iroko.step set admitted = false where id = any ($1::bigint[]) and status = 'ready'", [steps]);
}

/** Lets those go on that stood behind these steps. */
export async function releaseBehind(tx: Tx, steps: readonly number[]): Promise<void> {
  await tx.query(
    `with freed as (select id from iroko.step where behind = any ($1::bigint[]) order by id for update)
     update iroko.step s set behind = null, deferred_reason = null from freed where s.id = freed.id`,
    [steps],
  );
}

/** A step that has ended; `well` releases those that need it, anything else only those that wait for its end. */
export interface EndedStep {
  readonly run: string;
  readonly n: number;
  readonly well: boolean;
}

/**
 * Takes arrows off: each of the given steps has ended. Gates that wait for nothing more end with it, and the arrows behind
 * them; returns these gates. Locks by (run, number), which is the order of ids within a run.
 */
export async function releaseDependants(tx: Tx, ended: readonly EndedStep[]): Promise<readonly EndedStep[]> {
  const gates: EndedStep[] = [];
  for (let sources = ended; sources.length > 0;) {
    const { rows } = await tx.query<EndedStep & { gate: boolean }>(
      `with arrow as (
         select e.run, a.downstream, count(*)::integer as arrows
           from unnest($1::uuid[], $2::integer[], $3::boolean[]) as e (run, n, well)
          cross join lateral (select downstream, weak from iroko.step_edge where run = e.run and upstream = e.n offset 0) a
          where a.weak or e.well group by e.run, a.downstream),
       -- One by one, by number: however little Postgres knows yet of a growing table, it never reads the whole run for this.
       locked as materialized (
         select s.id, arrow.arrows from (select * from arrow order by run, downstream) arrow
          cross join lateral (
                select id from iroko.step where run = arrow.run and n = arrow.downstream and status = 'blocked' for update) s)
       update iroko.step s
          set waiting_on = s.waiting_on - locked.arrows,
              status = case when s.waiting_on > locked.arrows then 'blocked' when s.kind = 'gate' then 'succeeded' else 'ready' end,
              ready_at = case when s.waiting_on = locked.arrows then clock_timestamp() end,
              ended_at = case when s.waiting_on = locked.arrows and s.kind = 'gate' then clock_timestamp() end
         from locked where s.id = locked.id and s.id = any (array(select id from locked))
       returning s.run, s.n, true as well, (s.kind = 'gate' and s.status = 'succeeded') as gate`,
      [sources.map(({ run }) => run), sources.map(({ n }) => n), sources.map(({ well }) => well)],
    );
    sources = rows.filter(({ gate }) => gate);
    gates.push(...sources);
  }
  return gates;
}

/** Blocked steps that one transaction skips at most; a duty goes on with the rest. */
export const skipBatch = 2_000;

/**
 * Skips what can no longer run: blocked steps that need one that failed, was skipped or canceled, however far below; at
 * most a batch. Returns their numbers; fewer than the batch: that was all.
 *
 * @param below only what is below these; else whatever the run has
 */
export async function skipUnreachable(
  tx: Tx,
  run: string,
  batch: number,
  below?: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ n: number }>(
    `with recursive doomed as (
       select e.downstream as n, u.name || ' ' || u.status as reason
         from iroko.step u join iroko.step_edge e on e.run = u.run and e.upstream = u.n
        where u.run = $1 and u.status in ('failed', 'skipped', 'canceled') and not e.weak
          and ($3::integer[] is null or u.n = any ($3))
       union
       select e.downstream, d.reason from doomed d join iroko.step_edge e on e.run = $1 and e.upstream = d.n and not e.weak),
     locked as (
       select s.id, (select min(reason) from doomed where doomed.n = s.n) as reason
         from iroko.step s where s.run = $1 and s.status = 'blocked' and s.n in (select n from doomed)
        order by s.id limit $2 for update)
     update iroko.step s set status = 'skipped', ended_at = clock_timestamp(), deferred_reason = locked.reason
       from locked where s.id = locked.id returning s.n`,
    [run, batch, below ?? null],
  );
  return rows.map((row) => row.n);
}

/** Skips blocked steps by number: an optional output they read was not given. Returns those it has skipped. */
export async function skipSteps(
  tx: Tx,
  run: string,
  numbers: readonly number[],
  reason: string,
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ n: number }>(
    `with locked as (select id from iroko.step where run = $1 and n = any ($2) and status = 'blocked' order by id for update)
     update iroko.step s set status = 'skipped', ended_at = clock_timestamp(), deferred_reason = $3
       from locked where s.id = locked.id returning s.n`,
    [run, numbers, reason],
  );
  return rows.map((row) => row.n);
}

/** Strong dependants of a step, directly or behind a gate: number, what they run, and of which partitions. */
export async function dependantsOf(
  tx: Tx,
  run: string,
  n: number,
): Promise<readonly (SetColumns & { readonly n: number; readonly kind: StepKind; readonly name: string })[]> {
  const { rows } = await tx.query<SetColumns & { n: number; kind: StepKind; name: string }>(
    `with direct as (
       select s.* from iroko.step_edge e join iroko.step s on s.run = e.run and s.n = e.downstream
        where e.run = $1 and e.upstream = $2 and not e.weak),
     dependant as (
       select * from direct where kind <> 'gate'
       union all
       select s.* from direct join iroko.step_edge e on e.run = $1 and e.upstream = direct.n and not e.weak
         join iroko.step s on s.run = $1 and s.n = e.downstream where direct.kind = 'gate')
     select n, kind, name, windows::text as windows, keys, boxes from dependant`,
    [run, n],
  );
  return rows;
}

/** Waiting steps that one transaction cancels at most: what ends meanwhile waits for their locks. */
const cancelBatch = 5_000;

export interface CanceledSteps {
  readonly canceled: number;
  /** The number to go on after; absent where that was all. */
  readonly last?: number;
}

/** Ends what has not begun of a run that is to be canceled, from after a step's number on; at most a batch. */
export async function cancelWaiting(tx: Tx, run: string, after: number = -1): Promise<CanceledSteps> {
  const { rows } = await tx.query<{ canceled: number; last: number | null }>(
    `with locked as materialized (
       select s.id from iroko.step s join iroko.run r on r.id = s.run and r.cancel_requested_at is not null
        where s.run = $1 and s.n > $2 and s.status in ('blocked', 'ready') order by s.n limit $3 for update of s),
     ended as (
       update iroko.step s set status = 'canceled', admitted = false, behind = null, ended_at = clock_timestamp()
        where s.id = any (array(select id from locked)) returning s.n)
     select count(*)::integer as canceled, max(n) as last from ended`,
    [run, after, cancelBatch],
  );
  const { canceled = 0, last = null } = rows[0] ?? {};
  return { canceled, ...(last !== null && canceled === cancelBatch && { last }) };
}

/** Runs that are to be canceled and still have steps that have not begun: given back meanwhile, or by a lost worker. */
export async function runsToCancel(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select r.id from iroko.run r where r.status in ('queued', 'running') and r.cancel_requested_at is not null
        and exists (select from iroko.step s where s.run = r.id and s.status in ('blocked', 'ready'))`,
  );
  return rows.map((row) => row.id);
}

/** What the tables say that a worker runs. */
export async function stepsOfWorker(
  db: Queryable,
  worker: string,
): Promise<readonly (Claim & { readonly canceled: boolean })[]> {
  const { rows } = await db.query<Claim & { canceled: boolean }>(
    `select s.id as step, s.epoch, s.worker, r.cancel_requested_at is not null as canceled
       from iroko.step s join iroko.run r on r.id = s.run where s.worker = $1 and s.status = 'running'`,
    [worker],
  );
  return rows;
}

/**
 * Fills the location's window with the best ready steps and wakes them: by priority, then turn by turn over the runs,
 * then in order. Only admitted steps have wake-ups, so that a long backfill does not stand in front of tonight's three:
 * what waits with a lower priority takes no room from a higher one. Filled up once half of it is free; returns how many
 * got in. The last thing a transaction does.
 */
export async function admitSteps(tx: Tx, location: string, perSlot: number): Promise<number> {
  // Of 100,000 steps that wait, Postgres is to read the first few by their index, whatever it believes of their number: with
  // what it knows of a run that has just come, it would rather read and sort them all.
  sent(
    tx.query(
      "select set_config(name, 'off', true) from unnest(array['enable_sort', 'enable_incremental_sort', 'enable_bitmapscan', 'enable_seqscan']) as name",
      [], // prepared, like all that is sent for every step
    ),
  );
  const { rows } = await tx.query<{ admitted: number }>(
    `with recursive code as (
       select coalesce(sum(slots), 0) * $2 as size, array(
                select distinct unnest(definition_hashes) from iroko.worker where location = $1 and not draining) as hashes
         from iroko.worker where location = $1 and not draining),
     waiting as materialized (
       select priority, count(*) as steps from iroko.step
        where location = $1 and status = 'ready' and admitted and (deferred_until is null or deferred_until <= clock_timestamp())
        group by priority),
     live as (
       select r.id, (select count(*) from iroko.step a where a.location = $1 and a.run = r.id and a.admitted) as admitted
         from iroko.run r, code where r.status in ('queued', 'running') and r.location = $1 and r.cancel_requested_at is null
          and 2 * coalesce((select sum(steps) from waiting w where w.priority >= r.priority), 0) <= code.size),
     pool_room as (
       select p.name, p.slots - (select count(*) from iroko.step o where p.name = any (o.pools) and o.admitted
                                     and (o.deferred_until is null or o.deferred_until <= clock_timestamp())) as free
         from iroko.pool p where exists (select from live)),
     -- Which pools a run's steps name, one step read for each: however many wait for a full pool, none of them is looked at.
     naming as (
       select live.id as run, live.admitted, first.pools from live cross join lateral (
              select s.pools from iroko.step s where s.run = live.id and s.status = 'ready' and not s.admitted order by s.pools limit 1) first
       union all
       select naming.run, naming.admitted, next.pools from naming cross join lateral (
              select s.pools from iroko.step s where s.run = naming.run and s.status = 'ready' and not s.admitted and s.pools > naming.pools
               order by s.pools limit 1) next),
     candidate as (
       select c.id, c.priority, c.pools, row_number() over (order by c.priority desc, c.admitted + c.place, c.id) as rank
         from (select s.*, naming.admitted, row_number() over (partition by naming.run order by s.id) as place
                 from code, naming cross join lateral (
                      select coalesce(min(free), code.size) as free from pool_room where name = any (naming.pools)) room
                cross join lateral (
                      -- The order is its index's own: by ids alone, Postgres might read every step that there is.
                      select s.id, s.priority, s.pools from iroko.step s
                       where (s.run, s.pools) >= (naming.run, naming.pools) and (s.run, s.pools) <= (naming.run, naming.pools)
                         and s.status = 'ready' and not s.admitted and s.behind is null and s.definition_hash = any (code.hashes)
                       order by s.run, s.pools, s.id limit greatest(0, least(room.free, code.size))) s) c),
     -- Of each of its pools' free slots, one; counted as if all before it got in.
     fitting as (
       select id, priority, row_number() over (order by rank) as rank from candidate
        where not exists (
          select from unnest(candidate.pools) as pool (name) join pool_room using (name)
           where pool_room.free < (select count(*) from candidate other where other.rank <= candidate.rank and pool.name = any (other.pools)))),
     best as (
       select fitting.id, fitting.rank from fitting, code
        where fitting.rank + coalesce((select sum(steps) from waiting w where w.priority >= fitting.priority), 0) <= code.size),
     locked as (
       select id, priority, row_number() over (order by priority desc, rank) as place
         from (select s.id, s.priority, best.rank from best
                cross join lateral (
                      select id, priority from iroko.step where id = best.id and status = 'ready' and not admitted
                         for update skip locked) s) s),
     woken as (
       select id, row_number() over (order by id) as place
         from (select array_agg(row('step:' || $1, '{}', null, null, null, null, -priority, null)::graphile_worker.job_spec order by place) as jobs
                 from locked having count(*) > 0) spec
        cross join lateral graphile_worker.add_jobs(spec.jobs)),
     admitted as (
       update iroko.step s set admitted = true, wake_up = woken.id from locked join woken using (place)
        where s.id = locked.id and s.id = any (array(select id from locked)) returning s.id)
     select count(*)::integer as admitted from admitted`,
    [location, perSlot],
  );
  return rows[0]?.admitted ?? 0;
}

export interface StepGivenBack {
  readonly id: number;
  readonly run: string;
  readonly n: number;
  readonly location: string;
  readonly priority: number;
  readonly attempt: number;
  /** When that attempt had begun. */
  readonly startedAt: Temporal.Instant | null;
  /** Of its worker; absent where it lives and gives the step back. */
  readonly death: Death | null;
  /** Its run is to be canceled: it will not run again. */
  readonly canceled: boolean;
}

/** How a worker ended, for the steps it ran. */
export type WorkerDeath = Pick<Death, "cause" | "unexplained" | "oomKills" | "host"> & { readonly worker: string };

/**
 * Takes running steps back whose worker is gone, and those given (their worker knows nothing of them): epoch up, ready
 * again, nothing counted against them; their partitions are free, and who stood behind them goes on.
 */
export async function takeBackSteps(
  tx: Tx,
  forgotten: readonly Claim[],
  because: string,
  deaths: readonly WorkerDeath[] = [],
): Promise<readonly StepGivenBack[]> {
  const { rows } = await tx.query<StepGivenBack>(
    `with locked as (
       select id, worker as before from iroko.step s where status = 'running'
          and (not exists (select from iroko.worker w where w.id = s.worker)
               or (id, epoch) in (select * from unnest($1::bigint[], $2::integer[])))
        order by id for update),
     killed as materialized (
       select payload ->> 'worker' as worker from iroko.event
        where type = 'worker_lost' and at > clock_timestamp() - interval '60 seconds' and (payload ->> 'unexplained')::boolean),
     lost as (
       select locked.id, case when (died ->> 'unexplained')::boolean then died || jsonb_build_object('widespread', exists (
                select from killed where killed.worker::uuid <> locked.before
                   and not s.deaths @> jsonb_build_array(jsonb_build_object('worker', killed.worker)))) else died end as death
         from locked join iroko.step s using (id) left join unnest($4::jsonb[]) as died on (died ->> 'worker')::uuid = locked.before)
     update iroko.step s set status = 'ready', worker = null, epoch = s.epoch + 1, lost_attempts = s.lost_attempts + 1,
            admitted = true, deferred_until = null, deferred_reason = $3,
            deaths = s.deaths || coalesce(lost.death || jsonb_build_object('of', 'worker', 'attempt', s.attempt, 'alone', s.suspect_since is not null), '[]'),
            suspect_since = coalesce(s.suspect_since, case when (lost.death ->> 'unexplained')::boolean
                 and (select sum(case when (past ->> 'widespread')::boolean then $6::integer else $7::integer end)
                        from jsonb_array_elements(s.deaths || lost.death) as deaths (past) where (past ->> 'unexplained')::boolean) >= $5::integer then clock_timestamp() end)
       from lost, iroko.run r where s.id = lost.id and r.id = s.run
     returning s.id, s.run, s.n, s.location, s.priority, s.attempt, s.started_at as "startedAt", case when lost.death is not null then s.deaths -> -1 end as death, r.cancel_requested_at is not null as canceled`,
    [
      forgotten.map(({ step }) => step),
      forgotten.map(({ epoch }) => epoch),
      because,
      deaths.map((death) => JSON.stringify(death)),
      suspectFrom,
      weights.widespread,
      weights.ofItsOwn,
    ],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return rows;
  await Promise.all([
    tx.query(
      `with freed as (select id from iroko.step where behind = any ($1) order by id for update)
       update iroko.step s set behind = null, deferred_reason = null from freed where s.id = freed.id`,
      [ids],
    ),
    tx.query(
      `with freed as (select asset, partition from iroko.asset_partition where busy_step = any ($1) order by asset, partition for update)
       update iroko.asset_partition p set busy_step = null from freed where p.asset = freed.asset and p.partition = freed.partition`,
      [ids],
    ),
  ]);
  return rows;
}

/**
 * Admitted steps that could run and have no wake-up that will be heard: none in the queue, one that has failed for good,
 * or one that a process holds which is no worker of ours.
 */
export async function stepsWithoutWakeUp(db: Queryable): Promise<readonly StepWakeUp[]> {
  const { rows } = await db.query<StepWakeUp>(
    `select s.id as step, s.deferred_until as at from iroko.step s
      where s.status = 'ready' and s.admitted and s.ready_at < clock_timestamp() - interval '2 seconds'
        and not exists (
          select from graphile_worker._private_jobs j
           where j.id = s.wake_up and j.attempts < j.max_attempts
             and (j.locked_by is null or j.locked_by in (select unnest(queue_ids) from iroko.worker)))
      order by s.id limit 1000`,
  );
  return rows;
}

/** Admitted steps whose code no live worker has: they take no room from others until one has it. */
export async function withdrawMovedCode(tx: Tx): Promise<void> {
  await tx.query(
    `with moved as (
       select s.id from iroko.step s
        where s.status = 'ready' and s.admitted
          and not exists (select from iroko.worker w where w.location = s.location and not w.draining and s.definition_hash = any (w.definition_hashes))
          and exists (select from iroko.worker w where w.location = s.location and not w.draining)
        order by s.id for update of s skip locked)
     update iroko.step s set admitted = false from moved where s.id = moved.id`,
  );
}

/** Steps whose upstream has ended in a way that they cannot have noticed; runs they belong to. */
export async function runsWithUnreachableSteps(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ run: string }>(
    `select distinct s.run from iroko.step s join iroko.run r on r.id = s.run and r.status in ('queued', 'running')
       join iroko.step_edge e on e.run = s.run and e.downstream = s.n and not e.weak
       join iroko.step u on u.run = e.run and u.n = e.upstream and u.status in ('failed', 'skipped', 'canceled')
      where s.status = 'blocked'`,
  );
  return rows.map((row) => row.run);
}

/**
 * Says of ready steps that no live worker has had their code for so long, and of none else. Definitions are compared, a few
 * however many steps wait: of the steps themselves only those are looked at that have to be told something else.
 */
export async function sayMovedCode(tx: Tx, afterSeconds: number): Promise<number> {
  const { rowCount } = await tx.query(
    `with code as materialized (
       select distinct location, hash as definition_hash from iroko.worker cross join unnest(definition_hashes) as hash where not draining),
     moved as materialized (
       select location, definition_hash
         from (select distinct location, definition_hash from iroko.step where status = 'ready' and not admitted) wanted
        where location in (select location from code)
          and not exists (select from code where (code.location, code.definition_hash) = (wanted.location, wanted.definition_hash))),
     held as (
       select c.id, true as orphan from moved join iroko.step c using (location, definition_hash)
        where c.status = 'ready' and not c.admitted and c.ready_at < clock_timestamp() - make_interval(secs => $1)
          and (c.deferred_reason like 'CODE_MOVED:%') is not true
        union all
       select c.id, false from iroko.step c join code using (location, definition_hash)
        where c.status = 'ready' and not c.admitted and c.deferred_reason like 'CODE_MOVED:%'),
     changed as (
       select s.id, held.orphan from iroko.step s join held using (id)
        where s.status = 'ready' and not s.admitted order by s.id for update of s skip locked)
     update iroko.step s set deferred_reason = case when changed.orphan
            then 'CODE_MOVED: no live worker has the code it was planned with. Start one that has it, or have the code of now make what is left: iroko runs cancel RUN, then iroko runs retry RUN' end
       from changed where s.id = changed.id`,
    [afterSeconds],
  );
  return rowCount ?? 0;
}

/** What should not be: a step behind one that does not run, a partition busy with one. Mended all the same. */
export async function freeLeftBehind(tx: Tx): Promise<void> {
  await tx.query(
    `with freed as (
       select s.id from iroko.step s where s.behind is not null
          and not exists (select from iroko.step h where h.id = s.behind and h.status = 'running')
        order by s.id for update of s skip locked)
     update iroko.step s set behind = null, deferred_reason = null from freed where s.id = freed.id`,
  );
  await tx.query(
    `with freed as (
       select p.asset, p.partition from iroko.asset_partition p where p.busy_step is not null
          and not exists (select from iroko.step h where h.id = p.busy_step and h.status = 'running')
        order by p.asset, p.partition for update of p skip locked)
     update iroko.asset_partition p set busy_step = null from freed where p.asset = freed.asset and p.partition = freed.partition`,
  );
}

export interface StepRecord extends SetColumns {
  readonly id: number;
  readonly run: string;
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
  readonly status: StepStatus;
  readonly reason: string;
  readonly waitingOn: number;
  readonly attempt: number;
  readonly lostAttempts: number;
  readonly deaths: readonly Death[];
  readonly worker: string | null;
  readonly deferredUntil: Temporal.Instant | null;
  readonly deferredReason: string | null;
  readonly outcome: "made" | "joined" | "superseded" | "unchanged" | null;
  readonly error: ErrorRecord | null;
  readonly readyAt: Temporal.Instant | null;
  readonly startedAt: Temporal.Instant | null;
  readonly endedAt: Temporal.Instant | null;
}

/** A run's steps in the plan's order, gates left out; a page of them after a number. */
export async function listSteps(
  db: Queryable,
  run: string,
  page: { readonly after?: number; readonly limit: number; readonly statuses?: readonly StepStatus[] },
): Promise<readonly StepRecord[]> {
  const { rows } = await db.query<StepRecord>(
    `select id, run, n, kind, name, assets, windows, keys, boxes, status, reason, waiting_on as "waitingOn", attempt, lost_attempts as "lostAttempts",
            deaths, worker, deferred_until as "deferredUntil", deferred_reason as "deferredReason", outcome, error,
            ready_at as "readyAt", started_at as "startedAt", ended_at as "endedAt"
       from iroko.step where run = $1 and n > $2 and kind <> 'gate' and ($4::text[] is null or status = any ($4)) order by n limit $3`,
    [run, page.after ?? -1, page.limit, page.statuses ?? null],
  );
  return rows;
}

/** What the code is now of all steps of one name, and which of their partitions are repeated. */
export interface RepeatedSteps {
  readonly kind: StepKind;
  readonly name: string;
  readonly hash: string;
  /** Only these partitions; null: all that the run has. Those of several dimensions are told step by step. */
  readonly windows: string | null;
  readonly keys: readonly string[] | null;
}

export interface Repetition {
  readonly of: readonly RepeatedSteps[];
  /** Only steps of some of these; null: of any. */
  readonly assets: readonly string[] | null;
  /** Steps over several dimensions of which something else is repeated than the whole; empty: nothing is. */
  readonly boxes: readonly Pick<BoxedStep, "n" | "boxes">[];
  /** Also what has succeeded. */
  readonly fromStart: boolean;
  /** In which all steps of the new run are. */
  readonly pools: readonly string[];
}

/**
 * Copies into a new run what did not succeed in an old one, or all of it from the start, with the arrows between and the numbers. A retry keeps the
 * partitions that are left, and the pinned inputs with the place in the order of writes that they give; a step that waits
 * for others of the retry reads what these make. What the code of now defines otherwise is run by the code of now, and
 * pins its inputs anew; what the code of now has no more is left out. Gates that nothing is left to wait for, or that nothing waits for, stay behind. Returns how many steps there are.
 */
export async function copySteps(
  tx: Tx,
  from: string,
  to: string,
  { of, assets, boxes, fromStart, pools }: Repetition,
): Promise<number> {
  const { rowCount } = await tx.query(
    `with code as (select * from json_to_recordset($3) as code (kind text, name text, hash text, windows tstzmultirange, keys text[])),
     boxed as (select * from json_to_recordset($5) as boxed (n integer, boxes jsonb)),
     unfinished as (
       select s.*, coalesce(code.hash, s.definition_hash) as hash, code.windows as windows_asked, code.keys as keys_asked,
              coalesce(boxed.boxes, s.boxes) as boxes_left
         from iroko.step s left join code using (kind, name) left join boxed using (n)
        where s.run = $1 and ($4 or s.status in ('failed', 'skipped', 'canceled'))
          and (s.kind = 'gate' or code.hash is not null and coalesce(s.assets && $6, true) and coalesce(s.windows && code.windows, true) and coalesce(s.keys && code.keys, true)
                                  and boxed.boxes is distinct from '[]')),
     again as (
       select * from unfinished u where u.kind <> 'gate' or (
         exists (select from iroko.step_edge e join unfinished up on up.n = e.upstream where e.run = $1 and e.downstream = u.n)
         and exists (select from iroko.step_edge e join unfinished down on down.n = e.downstream where e.run = $1 and e.upstream = u.n))),
     arrow as (
       select e.* from iroko.step_edge e join again u on u.n = e.upstream join again d on d.n = e.downstream where e.run = $1),
     arrows as (insert into iroko.step_edge (run, upstream, downstream, weak) select $2, upstream, downstream, weak from arrow),
     -- partitions of which a failed step has committed all that it makes
     made as (
       select o.step, o.partition, max(p.time_window::text)::tstzrange as time_window
         from again join iroko.step_output o on o.step = again.id and o.version is not null and not $4
         join iroko.asset_partition p using (asset, partition)
        group by o.step, o.partition, again.assets having count(*) = cardinality(again.assets)),
     asked as (
       select again.*, case when windows_asked is null then windows else windows * windows_asked end as windows_all,
              case when keys_asked is null then keys else array(select key from unnest(keys) as key where key = any (keys_asked)) end as keys_all,
              not exists (select from arrow where arrow.downstream = again.n) as waits_for_none
         from again),
     left_over as (
       select asked.*, (select count(*)::integer from arrow where arrow.downstream = asked.n) as waits,
              windows_all - coalesce((select range_agg(time_window) from made where made.step = asked.id), '{}') as windows_left,
              array(select key from unnest(keys_all) as key where key not in (select partition from made where made.step = asked.id)) as keys_left,
              -- what it could not read it does not read again
              waits_for_none and hash = definition_hash and coalesce(error ->> 'code', '') not in ('SCHEMA_OLD', 'INPUT_GONE') as keeps_inputs
         from asked)
     insert into iroko.step (run, n, kind, name, assets, location, definition_hash, windows, keys, boxes, pools, priority, reason,
                             only_if_changed, inputs, write_seq, waiting_on, status, ready_at)
     select $2, n, kind, name, assets, location, hash,
            case when isempty(windows_left) then windows_all else windows_left end,
            case when keys is null or keys_left = '{}' then keys_all else keys_left end,
            boxes_left, case when kind = 'gate' then pools else array_remove(pools, 'run ' || $1) || $7::text[] end, priority, reason, only_if_changed,
            case when keeps_inputs then inputs end, case when keeps_inputs and inputs is not null then write_seq end,
            waits, case when waits = 0 then 'ready' else 'blocked' end, case when waits = 0 then clock_timestamp() end
       from left_over order by n`,
    [from, to, jsonText(of), fromStart, jsonText(boxes), assets, pools],
  );
  return rowCount ?? 0;
}

export interface NamedSteps {
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
}

/** What the steps of a run are about, each once; gates left out. */
export async function namesOfSteps(db: Queryable, run: string): Promise<readonly NamedSteps[]> {
  const { rows } = await db.query<NamedSteps>(
    "select distinct kind, name, assets from iroko.step where run = $1 and kind <> 'gate'",
    [run],
  );
  return rows;
}

export interface BoxedStep {
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly boxes: NonNullable<SetColumns["boxes"]>;
  /** Its partitions of which it has committed all that it makes, unless it has succeeded. */
  readonly made: readonly string[];
}

/** Steps over several dimensions, and what they have made of them. */
export async function boxedSteps(tx: Tx, run: string): Promise<readonly BoxedStep[]> {
  const { rows } = await tx.query<BoxedStep>(
    `select s.n, s.kind, s.name, s.boxes, array(
              select o.partition from iroko.step_output o
               where o.step = s.id and o.version is not null and s.status in ('failed', 'canceled')
               group by o.partition having count(*) = cardinality(s.assets)) as made
       from iroko.step s where s.run = $1 and s.boxes is not null order by s.n`,
    [run],
  );
  return rows;
}
