/**
 * What is true of the tables between any two transactions, each rule as the query that finds what breaks it. Nothing here
 * mends anything: the duties of workers, or `repair`, do.
 */
import type { Queryable, Tx } from "./database.ts";

export type TableRule =
  | "running step without a worker"
  | "admitted step without a wake-up"
  | "step behind nothing"
  | "partition busy with nothing"
  | "waiting for other than its arrows"
  | "blocked by what has ended"
  | "run counts other than its steps"
  | "run without an end"
  | "pool over its limit"
  | "version out of order"
  | "summary other than its partitions";

export interface BrokenRule {
  readonly rule: TableRule;
  /** What breaks it: a run, a partition, a pool. */
  readonly subject: string;
  readonly run: string | null;
  readonly asset: string | null;
  readonly found: string;
  /** How many break it in all. */
  readonly total: number;
}

/** Of run r and its steps s: what was canceled before it was inserted is counted, and has no rows. */
const neverInserted = `case when r.cancel_requested_at is not null then greatest(r.expanded - s.steps, 0) else 0 end`;

/** What a run's steps have committed, superseded by a later one or not. */
const committedBy = (run: string): string => `
  select coalesce(sum(o.rows), 0)::bigint as rows, coalesce(sum(o.bytes), 0)::bigint as bytes
    from iroko.step s join iroko.step_output o on o.step = s.id and (o.version is not null or o.superseded) where s.run = ${run}.id`;

