/**
 * Takes out of the tables everything that was made of some partitions and everything that may repeat their data: versions,
 * metadata, results and samples of checks, what failed steps said, the logs of steps that made or read them. What happened
 * stays told: which runs and steps there were, how they ended, how many rows a version had.
 */
import type { Queryable, Tx } from "./database.ts";
import type { SetColumns } from "./columns.ts";

/** Partitions of one asset, by their names and as the set that they are. */
export interface PurgedPartitions extends SetColumns {
  readonly asset: string;
  /** Each with the path that readers see. */
  readonly partitions: readonly { readonly partition: string; readonly stableKey: string }[];
}

const names = ({ asset, partitions }: PurgedPartitions): readonly [string, readonly string[]] => [
  asset,
  partitions.map(({ partition }) => partition),
];

/** Pinned inputs that are versions of these partitions. */
const isInput = `input ->> 'asset' = $1 and input -> 'partition' ->> 'id' = any ($2::text[])`;

/** A run that is making or reading any of them; locks their rows until the transaction ends. */
export async function lockToPurge(tx: Tx, purged: PurgedPartitions): Promise<string | undefined> {
  await tx.query(
    "select from iroko.asset_partition where asset = $1 and partition = any ($2) order by partition for update",
    [...names(purged)],
  );
  const { rows } = await tx.query<{ run: string }>(
    `select s.run from iroko.run r join iroko.step s on s.run = r.id
      where r.status in ('queued', 'running') and s.status in ('ready', 'running')
        and (exists (select from iroko.asset_partition p where p.busy_step = s.id and p.asset = $1 and p.partition = any ($2))
             or exists (select from iroko.step_output o where o.step = s.id and o.asset = $1 and o.partition = any ($2))
             or exists (select from iroko.built b where b.step = s.id and b.asset = $1 and b.partition = any ($2))
             or exists (select from jsonb_array_elements(s.inputs -> 'objects') input where ${isInput})) limit 1`,
    [...names(purged)],
  );
  return rows[0]?.run;
}

export interface Purged {
  readonly partitions: number;
  readonly versions: number;
  readonly objects: number;
  readonly bytes: number;
  readonly checks: number;
  /** Steps whose logs and error texts are gone. */
  readonly steps: number;
}

