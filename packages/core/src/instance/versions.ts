/**
 * Versions of partitions: the current one is the pointer in `asset_partition`, those before it are rows of `asset_version`.
 * A row keeps its object from being collected; retention takes rows away, and the collector then their objects.
 */
import type { Queryable, Tx } from "./database.ts";

const columns = [
  ...["asset", "partition", "version", "object_key", "etag", "sha256", "rows", "bytes", "data_version", "schema_hash"],
  ...["code_version", "definition_hash", "inputs", "metadata", "made_by_run", "made_by_step", "made_at"],
];

/** For statements that move a pointer: what follows selects `versionColumns` of the pointers as they were. */
export const keepVersions: string = `insert into iroko.asset_version (${columns.join(", ")})`;
export const versionColumns = (of: string): string => columns.map((column) => `${of}.${column}`).join(", ");

export interface VersionRow {
  readonly version: number;
  readonly current: boolean;
  readonly objectKey: string | null;
  readonly etag: string | null;
  readonly sha256: string | null;
  readonly dataVersion: string;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly run: string | null;
  readonly madeAt: Temporal.Instant;
  /** When the next one took its place. */
  readonly replacedAt: Temporal.Instant | null;
}

/** What can still be read of a partition, the newest first. */
export async function listVersions(
  db: Queryable,
  asset: string,
  partition: string,
  limit = 1000,
  before?: number,
): Promise<readonly VersionRow[]> {
  const { rows } = await db.query<VersionRow>(
    `select version, current, object_key as "objectKey", etag, sha256, data_version as "dataVersion", rows, bytes, made_by_run as run,
            made_at as "madeAt", replaced_at as "replacedAt"
       from (select ${versionColumns("p")}, true as current, null::timestamptz as replaced_at
               from iroko.asset_partition p where asset = $1 and partition = $2 and version is not null
              union all
             select ${versionColumns("v")}, false, v.replaced_at from iroko.asset_version v where asset = $1 and partition = $2) versions
      where $4::bigint is null or version < $4 order by version desc limit $3`,
    [asset, partition, limit, before ?? null],
  );
  return rows;
}

export interface RetentionRule {
  readonly asset: string;
  readonly versions: number;
  readonly days: number;
}

/**
 * Versions that are kept no longer, by the rule of their asset, else by `others`: of each partition the newest few stay, for
 * a while. Their rows are gone then; returns their objects, at most `limit`.
 */
export async function expireVersions(
  db: Queryable,
  rules: readonly RetentionRule[],
  others: Omit<RetentionRule, "asset">,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ objectKey: string }>(
    `delete from iroko.asset_version v using (${expired} limit $4) old
      where (v.asset, v.partition, v.version) = (old.asset, old.partition, old.version) returning v.object_key as "objectKey"`,
    [...ruleValues(rules, others), limit],
  );
  return rows.map(({ objectKey }) => objectKey);
}

/** The same, only told. */
export async function expiredVersions(
  db: Queryable,
  rules: readonly RetentionRule[],
  others: Omit<RetentionRule, "asset">,
): Promise<readonly { readonly objectKey: string; readonly bytes: number }[]> {
  const { rows } = await db.query<{ objectKey: string; bytes: number }>(
    `select v.object_key as "objectKey", coalesce(v.bytes, 0) as bytes from iroko.asset_version v join (${expired}) old
         on (v.asset, v.partition, v.version) = (old.asset, old.partition, old.version)`,
    ruleValues(rules, others),
  );
  return rows;
}

/** The newest come first in each partition, by the primary key's own order. */
const expired = `
  select asset, partition, version from (
    select asset, partition, version, replaced_at, row_number() over (partition by asset, partition order by version desc) as place
      from iroko.asset_version) placed
  left join json_to_recordset($1) as rule (asset text, versions integer, days double precision) using (asset)
  where place > coalesce(rule.versions, $2)
     or replaced_at < clock_timestamp() - make_interval(secs => coalesce(rule.days, $3) * 86400)`;

const ruleValues = (rules: readonly RetentionRule[], others: Omit<RetentionRule, "asset">): readonly unknown[] => [
  JSON.stringify(rules),
  others.versions,
  others.days,
];

/** A partition's pointer, locked until the transaction ends. */
export interface LockedPointer {
  readonly version: number | null;
  readonly objectKey: string | null;
  readonly purgedAt: Temporal.Instant | null;
  /** The run whose step is making it now. */
  readonly busyRun: string | null;
}

export async function lockPointer(tx: Tx, asset: string, partition: string): Promise<LockedPointer | undefined> {
  const { rows } = await tx.query<LockedPointer>(
    `select p.version, p.object_key as "objectKey", p.purged_at as "purgedAt", (select s.run from iroko.step s where s.id = p.busy_step) as "busyRun"
       from iroko.asset_partition p where p.asset = $1 and p.partition = $2 for update`,
    [asset, partition],
  );
  return rows[0];
}

/**
 * The pointer shows what an older version showed, as a new version: what orders publishes and readers goes on upwards. A
 * step that has read its inputs before now no longer wins over it. Returns the new version; undefined: the older one is
 * not kept any more.
 */
export async function restoreVersion(
  tx: Tx,
  asset: string,
  partition: string,
  version: number,
  verifyAfterSeconds: number,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ version: number }>(
    `with older as materialized (select * from iroko.asset_version where asset = $1 and partition = $2 and version = $3 for share),
     replaced as (${keepVersions} select ${versionColumns("p")} from iroko.asset_partition p, older where p.asset = $1 and p.partition = $2),
     checks as (
       insert into iroko.check_result (asset, name, partition, passed, severity, blocking, message, violations, sample, metadata, run, step)
       select $1, c.name, $2, c.passed, c.severity, c.blocking, c.message, c.violations, c.sample, c.metadata, older.made_by_run, o.step
         from older join iroko.step_output o on (o.step, o.asset, o.partition) = (older.made_by_step, $1, $2)
        cross join lateral jsonb_to_recordset(o.checks) as c (name text, passed boolean, severity text, blocking boolean, message text,
              violations bigint, sample jsonb, metadata jsonb)
       on conflict (asset, name, partition) do update
          set passed = excluded.passed, severity = excluded.severity, blocking = excluded.blocking, message = excluded.message,
              violations = excluded.violations, sample = excluded.sample, metadata = excluded.metadata, run = excluded.run,
              step = excluded.step, at = clock_timestamp())
     update iroko.asset_partition p
        set version = p.version + 1, write_seq = nextval('iroko.write_seq'), object_key = older.object_key, etag = older.etag, sha256 = older.sha256,
            rows = older.rows, bytes = older.bytes, data_version = older.data_version, schema_hash = older.schema_hash,
            code_version = older.code_version, definition_hash = older.definition_hash, inputs = older.inputs, metadata = older.metadata,
            made_by_run = older.made_by_run, made_by_step = older.made_by_step, made_at = older.made_at,
            verify_after = clock_timestamp() + make_interval(secs => $4)
       from older where p.asset = $1 and p.partition = $2
     returning p.version`,
    [asset, partition, version, verifyAfterSeconds],
  );
  return rows[0]?.version;
}