/** Each gives subject, run, asset, found. A rule that takes a worker a moment to restore looks away from what is younger. */
const queries: Readonly<Record<TableRule, string>> = {
  "running step without a worker": `
    select 'step ' || s.n || ' (' || s.name || ')' as subject, s.run, null as asset, 'worker ' || s.worker || ' is gone' as found
      from iroko.step s left join iroko.worker w on w.id = s.worker
     where s.status = 'running'
       and (w.id is null or (w.postmaster_started = pg_postmaster_start_time()
            and not exists (select from pg_locks l where l.locktype = 'advisory' and l.objid::bigint = w.lock_key and l.objsubid = 2 and l.granted
                               and l.database = (select oid from pg_database where datname = current_database()))
            and not exists (select from pg_stat_activity a where a.application_name = 'iroko worker ' || w.id)))`,
  "admitted step without a wake-up": `
    select 'step ' || s.n || ' (' || s.name || ')', s.run, null, 'no queue job is left of its wake-up'
      from iroko.step s
     where s.status = 'ready' and s.admitted and s.ready_at < clock_timestamp() - interval '10 seconds'
       and not exists (select from graphile_worker._private_jobs j
                        where j.id = s.wake_up and j.attempts < j.max_attempts
                          and (j.locked_by is null or j.locked_by in (select unnest(queue_ids) from iroko.worker)))`,
  "step behind nothing": `
    select 'step ' || s.n || ' (' || s.name || ')', s.run, null, 'step ' || s.behind || ' that it waits behind does not run'
      from iroko.step s
     where s.behind is not null and not exists (select from iroko.step h where h.id = s.behind and h.status = 'running')`,
  "partition busy with nothing": `
    select p.asset || '@' || p.partition, h.run, p.asset, 'step ' || p.busy_step || ' that should be making it does not run'
      from iroko.asset_partition p left join iroko.step h on h.id = p.busy_step
     where p.busy_step is not null and h.status is distinct from 'running'`,
  "waiting for other than its arrows": `
    select 'step ' || s.n || ' (' || s.name || ')', s.run, null, 'waits for ' || s.waiting_on || ', and has ' || arrows || ' unfinished above it'
      from iroko.run r join iroko.step s on s.run = r.id
     cross join lateral (
           select count(*) as arrows from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
            where e.run = s.run and e.downstream = s.n
              and not (u.status = 'succeeded' or e.weak and u.status in ('failed', 'skipped', 'canceled'))) above
     where r.status in ('queued', 'running') and s.status in ('blocked', 'ready') and s.waiting_on <> arrows`,
  "blocked by what has ended": `
    select 'step ' || s.n || ' (' || s.name || ')', s.run, null, 'what it needs has ended otherwise, or nothing is left to wait for'
      from iroko.run r join iroko.step s on s.run = r.id
     where r.status in ('queued', 'running') and s.status = 'blocked'
       and (s.waiting_on = 0
            or exists (select from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
                        where e.run = s.run and e.downstream = s.n and not e.weak and u.status in ('failed', 'skipped', 'canceled')))`,
  "run counts other than its steps": `
    select 'run ' || r.id, r.id, null,
           format('counts %s expanded, %s succeeded, %s failed, %s skipped, %s canceled, %s rows, %s bytes; its steps are %s, %s, %s, %s, %s, %s, %s',
                  r.expanded, r.succeeded, r.failed, r.skipped, r.canceled, r.made_rows, r.made_bytes,
                  s.steps, s.succeeded, s.failed, s.skipped, s.canceled, o.rows, o.bytes)
      from iroko.run r left join lateral (
           select count(*) as steps, count(*) filter (where status = 'succeeded') as succeeded, count(*) filter (where status = 'failed') as failed,
                  count(*) filter (where status = 'skipped') as skipped, count(*) filter (where status = 'canceled') as canceled
             from iroko.step where run = r.id) s on true
     cross join lateral (select ${neverInserted} as never) n
     cross join lateral (${committedBy("r")}) o
     where (r.expanded, r.succeeded, r.failed, r.skipped, r.canceled, r.made_rows, r.made_bytes)
           is distinct from (s.steps + never, s.succeeded, s.failed, s.skipped, s.canceled + never, o.rows, o.bytes)`,
  "run without an end": `
    select 'run ' || r.id, r.id, null, 'all of its ' || r.planned || ' steps have ended, and it is ' || r.status
      from iroko.run r
     where r.status in ('queued', 'running') and r.succeeded + r.failed + r.skipped + r.canceled = r.planned
     union all
    select 'run ' || r.id, r.id, null, 'it ended as ' || r.status || ' with ' || r.expanded || ' of ' || r.planned || ' steps made'
      from iroko.run r where r.status in ('succeeded', 'failed') and r.expanded < r.planned`,
  "pool over its limit": `
    select 'pool ' || p.name, null::uuid, null, 'runs ' || taken || ' steps of ' || p.slots
      from iroko.pool p cross join lateral (select count(*) as taken from iroko.step s where s.status = 'running' and p.name = any (s.pools)) running
     where taken > p.slots`,
  "version out of order": `
    select p.asset || '@' || p.partition, p.made_by_run, p.asset, 'version ' || v.version || ' is kept as an older one than version ' || p.version
      from iroko.asset_partition p join iroko.asset_version v using (asset, partition) where v.version >= p.version`,
  "summary other than its partitions": `
    select 'asset ' || coalesce(s.asset, p.asset), null::uuid, coalesce(s.asset, p.asset),
           format('sums up %s made partitions, %s rows, %s bytes; there are %s, %s, %s', s.made, s.rows, s.bytes, p.made, p.rows, p.bytes)
      from (select asset, sum(octet_length(versions)) / 8 as made, sum(rows) as rows, sum(bytes) as bytes, max(last_made_at) as last
              from iroko.asset_summary group by asset) s
      join (select asset, count(*) filter (where version is not null) as made, coalesce(sum(rows), 0) as rows, coalesce(sum(bytes), 0) as bytes,
                   max(made_at) as last
              from iroko.asset_partition where version is not null or last_status is not null group by asset) p using (asset)
     where not exists (select from iroko.asset_changed c where c.asset = s.asset)
       and (coalesce(s.made, 0), s.rows, s.bytes, s.last) is distinct from (p.made, p.rows, p.bytes, p.last)`,
};

const shownOfEach = 20;

/** Of each rule that is broken the first few that break it. */
export async function brokenRules(db: Queryable): Promise<readonly BrokenRule[]> {
  const broken: BrokenRule[] = [];
  for (const [rule, query] of Object.entries(queries)) {
    const { rows } = await db.query<BrokenRule>(
      `select $1 as rule, subject, run, asset, found, count(*) over () as total
         from (${query}) as broken (subject, run, asset, found) order by subject limit ${shownOfEach}`,
      [rule],
    );
    broken.push(...rows);
  }
  return broken;
}

/** A version that a pointer shows, or that is kept. */
export interface NamedVersion {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly current: boolean;
  readonly objectKey: string;
  readonly etag: string | null;
  readonly sha256: string | null;
  readonly bytes: number | null;
  readonly publishedVersion: number | null;
  /** Long enough ago for any worker to have published it. */
  readonly settled: boolean;
}

