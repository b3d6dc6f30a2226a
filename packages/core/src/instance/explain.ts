/** What an explanation asks of the instance, each in one statement for all the partitions that it asks about. */
import type { ErrorRecord } from "../errors.ts";
import type { SetColumns } from "./columns.ts";
import type { Queryable } from "./database.ts";
import type { RunStatus } from "./runs.ts";
import type { StepKind, StepStatus } from "./steps.ts";

/** Runs that are looked through, the latest first, for a step that is about a partition. */
const runsLookedAt = 200;

/** Of each asset, what live runs have still to make. */
export async function waitingPartitions(
  db: Queryable,
  assets: readonly string[],
): Promise<readonly (SetColumns & { readonly asset: string })[]> {
  const { rows } = await db.query<SetColumns & { asset: string }>(
    `select asset, range_agg(s.windows) as windows, null::text[] as keys, null::jsonb as boxes
       from iroko.run r join iroko.step s on s.run = r.id and s.status in ('blocked', 'ready') and s.windows is not null
      cross join unnest(s.assets) as asset
      where r.status in ('queued', 'running') and asset = any ($1) and s.kind in ('materialize', 'observe') group by asset
      union all
     select asset, null, array_agg(distinct key), null
       from iroko.run r join iroko.step s on s.run = r.id and s.status in ('blocked', 'ready')
      cross join unnest(s.assets) as asset cross join unnest(s.keys) as key
      where r.status in ('queued', 'running') and asset = any ($1) and s.kind in ('materialize', 'observe') group by asset
      union all
     select asset, null, null, jsonb_agg(box)
       from iroko.run r join iroko.step s on s.run = r.id and s.status in ('blocked', 'ready')
      cross join unnest(s.assets) as asset cross join jsonb_array_elements(s.boxes) as box
      where r.status in ('queued', 'running') and asset = any ($1) and s.kind in ('materialize', 'observe') group by asset`,
    [assets],
  );
  return rows;
}

export interface WantedPartition {
  readonly asset: string;
  readonly partition: string;
  /** When the window of a time partition starts; null of others. */
  readonly start: string | null;
}

export interface KnownPartitionRow {
  readonly asset: string;
  readonly partition: string;
  readonly version: number | null;
  readonly madeAt: Temporal.Instant | null;
  readonly madeByRun: string | null;
  readonly trigger: string | null;
  readonly triggerName: string | null;
  readonly reason: string | null;
  readonly lastStatus: "succeeded" | "failed" | "canceled" | "observed" | null;
  readonly lastAt: Temporal.Instant | null;
  readonly lastRun: string | null;
  readonly lastError: ErrorRecord | null;
  /** When, and why if somebody said so, of what is not made any more. */
  readonly purgedAt: Temporal.Instant | null;
  readonly purgeReason: string | null;
}

export async function knownPartitions(
  db: Queryable,
  wanted: readonly WantedPartition[],
): Promise<readonly KnownPartitionRow[]> {
  const { rows } = await db.query<KnownPartitionRow>(
    `select p.asset, p.partition, p.version, p.made_at as "madeAt", p.made_by_run as "madeByRun", r.trigger, r.trigger_name as "triggerName",
            s.reason, p.last_status as "lastStatus", p.last_at as "lastAt", p.last_run as "lastRun", p.last_error as "lastError",
            purge.at as "purgedAt", purge.reason as "purgeReason"
       from unnest($1::text[], $2::text[]) as wanted (asset, partition) join iroko.asset_partition p using (asset, partition)
       left join iroko.run r on r.id = p.made_by_run left join iroko.step s on s.id = p.made_by_step
       left join lateral (
            select p.purged_at as at, (
                   select e.payload ->> 'reason' from iroko.event e
                    where e.asset = p.asset and e.type = 'purged' and e.at >= p.purged_at order by e.id limit 1) as reason
             where p.version is null and p.purged_at is not null) purge on true`,
    [wanted.map(({ asset }) => asset), wanted.map(({ partition }) => partition)],
  );
  return rows;
}

export interface ExplainedStepRow extends SetColumns {
  readonly id: number;
  readonly run: string;
  readonly runStatus: RunStatus;
  readonly cancelReason: string | null;
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
  readonly location: string;
  readonly definitionHash: string;
  readonly pools: readonly string[];
  readonly status: StepStatus;
  readonly reason: string;
  readonly attempt: number;
  readonly admitted: boolean;
  readonly startedAt: Temporal.Instant | null;
  readonly deferredUntil: Temporal.Instant | null;
  readonly deferredReason: string | null;
  readonly behind: number | null;
  readonly outcome: string | null;
  readonly error: ErrorRecord | null;
}

