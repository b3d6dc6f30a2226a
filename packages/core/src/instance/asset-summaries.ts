/**
 * Reads whole stretches of an asset's partitions from `asset_summary`, and what the summary is behind in from
 * `asset_partition` itself, in one statement: its one snapshot has a change and the note of it, or neither. So what is
 * read is right at every moment; bringing the summary up to date only makes it quicker.
 */
import type { Database, Queryable } from "./database.ts";
import { databaseMoment, type DatabaseMoment } from "./database-moment.ts";

/** A stretch of more than twice as many partitions is cut into stretches of about so many. */
const partitionsPerStretch = 1024;
/** How much one transaction brings up to date. */
const [assetsAtOnce, stretchesAtOnce, partitionsAtOnce] = [64, 32, 32 * partitionsPerStretch];

/** After every name. */
const end = "repeat(chr(1114111), 8)";

/**
 * `assets`: their keys, as an array. `behind`: the stretches that hold anything noted as changed, from `first` to before
 * `until`. What has no summary yet is behind as a whole, each `rest` a stretch.
 */
const behindOf = (assets: string): string => `
  noted as materialized (select distinct asset, rest, low, high from iroko.asset_changed where asset = any (${assets})),
  starting as (
    select noted.asset, noted.rest, begun.first
      from noted cross join lateral (
           select coalesce((select s.first from iroko.asset_summary s
                             where s.asset = noted.asset and s.rest = noted.rest and s.first <= noted.low
                             order by s.first desc limit 1), '') as first
           union all
           select s.first from iroko.asset_summary s
            where s.asset = noted.asset and s.rest = noted.rest and s.first > noted.low and s.first <= noted.high) begun
     union
    select unsummed.asset, found.rest, ''
      from (select asset from unnest(${assets}) asset
             where not exists (select from iroko.asset_summary s where s.asset = asset.asset)) unsummed
           cross join lateral (
           with recursive rests (rest) as (
             (select coalesce(p.rest, '') collate "C" from iroko.asset_partition p where p.asset collate "C" = unsummed.asset order by 1 limit 1)
             union all
             select (select coalesce(p.rest, '') collate "C" from iroko.asset_partition p
                      where p.asset collate "C" = unsummed.asset and coalesce(p.rest, '') collate "C" > rests.rest order by 1 limit 1)
               from rests where rests.rest is not null)
           select rest from rests where rest is not null) found),
  behind as materialized (
    select asset, rest, first,
           coalesce((select min(s.first) from iroko.asset_summary s where s.asset = b.asset and s.rest = b.rest and s.first > b.first),
                    ${end}) collate "C" as until
      from starting b)`;

const behind = behindOf("$1::text[]");

/** The partitions of a stretch, by the index that has its order. */
const partitionsOf = (stretches: string, columns: string, limit?: number): string => `
    select ${stretches}.asset, ${stretches}.rest as of_rest, ${stretches}.first, ${columns}
      from ${stretches} cross join lateral (
           select * from iroko.asset_partition p
            where p.asset collate "C" = ${stretches}.asset and coalesce(p.rest, '') collate "C" = ${stretches}.rest
              and p.partition collate "C" >= ${stretches}.first and p.partition collate "C" < ${stretches}.until
            order by p.partition collate "C" ${limit === undefined ? "offset 0" : `limit ${limit}`}) p`;

const summedColumns = `p.partition, p.time_window, p.rest, p.version, p.last_status, p.rows, p.bytes, p.made_at, p.code_version,
      p.schema_hash, p.data_version, p.inputs`;