/** A page of all versions that have objects, after (asset, partition, version). */
export async function namedVersions(
  db: Queryable,
  after: Pick<NamedVersion, "asset" | "partition" | "version"> | undefined,
  limit: number,
): Promise<readonly NamedVersion[]> {
  const { rows } = await db.query<NamedVersion>(
    `select * from (
       (select asset, partition, version, true as current, object_key as "objectKey", etag, sha256, bytes, published_version as "publishedVersion",
               made_at < clock_timestamp() - interval '1 minute' as settled
          from iroko.asset_partition where version is not null and object_key is not null and (asset, partition, version) > ($1, $2, $3)
         order by asset, partition limit $4)
        union all
       (select asset, partition, version, false, object_key, etag, sha256, bytes, null, true
          from iroko.asset_version where (asset, partition, version) > ($1, $2, $3) order by asset, partition, version limit $4)) named
      order by asset, partition, version limit $4`,
    [after?.asset ?? "", after?.partition ?? "", after?.version ?? -1, limit],
  );
  return rows;
}

/** The pointer's object or stable path is not as it should be: the next worker that verifies sees to it. */
export async function verifyNow(db: Queryable, asset: string, partition: string): Promise<void> {
  await db.query(
    `update iroko.asset_partition set verify_after = clock_timestamp() - interval '1 second' where asset = $1 and partition = $2 and object_key is not null`,
    [asset, partition],
  );
}

/** A version that is not current, and whose object is nowhere: nothing can come of its row. */
export async function forgetVersion(
  db: Queryable,
  { asset, partition, version }: Pick<NamedVersion, "asset" | "partition" | "version">,
): Promise<void> {
  await db.query("delete from iroko.asset_version where asset = $1 and partition = $2 and version = $3", [
    asset,
    partition,
    version,
  ]);
}

/** Summed up anew, from the partitions. */
export async function forgetSummary(db: Queryable, asset: string): Promise<void> {
  await db.query("delete from iroko.asset_summary where asset = $1", [asset]);
}

/** Counts a run's steps and arrows anew; a run all of whose steps have ended ends. Locks its steps by id, then the run. */
export async function recountRun(tx: Tx, run: string): Promise<void> {
  await tx.query("select from iroko.step where run = $1 order by id for update", [run]);
  await tx.query(
    `update iroko.step s set waiting_on = arrows,
            status = case when arrows > 0 then 'blocked' when s.kind = 'gate' then 'succeeded' else 'ready' end,
            admitted = s.admitted and arrows = 0, ready_at = case when arrows = 0 then coalesce(s.ready_at, clock_timestamp()) end,
            ended_at = case when arrows = 0 and s.kind = 'gate' then clock_timestamp() end
       from (select d.id, (select count(*) from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
                            where e.run = d.run and e.downstream = d.n
                              and not (u.status = 'succeeded' or e.weak and u.status in ('failed', 'skipped', 'canceled')))::integer as arrows
               from iroko.step d where d.run = $1 and d.status in ('blocked', 'ready')) above
      where s.id = above.id and (s.waiting_on <> arrows or (s.status = 'blocked' and arrows = 0))`,
    [run],
  );
  await tx.query(
    `update iroko.run r
        set expanded = s.steps + never, succeeded = s.succeeded, failed = s.failed, skipped = s.skipped, canceled = s.canceled + never,
            made_rows = o.rows, made_bytes = o.bytes,
            status = case when not over then r.status when s.failed > 0 then 'failed' when s.canceled + never > 0 then 'canceled' else 'succeeded' end,
            ended_at = case when over then clock_timestamp() else r.ended_at end
       from (select $1::uuid as run, count(*)::integer as steps, count(*) filter (where status = 'succeeded')::integer as succeeded,
                    count(*) filter (where status = 'failed')::integer as failed, count(*) filter (where status = 'skipped')::integer as skipped,
                    count(*) filter (where status = 'canceled')::integer as canceled from iroko.step where run = $1) s
       join iroko.run same on same.id = s.run
      cross join lateral (${committedBy("same")}) o
      cross join lateral (select ${neverInserted.replaceAll("r.", "same.")} as never) n
      cross join lateral (select same.ended_at is null and s.succeeded + s.failed + s.skipped + s.canceled + never = same.planned as over) e
      where r.id = s.run`,
    [run],
  );
}