/** All of it but the objects, which are written down to be deleted. */
export async function purgeRows(tx: Tx, purged: PurgedPartitions): Promise<Purged> {
  const of = names(purged);
  const { rows: versions } = await tx.query<{ partitions: number; versions: number; bytes: number }>(
    `select count(distinct partition) as partitions, count(*) as versions, coalesce(sum(bytes), 0)::bigint as bytes from (
       select partition, bytes from iroko.asset_partition where asset = $1 and partition = any ($2) and version is not null
        union all
       select partition, bytes from iroko.asset_version where asset = $1 and partition = any ($2)) made`,
    [...of],
  );
  const { rowCount: objects } = await tx.query(
    `insert into iroko.purged_object (object_key, etag, asset, partition)
     select object_key, coalesce(max(etag), ''), $1, partition from (
       select object_key, etag, partition from iroko.asset_partition where asset = $1 and partition = any ($2)
        union select object_key, etag, partition from iroko.asset_version where asset = $1 and partition = any ($2)
        union select object_key, etag, partition from iroko.step_output where asset = $1 and partition = any ($2)
        union select object_key, null, partition from iroko.built where asset = $1 and partition = any ($2)) staged
      where object_key is not null group by object_key, partition
     on conflict (object_key, etag) do update set purged_at = excluded.purged_at`,
    [...of],
  );
  await tx.query(
    `insert into iroko.purged_object (object_key, asset, partition, stable)
     select stable_key, $1, partition, true from unnest($2::text[], $3::text[]) as stable (partition, stable_key)
     on conflict (object_key, etag) do update set purged_at = excluded.purged_at`,
    [...of, purged.partitions.map(({ stableKey }) => stableKey)],
  );
  const { rowCount: steps } = await tx.query(
    `with touched as materialized (
       select s.id, s.run, s.n, reads from iroko.step s
        cross join lateral (select exists (select from jsonb_array_elements(s.inputs -> 'objects') input where ${isInput}) as reads) r
        where reads or ($1 = any (s.assets) and (s.windows && $3::tstzmultirange or s.keys && $4::text[] or s.boxes is not null))),
     logs as (delete from iroko.log using touched where log.step = touched.id),
     -- pinned inputs hold metadata; a retry that needs them pins others
     steps as (
       update iroko.step s set error = case when s.error is not null then ${withoutText("s.error")} end, inputs = case when not reads then s.inputs end,
              deaths = coalesce((select jsonb_agg(death - 'lastLines') from jsonb_array_elements(s.deaths) death), '[]')
         from touched where s.id = touched.id and (s.error is not null or reads or s.deaths <> '[]')),
     outcomes as (
       update iroko.asset_partition p set last_error = ${withoutText("p.last_error")} from touched
        where p.last_step = touched.id and p.last_error is not null and not (p.asset = $1 and p.partition = any ($2))),
     events as (
       update iroko.event e
          set payload = case e.type when 'check' then jsonb_set(e.payload, '{failed}', coalesce(
                                (select jsonb_agg(failed - 'sample' - 'metadata' - 'message') from jsonb_array_elements(e.payload -> 'failed') failed), '[]'))
                             when 'attempt_lost' then e.payload - 'lastLines'
                             else jsonb_set(e.payload, '{error}', ${withoutText("e.payload -> 'error'")}) end
         from touched where e.run = touched.run and e.step = touched.n
          and (e.type in ('check', 'attempt_lost') or e.payload -> 'error' is not null))
     select from touched`,
    [...of, purged.windows, purged.keys],
  );
  const { rowCount: checks } = await tx.query(
    "delete from iroko.check_result where asset = $1 and partition = any ($2)",
    [...of],
  );
  await tx.query(
    `with versions as (delete from iroko.asset_version where asset = $1 and partition = any ($2)),
     built as (delete from iroko.built where asset = $1 and partition = any ($2)),
     outputs as (
       update iroko.step_output set object_key = null, etag = null, metadata = '{}', checks = '[]', source_versions = '{}'
        where asset = $1 and partition = any ($2))
     update iroko.asset_partition
        set purged_version = coalesce(version, purged_version, 0), purged_at = clock_timestamp(), version = null, write_seq = nextval('iroko.write_seq'),
            object_key = null, etag = null, sha256 = null, rows = null, bytes = null, data_version = null, schema_hash = null, code_version = null,
            definition_hash = null, inputs = null, metadata = null, made_by_run = null, made_by_step = null, made_at = null, published_version = null,
            published_at = null, verify_after = null, last_status = null, last_run = null, last_step = null, last_at = null, last_error = null
      where asset = $1 and partition = any ($2)`,
    [...of],
  );
  return { ...versions[0]!, objects: objects ?? 0, checks: checks ?? 0, steps: steps ?? 0 };
}

/** An error as a program sees it still; its words and details may repeat data. */
function withoutText(error: string): string {
  return `jsonb_build_object('code', ${error} ->> 'code', 'message', 'What it said was purged.')`;
}

export interface PurgedObject {
  readonly objectKey: string;
  readonly etag: string;
  readonly asset: string;
  readonly partition: string;
  readonly stable: boolean;
}

/** What was purged in the last hours, or ever: by the database's clock. */
export async function purgedWithin(db: Queryable, hours: number | undefined): Promise<readonly PurgedObject[]> {
  const { rows } = await db.query<PurgedObject>(
    `select object_key as "objectKey", etag, asset, partition, stable from iroko.purged_object
      where $1::double precision is null or purged_at > clock_timestamp() - make_interval(secs => $1 * 3600)`,
    [hours ?? null],
  );
  return rows;
}

/** Whether the partition has been made again: then its stable path shows that. */
export async function isMade(db: Queryable, asset: string, partition: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from iroko.asset_partition where asset = $1 and partition = $2 and version is not null",
    [asset, partition],
  );
  return rowCount === 1;
}

/** The stable object was deleted: what has been made and published meanwhile is published again. */
export async function publishAgain(db: Queryable, asset: string, partition: string): Promise<void> {
  await db.query(
    "update iroko.asset_partition set published_version = null where asset = $1 and partition = $2 and object_key is not null",
    [asset, partition],
  );
}

/** Machines that were off for longer are on their own. */
export async function forgetPurged(db: Queryable, days: number): Promise<void> {
  await db.query("delete from iroko.purged_object where purged_at < clock_timestamp() - make_interval(days => $1)", [
    days,
  ]);
}

/** When a partition was purged that has not been made since. */
export async function purgedAt(db: Queryable, asset: string, partition: string): Promise<Temporal.Instant | undefined> {
  const { rows } = await db.query<{ purgedAt: Temporal.Instant | null }>(
    `select purged_at as "purgedAt" from iroko.asset_partition where asset = $1 and partition = $2 and version is null`,
    [asset, partition],
  );
  return rows[0]?.purgedAt ?? undefined;
}