/** Rows of `asset_summary` from those of `part`, cut into stretches that are not too long. */
const summed = `
  placed as (
    select asset, of_rest, first, partition collate "C" as partition, time_window, rest, version, last_status, rows, bytes, made_at,
           code_version, schema_hash, data_version, inputs,
           row_number() over (partition by asset, of_rest, first order by partition collate "C") - 1 as place,
           count(*) over (partition by asset, of_rest, first) as size
      from part),
  told as (
    select placed.*, coalesce(r.reads, '{}') as reads, r.hashes,
           case when size > 2 * ${partitionsPerStretch} then place / ${partitionsPerStretch} else 0 end as cut
      from placed cross join lateral (
           select array_agg(i.key order by i.key) as reads,
                  string_agg(int8send(v.hash) || int4send(v.count), ''::bytea order by i.key) as hashes
             from jsonb_each(placed.inputs) i cross join lateral (
                  select coalesce(bit_xor(hashtextextended(key || ' ' || value, 0)), 0) as hash, count(*)::integer as count
                    from jsonb_each_text(i.value)) v offset 0) r),
  grouped as (
    select asset, of_rest, first, cut, min(partition) as lowest, code_version, schema_hash, reads,
           range_agg(time_window) filter (where version is not null) as made_windows,
           array_agg(partition order by partition) filter (where version is not null and time_window is null) as made_keys,
           range_agg(time_window) filter (where last_status = 'failed') as failed_windows,
           array_agg(partition order by partition) filter (where last_status = 'failed' and time_window is null) as failed_keys,
           coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(bytes), 0)::bigint as bytes, max(made_at) as last_made_at,
           string_agg(int8send(extract(epoch from lower(time_window))::bigint), ''::bytea order by partition)
             filter (where version is not null and time_window is not null and rest is null) as starts,
           array_agg(partition order by partition) filter (where version is not null and (time_window is null or rest is not null)) as names,
           string_agg(int8send(hashtextextended(partition || ' ' || data_version, 0)), ''::bytea order by partition)
             filter (where version is not null) as versions,
           string_agg(hashes, ''::bytea order by partition) filter (where version is not null) as read_versions
      from told group by asset, of_rest, first, cut, code_version, schema_hash, reads),
  summed as materialized (
    select asset, of_rest as rest, case when cut = 0 then first else min(lowest) over stretch end as first,
           (row_number() over (partition by asset, of_rest, first, cut order by code_version, schema_hash, reads))::integer - 1 as part,
           code_version, schema_hash, reads, made_windows, made_keys, failed_windows, failed_keys, rows, bytes, last_made_at,
           starts, names, versions, read_versions
      from grouped window stretch as (partition by asset, of_rest, first, cut))`;

/**
 * Brings some of what is behind up to date, in a transaction that no step waits for. Returns whether anything is left to
 * do; nothing, where somebody else is at it.
 */
async function refreshSome(db: Database, assets: readonly string[]): Promise<boolean> {
  return await db.transaction(async (tx) => {
    const { rows: duty } = await tx.query<{ mine: boolean }>(
      "select pg_try_advisory_xact_lock(hashtext('iroko.asset_summary')) as mine",
    );
    if (duty[0]?.mine !== true) return false;
    await tx.query("set local work_mem = '64MB'");
    // One statement, and so one snapshot: a note that it takes away is of a change that it has summed up.
    const { rows } = await tx.query<{ left: boolean }>(
      `with ${behind},
       now as materialized (select * from behind order by asset, rest, first limit ${stretchesAtOnce}),
       part as materialized (${partitionsOf("now", summedColumns, partitionsAtOnce)}),
       ${summed},
       later as (
         select asset, rest, first as low, first as high from behind
          where not exists (select from now where (now.asset, now.rest, now.first) = (behind.asset, behind.rest, behind.first))
          union all
         select now.asset, now.rest, found.last, now.until
           from now join (select asset, of_rest, first, max(partition collate "C") as last from part group by asset, of_rest, first
                          having count(*) = ${partitionsAtOnce}) found
             on (found.asset, found.of_rest, found.first) = (now.asset, now.rest, now.first)),
       taken as (delete from iroko.asset_changed where asset = any ($1)),
       noted_later as (insert into iroko.asset_changed select * from later returning 1),
       dropped as (
         delete from iroko.asset_summary s using now
          where (s.asset, s.rest, s.first) = (now.asset, now.rest, now.first)
            and not exists (select from summed where (summed.asset, summed.rest, summed.first, summed.part) = (s.asset, s.rest, s.first, s.part))),
       kept as (
         insert into iroko.asset_summary select * from summed
         on conflict (asset, rest, first, part) do update
            set code_version = excluded.code_version, schema_hash = excluded.schema_hash, reads = excluded.reads,
                made_windows = excluded.made_windows, made_keys = excluded.made_keys,
                failed_windows = excluded.failed_windows, failed_keys = excluded.failed_keys,
                rows = excluded.rows, bytes = excluded.bytes, last_made_at = excluded.last_made_at,
                starts = excluded.starts, names = excluded.names, versions = excluded.versions, read_versions = excluded.read_versions)
       select exists (select from noted_later) as left`,
      [assets],
    );
    return rows[0]?.left === true;
  });
}

