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
    `with waiting as materialized (
       select s.assets, s.windows, s.keys, s.boxes
         from iroko.run r join iroko.step s on s.run = r.id
        where r.status in ('queued', 'running') and s.status in ('blocked', 'ready') and s.kind in ('materialize', 'observe') and s.assets && $1)
     select asset, range_agg(windows) as windows, null::text[] as keys, null::jsonb as boxes
       from waiting cross join unnest(assets) as asset where windows is not null and asset = any ($1) group by asset
      union all
     select asset, null, array_agg(distinct key), null
       from waiting cross join unnest(assets) as asset cross join unnest(keys) as key where asset = any ($1) group by asset
      union all
     select asset, null, null, jsonb_agg(box)
       from waiting cross join unnest(assets) as asset cross join jsonb_array_elements(boxes) as box where asset = any ($1) group by asset`,
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

/** A row about one of those that were asked about: its place among them, from 0. */
export type About<Row> = Row & { readonly place: number };

/** The latest two steps about each partition, the first first. */
export async function latestSteps(
  db: Queryable,
  wanted: readonly WantedPartition[],
): Promise<readonly About<ExplainedStepRow>[]> {
  if (wanted.length === 0) return [];
  const { rows } = await db.query<About<ExplainedStepRow>>(
    `with about as materialized (
       select s.id, s.assets, s.windows, s.keys, s.status, r.ended_at is null as live
         from (select id, ended_at from iroko.run order by created_at desc, id desc limit $4) r join iroko.step s on s.run = r.id
        where s.assets && $1 and s.kind in ('materialize', 'observe')
          -- Of fifty thousand steps the few that are about any of them: each of these is then looked for among few.
          and (s.windows && (select range_agg(tstzrange(start, start, '[]')) from unnest($3::timestamptz[]) as start where start is not null) or s.keys && $2))
     select wanted.place::integer - 1 as place, ${stepColumns}
       from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as wanted (asset, partition, start, place)
      cross join lateral (
            select id from about s
             where wanted.asset = any (s.assets) and (s.windows @> wanted.start or wanted.partition = any (s.keys))
             order by live desc, status = 'running' desc, status in ('ready', 'blocked') desc, id desc limit 2) latest
       join iroko.step s using (id) join iroko.run r on r.id = s.run order by wanted.place, ${latestFirst}`,
    [
      wanted.map(({ asset }) => asset),
      wanted.map(({ partition }) => partition),
      wanted.map(({ start }) => start),
      runsLookedAt,
    ],
  );
  return rows;
}

/** Steps about any partitions of assets with several dimensions, the latest first: which one it is, their boxes tell. */
export async function latestStepsOf(
  db: Queryable,
  assets: readonly string[],
): Promise<readonly About<ExplainedStepRow>[]> {
  if (assets.length === 0) return [];
  const { rows } = await db.query<About<ExplainedStepRow>>(
    `select wanted.place::integer - 1 as place, s.*
       from unnest($1::text[]) with ordinality as wanted (asset, place) cross join lateral (
            select ${stepColumns}
              from (select * from iroko.run order by created_at desc, id desc limit $2) r join iroko.step s on s.run = r.id
             where wanted.asset = any (s.assets) and s.kind in ('materialize', 'observe') and s.boxes is not null
             order by ${latestFirst} limit 1000) s`,
    [assets, runsLookedAt],
  );
  return rows;
}

/**
 * What steps wait for, or why they were skipped: the first of the steps right above each, gates seen through, and so on up to
 * one that neither waits nor was skipped. Of each, its chain from below.
 */
export async function stepsAbove(
  db: Queryable,
  below: readonly Pick<ExplainedStepRow, "run" | "n" | "status">[],
  longest: number,
): Promise<readonly About<ExplainedStepRow>[]> {
  if (below.length === 0) return [];
  const { rows } = await db.query<About<ExplainedStepRow>>(
    `with recursive chain as (
       select place, 0 as depth, run, n, status from unnest($1::uuid[], $2::integer[], $3::text[]) with ordinality as below (run, n, status, place)
        union all
       select chain.place, chain.depth + 1, chain.run, above.n, above.status
         from chain
        cross join lateral (
              select case chain.status when 'blocked' then array['running', 'ready', 'blocked'] else array['failed', 'canceled', 'skipped'] end as statuses) wanted
        cross join lateral (
              with direct as (
                select u.n, u.kind, u.status from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
                 where e.run = chain.run and e.downstream = chain.n and u.status = any (wanted.statuses))
              select n, status from (
                select n, status from direct where kind <> 'gate'
                 union
                select u.n, u.status from direct join iroko.step_edge e on e.run = chain.run and e.downstream = direct.n
                  join iroko.step u on u.run = e.run and u.n = e.upstream and u.status = any (wanted.statuses) where direct.kind = 'gate') above
               order by array_position(wanted.statuses, status), n limit 1) above
        where chain.depth < $4 and chain.status in ('blocked', 'skipped'))
     select chain.place::integer - 1 as place, ${stepColumns}
       from chain join iroko.step s on s.run = chain.run and s.n = chain.n join iroko.run r on r.id = s.run
      where chain.depth > 0 order by chain.place, chain.depth`,
    [below.map(({ run }) => run), below.map(({ n }) => n), below.map(({ status }) => status), longest],
  );
  return rows;
}

export async function stepsById(db: Queryable, ids: readonly number[]): Promise<readonly ExplainedStepRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<ExplainedStepRow>(
    `select ${stepColumns} from iroko.step s join iroko.run r on r.id = s.run where s.id = any ($1)`,
    [ids],
  );
  return rows;
}

/** How many of these workers have each definition, by location. */
export async function workersWithCode(
  db: Queryable,
  workers: readonly string[],
  definitionHashes: readonly string[],
): Promise<readonly { readonly location: string; readonly hash: string; readonly workers: number }[]> {
  if (workers.length === 0) return [];
  const { rows } = await db.query<{ location: string; hash: string; workers: number }>(
    `select w.location, wanted.hash, count(*) as workers from iroko.worker w cross join unnest($2::text[]) as wanted (hash)
      where w.id = any ($1) and wanted.hash = any (w.definition_hashes) group by w.location, wanted.hash`,
    [workers, definitionHashes],
  );
  return rows;
}

export interface FullPoolRow {
  readonly step: number;
  readonly name: string;
  readonly slots: number;
  readonly isLimitOfRun: boolean;
  readonly by: readonly number[];
}

/** Pools of steps without a free place, and some of those that are in them. */
export async function poolsTaken(db: Queryable, steps: readonly number[]): Promise<readonly FullPoolRow[]> {
  if (steps.length === 0) return [];
  const { rows } = await db.query<Omit<FullPoolRow, "by"> & { by: readonly number[] | null }>(
    `select s.id as step, p.name, p.slots, p.run is not null as "isLimitOfRun",
            (array_agg(o.id order by o.status = 'running' desc, o.id) filter (where o.id is not null))[1:5] as by
       from iroko.step s join iroko.pool p on p.name = any (s.pools)
       left join iroko.step o on p.name = any (o.pools) and o.id <> s.id and (o.status = 'running' or o.admitted)
      where s.id = any ($1) group by s.id, p.name having count(o.id) >= p.slots order by s.id, p.name`,
    [steps],
  );
  return rows.map(({ by, ...pool }) => ({ ...pool, by: by ?? [] }));
}