const stepColumns = `s.id, s.run, r.status as "runStatus", r.cancel_reason as "cancelReason", s.n, s.kind, s.name, s.assets, s.location,
  s.definition_hash as "definitionHash", s.pools, s.status, s.reason, s.attempt, s.admitted, s.started_at as "startedAt",
  case when s.deferred_until > clock_timestamp() then s.deferred_until end as "deferredUntil", s.deferred_reason as "deferredReason",
  s.behind, s.outcome, s.error, s.windows, s.keys, s.boxes`;

/** Those that run first, then those that will, then those that have ended; the latest of each first. */
const latestFirst = `r.ended_at is null desc, s.status = 'running' desc, s.status in ('ready', 'blocked') desc, s.id desc`;

/** The latest two steps about a partition. */
export async function latestSteps(
  db: Queryable,
  { asset, partition, start }: WantedPartition,
): Promise<readonly ExplainedStepRow[]> {
  const { rows } = await db.query<ExplainedStepRow>(
    `select ${stepColumns}
       from (select * from iroko.run order by created_at desc, id desc limit $4) r join iroko.step s on s.run = r.id
      where $1 = any (s.assets) and s.kind in ('materialize', 'observe')
        and (s.windows @> $3::timestamptz or $2 = any (s.keys))
      order by ${latestFirst} limit 2`,
    [asset, partition, start, runsLookedAt],
  );
  return rows;
}

/** Steps about any partitions of an asset with several dimensions, the latest first: which one it is, their boxes tell. */
export async function latestStepsOf(db: Queryable, asset: string): Promise<readonly ExplainedStepRow[]> {
  const { rows } = await db.query<ExplainedStepRow>(
    `select ${stepColumns}
       from (select * from iroko.run order by created_at desc, id desc limit $2) r join iroko.step s on s.run = r.id
      where $1 = any (s.assets) and s.kind in ('materialize', 'observe') and s.boxes is not null
      order by ${latestFirst} limit 1000`,
    [asset, runsLookedAt],
  );
  return rows;
}

/** What a step waits for, or why it was skipped: the first of the steps right above it, gates seen through. */
export async function stepAbove(
  db: Queryable,
  { run, n }: Pick<ExplainedStepRow, "run" | "n">,
  which: "unfinished" | "unwell",
): Promise<ExplainedStepRow | undefined> {
  const { rows } = await db.query<ExplainedStepRow>(
    `with direct as (
       select u.n, u.kind from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
        where e.run = $1 and e.downstream = $2 and u.status = any ($3)),
     above as (
       select n from direct where kind <> 'gate'
        union
       select u.n from direct join iroko.step_edge e on e.run = $1 and e.downstream = direct.n
         join iroko.step u on u.run = $1 and u.n = e.upstream and u.status = any ($3) where direct.kind = 'gate')
     select ${stepColumns} from above join iroko.step s on s.run = $1 and s.n = above.n join iroko.run r on r.id = s.run
      order by array_position($3, s.status), s.n limit 1`,
    [run, n, which === "unfinished" ? ["running", "ready", "blocked"] : ["failed", "canceled", "skipped"]],
  );
  return rows[0];
}

export async function stepById(db: Queryable, id: number): Promise<ExplainedStepRow | undefined> {
  const { rows } = await db.query<ExplainedStepRow>(
    `select ${stepColumns} from iroko.step s join iroko.run r on r.id = s.run where s.id = $1`,
    [id],
  );
  return rows[0];
}

/** Live workers that have a definition, of all of their location. */
export async function workersWithCode(
  db: Queryable,
  workers: readonly string[],
  definitionHash: string,
): Promise<number> {
  const { rows } = await db.query<{ workers: number }>(
    "select count(*) as workers from iroko.worker where id = any ($1) and $2 = any (definition_hashes)",
    [workers, definitionHash],
  );
  return rows[0]?.workers ?? 0;
}

export interface FullPoolRow {
  readonly name: string;
  readonly slots: number;
  readonly isLimitOfRun: boolean;
  readonly by: readonly number[];
}

/** Pools without a free place, and some of those that are in them. */
export async function poolsTaken(
  db: Queryable,
  step: Pick<ExplainedStepRow, "id" | "pools">,
): Promise<readonly FullPoolRow[]> {
  if (step.pools.length === 0) return [];
  const { rows } = await db.query<Omit<FullPoolRow, "by"> & { by: readonly number[] | null }>(
    `select p.name, p.slots, p.run is not null as "isLimitOfRun", (array_agg(o.id order by o.status = 'running' desc, o.id) filter (where o.id is not null))[1:5] as by
       from iroko.pool p left join iroko.step o on p.name = any (o.pools) and o.id <> $2 and (o.status = 'running' or o.admitted)
      where p.name = any ($1) group by p.name having count(o.id) >= p.slots order by p.name`,
    [step.pools, step.id],
  );
  return rows.map(({ by, ...pool }) => ({ ...pool, by: by ?? [] }));
}