/** Brings the summary of all assets, or of some, up to date. */
export async function refreshSummaries(db: Database, assets?: readonly string[]): Promise<void> {
  const those = assets ?? (await assetsBehind(db));
  // Each transaction looks at all that it is asked about: of ten thousand, a few at a time.
  for (let at = 0; at < those.length; at += assetsAtOnce) {
    const some = those.slice(at, at + assetsAtOnce);
    while (await refreshSome(db, some));
  }
}

async function assetsBehind(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ asset: string }>(
    `select distinct asset from iroko.asset_changed
      union
     select key from iroko.asset a
      where not exists (select from iroko.asset_summary s where s.asset = a.key)
        and exists (select from iroko.asset_partition p where p.asset = a.key)`,
  );
  return rows.map(({ asset }) => asset);
}

/** Of one `rest` of an asset, or of one stretch where partitions have no windows. */
interface StretchRow {
  readonly asset: string;
  readonly rest: string | null;
  readonly madeWindows: string | null;
  readonly madeKeys: readonly string[] | null;
}

export interface StatusStretchRow extends StretchRow {
  readonly failedWindows: string | null;
  readonly failedKeys: readonly string[] | null;
  readonly busyWindows: string | null;
  readonly busyKeys: readonly string[] | null;
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: Temporal.Instant | null;
}

/** As `behindOf`: what is made and failed. */
const made = (assets: string): string => `
     part as (${partitionsOf("behind", "p.partition, p.time_window, p.version, p.last_status, p.rows, p.bytes, p.made_at")}),
     known as (
       select asset, rest, first, made_windows, made_keys, failed_windows, failed_keys, rows, bytes, last_made_at
         from iroko.asset_summary s
        where asset = any (${assets}) and not exists (select from behind where (behind.asset, behind.rest, behind.first) = (s.asset, s.rest, s.first))
        union all
       select asset, of_rest, first,
              range_agg(time_window) filter (where version is not null),
              array_agg(partition) filter (where version is not null and time_window is null),
              range_agg(time_window) filter (where last_status = 'failed'),
              array_agg(partition) filter (where last_status = 'failed' and time_window is null),
              coalesce(sum(rows), 0)::bigint, coalesce(sum(bytes), 0)::bigint, max(made_at)
         from part group by asset, of_rest, first),
     made as (
       select asset, nullif(rest, '') as rest, range_agg(made_windows) as "madeWindows", made_keys as "madeKeys",
              range_agg(failed_windows) as "failedWindows", failed_keys as "failedKeys",
              null::tstzmultirange as "busyWindows", null::text[] as "busyKeys",
              sum(rows)::bigint as rows, sum(bytes)::bigint as bytes, max(last_made_at) as "lastMadeAt"
         from known group by asset, rest, made_keys, failed_keys)`;

/** What is being made now, in rows of the same columns. */
const busy = (which = ""): string => `
     select p.asset, p.rest, null::tstzmultirange as "madeWindows", null::text[] as "madeKeys", null::tstzmultirange as "failedWindows",
            null::text[] as "failedKeys", range_agg(p.time_window) as "busyWindows",
            array_agg(p.partition) filter (where p.time_window is null) as "busyKeys", 0::bigint as rows, 0::bigint as bytes,
            null::timestamptz as "lastMadeAt"
       from iroko.step s join iroko.asset_partition p on p.busy_step = s.id where s.status = 'running' ${which} group by p.asset, p.rest`;

/** What is made of assets, what failed, what is being made now, and how much there is of it. */
export async function statusStretches(db: Queryable, assets: readonly string[]): Promise<readonly StatusStretchRow[]> {
  const { rows } = await db.query<StatusStretchRow>(
    `with ${behind}, ${made("$1")} select * from made union all ${busy("and p.asset = any ($1)")}`,
    [assets],
  );
  return rows;
}

export interface StatusChanges extends DatabaseMoment {
  /** What no snapshot tells apart has happened, and nothing that was read before counts. */
  readonly everything: boolean;
  /** Assets that have changed since the moment that was asked about. */
  readonly changed: readonly string[];
  /** Of those, and of the assets that were asked for. */
  readonly made: readonly StatusStretchRow[];
  /** Of all assets. */
  readonly busy: readonly StatusStretchRow[];
}

/**
 * How assets stand, and those that have changed since a moment, in one statement: all of it is one state of the database,
 * and with what was read at that moment of the others it tells how all stand.
 */
