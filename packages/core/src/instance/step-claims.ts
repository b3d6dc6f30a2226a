/** Claims of steps: which may begin, and what says that a claim still holds. */
import type { Json } from "../definitions/metadata.ts";
import type { Death } from "../planning/parking.ts";
import { jsonText, type SetColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import type { StepKind } from "./steps.ts";

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
