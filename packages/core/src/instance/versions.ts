/**
 * Versions of partitions: the current one is the pointer in `asset_partition`, those before it are rows of `asset_version`.
 * A row keeps its object from being collected; retention takes rows away, and the collector then their objects.
 */
import type { Queryable } from "./database.ts";

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
): Promise<readonly VersionRow[]> {
  const { rows } = await db.query<VersionRow>(
    `select version, current, object_key as "objectKey", etag, sha256, data_version as "dataVersion", rows, bytes, made_by_run as run,
            made_at as "madeAt", replaced_at as "replacedAt"
       from (select ${versionColumns("p")}, true as current, null::timestamptz as replaced_at
               from iroko.asset_partition p where asset = $1 and partition = $2 and version is not null
              union all
             select ${versionColumns("v")}, false, v.replaced_at from iroko.asset_version v where asset = $1 and partition = $2) versions
      order by version desc limit $3`,
    [asset, partition, limit],
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