export async function statusChanges(db: Queryable, assets: readonly string[], since?: string): Promise<StatusChanges> {
  const wanted = "array(select asset from wanted)";
  const { rows } = await db.query<
    StatusStretchRow & Partial<DatabaseMoment> & { readonly what: "moment" | "changed" | "made" | "busy" }
  >(
    `with changed as materialized (
       select asset from iroko.asset_changed where not pg_visible_in_snapshot(xid, $2::pg_snapshot)
        union
       select asset from iroko.asset_summed
        where xid >= pg_snapshot_xmin($2::pg_snapshot) and not pg_visible_in_snapshot(xid, $2::pg_snapshot)),
     wanted as materialized (select asset from unnest($1::text[]) asset union select asset from changed),
     ${behindOf(wanted)}, ${made(wanted)}, busy as (${busy()}),
     nothing as (select null::text as rest, null::tstzmultirange, null::text[], null::tstzmultirange, null::text[],
                        null::tstzmultirange, null::text[], 0::bigint, 0::bigint, null::timestamptz)
     select 'made' as what, null as at, null as life, made.* from made
      union all select 'busy', null, null, busy.* from busy
      union all select 'changed', null, null, asset, nothing.* from changed, nothing
      union all select 'moment', ${databaseMoment}, '', nothing.* from iroko.instance, nothing`,
    [assets, since ?? null],
  );
  const of = (which: string): readonly StatusStretchRow[] =>
    rows.flatMap(({ what, at: _at, life: _life, ...row }) => (what === which ? [row] : []));
  const { at = "", life = "" } = rows.find(({ what }) => what === "moment") ?? {};
  const changed = of("changed").map(({ asset }) => asset);
  return { at, life, changed, everything: changed.includes(""), made: of("made"), busy: of("busy") };
}

/** Partitions of a stretch that were made by the same code and schema from the same assets. */
export interface OriginStretchRow extends StretchRow {
  readonly codeVersion: string | null;
  readonly schemaHash: string | null;
  readonly reads: readonly string[];
}

/** What of assets was made by which code and schema, from which assets: without what was read, a row for a thousand. */
export async function originStretches(db: Queryable, assets: readonly string[]): Promise<readonly OriginStretchRow[]> {
  if (assets.length === 0) return [];
  const { rows } = await db.query<OriginStretchRow>(
    `with ${behind},
     part as (${partitionsOf("behind", "p.partition, p.time_window, p.version, p.code_version, p.schema_hash, p.inputs")}),
     known as (
       select asset, rest, made_windows, made_keys, code_version, schema_hash, reads
         from iroko.asset_summary s
        where asset = any ($1) and versions is not null
          and not exists (select from behind where (behind.asset, behind.rest, behind.first) = (s.asset, s.rest, s.first))
        union all
       select asset, of_rest, range_agg(time_window), array_agg(partition) filter (where time_window is null), code_version, schema_hash, reads
         from part cross join lateral (
              select array(select jsonb_object_keys(coalesce(part.inputs, '{}')) order by 1) as reads offset 0) r
        where version is not null group by asset, of_rest, first, code_version, schema_hash, reads)
     select asset, nullif(rest, '') as rest, range_agg(made_windows) as "madeWindows", made_keys as "madeKeys",
            code_version as "codeVersion", schema_hash as "schemaHash", reads
       from known group by asset, rest, made_keys, code_version, schema_hash, reads`,
    [assets],
  );
  return rows;
}

/** The same column by column, with what staleness by inputs is decided from. */
export interface VersionStretchRow extends OriginStretchRow {
  readonly starts: Buffer | null;
  readonly names: readonly string[] | null;
  readonly versions: Buffer;
  readonly readVersions: Buffer | null;
}

/** What staleness is decided from: of what is made of assets, by what, and the hashes of what was read. */
export async function versionStretches(
  db: Queryable,
  assets: readonly string[],
): Promise<readonly VersionStretchRow[]> {
  if (assets.length === 0) return [];
  const columns = `asset, nullif(rest, '') as rest, made_windows as "madeWindows", made_keys as "madeKeys", code_version as "codeVersion",
      schema_hash as "schemaHash", reads, starts, names, versions, read_versions as "readVersions"`;
  const { rows } = await db.query<VersionStretchRow>(
    `with ${behind},
     part as (${partitionsOf("behind", summedColumns)}),
     ${summed}
     select ${columns} from (
       select * from iroko.asset_summary s
        where asset = any ($1) and not exists (select from behind where (behind.asset, behind.rest, behind.first) = (s.asset, s.rest, s.first))
        union all
       select * from summed) stretch
      where versions is not null order by stretch.asset, stretch.rest, stretch.first`,
    [assets],
  );
  return rows;
}
