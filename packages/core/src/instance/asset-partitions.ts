import type { ErrorRecord } from "../errors.ts";
import type { Metadata } from "../definitions/metadata.ts";
import { jsonText, type PartitionColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import type { Claim } from "./steps.ts";

/** A partition by its names in tables. */
export interface PartitionRow extends PartitionColumns {
  readonly asset: string;
}

/** What is current of a partition, as a step pins it. */
export interface CurrentRow {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly objectKey: string | null;
  readonly etag: string | null;
  readonly sha256: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly schemaHash: string | null;
  readonly dataVersion: string;
  readonly codeVersion: string | null;
  readonly definitionHash: string | null;
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
  readonly madeAt: Temporal.Instant;
  readonly metadata: Metadata | null;
}

const currentColumns = `p.asset, p.partition, p.version, p.object_key as "objectKey", p.etag, p.sha256, coalesce(p.rows, 0) as rows,
  coalesce(p.bytes, 0) as bytes, p.schema_hash as "schemaHash", p.data_version as "dataVersion", p.code_version as "codeVersion",
  p.definition_hash as "definitionHash", p.inputs, p.made_at as "madeAt", p.metadata`;

/**
 * Marks partitions as being made by a step, in key order. Returns the step that holds one of them already, if any: then
 * the caller rolls back and waits behind it. Whatever ends a step's running takes its marks off in the same transaction,
 * so a mark needs no look at its step, which might be out of date by the time that the row's lock is had.
 */
export async function markBusy(tx: Tx, step: number, partitions: readonly PartitionRow[]): Promise<number | undefined> {
  const { rows } = await tx.query<{ holder: number }>(
    `insert into iroko.asset_partition as p (asset, partition, time_window, rest, busy_step)
     select asset, partition, time_window, rest, $1
       from unnest($2::text[], $3::text[], $4::tstzrange[], $5::text[]) as wanted (asset, partition, time_window, rest)
      order by asset, partition
     on conflict (asset, partition) do update set busy_step = coalesce(p.busy_step, $1)
     returning busy_step as holder`,
    [
      step,
      partitions.map((row) => row.asset),
      partitions.map((row) => row.partition),
      partitions.map((row) => row.window),
      partitions.map((row) => row.rest),
    ],
  );
  return rows.find((row) => row.holder !== step)?.holder;
}

/** The current versions among the given partitions; those never made are not in the answer. */
export async function currentVersions(
  db: Queryable,
  wanted: readonly { readonly asset: string; readonly partition: string }[],
): Promise<readonly CurrentRow[]> {
  if (wanted.length === 0) return [];
  const { rows } = await db.query<CurrentRow>(
    `select ${currentColumns} from unnest($1::text[], $2::text[]) as wanted (asset, partition)
      cross join lateral (
            select * from iroko.asset_partition p
             where p.asset = wanted.asset and p.partition = wanted.partition and p.version is not null offset 0) p`,
    [wanted.map((row) => row.asset), wanted.map((row) => row.partition)],
  );
  return rows;
}

export interface StagedRow {
  readonly asset: string;
  readonly partition: string;
  readonly objectKey: string | null;
  readonly etag: string | null;
  readonly sha256: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly dataVersion: string;
  readonly schemaHash: string | null;
  /** By external asset and its partition: what was really read, instead of what was pinned. */
  readonly sourceVersions: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly metadata: unknown;
  readonly checks: unknown;
  readonly seconds: number;
}

/** Keeps what a step has staged, whole and checked: a later attempt narrows to the rest. */
export async function recordOutputs(tx: Tx, claim: Claim, outputs: readonly StagedRow[]): Promise<void> {
  if (outputs.length === 0) return;
  await tx.query(
    `insert into iroko.step_output (step, asset, partition, epoch, object_key, etag, sha256, rows, bytes, data_version, schema_hash, source_versions, metadata, checks, seconds)
     select $1, asset, partition, $2, "objectKey", etag, sha256, rows, bytes, "dataVersion", "schemaHash", "sourceVersions", metadata, checks, seconds
       from json_to_recordset($3) as output (asset text, partition text, "objectKey" text, etag text, sha256 text, rows bigint, bytes bigint,
            "dataVersion" text, "schemaHash" text, "sourceVersions" jsonb, metadata jsonb, checks jsonb, seconds real)
     on conflict (step, asset, partition) do nothing`,
    [claim.step, claim.epoch, jsonText(outputs)],
  );
}

/** What earlier attempts of a step have staged already. */
export async function stagedOutputs(db: Queryable, step: number): Promise<readonly StagedRow[]> {
  const { rows } = await db.query<StagedRow>(
    `select asset, partition, object_key as "objectKey", etag, sha256, rows, bytes, data_version as "dataVersion", schema_hash as "schemaHash",
            source_versions as "sourceVersions", metadata, checks, seconds from iroko.step_output where step = $1 order by asset, partition`,
    [step],
  );
  return rows;
}

export interface CommitFacts {
  readonly claim: Claim;
  readonly run: string;
  readonly writeSeq: number;
  readonly codeVersion: string;
  readonly definitionHash: string;
  /** Data versions read, per partition of the step: what staleness compares with. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

export interface CommittedRow {
  readonly asset: string;
  readonly partition: string;
  /** undefined: superseded by a later claim. */
  readonly version: number | null;
}

/** What becomes of the partitions of a step that were not made. */
export interface NotMade {
  readonly status: "failed" | "canceled";
  readonly error?: ErrorRecord;
}

/**
 * Moves the pointers of all that the step has staged: the only commit point. A claim that has read later inputs and has
 * committed already wins; then the version stays readable, but is not current. All of the step's partitions are free
 * again; of those it has not made, the outcome is kept.
 */
export async function commitOutputs(
  tx: Tx,
  facts: CommitFacts,
  notMade: NotMade | undefined,
  verifyAfterSeconds: number,
): Promise<readonly CommittedRow[]> {
  const { rows } = await tx.query<CommittedRow>(
    `with staged as (
       select o.* from iroko.step_output o
        where o.step = $1 and o.version is null and not o.superseded and $8::text is distinct from 'canceled'),
     locked as (
       select p.asset, p.partition
         from (select asset, partition from iroko.asset_partition where busy_step = $1 union select asset, partition from staged
                order by asset, partition) mine
        cross join lateral (
              select asset, partition from iroko.asset_partition where (asset, partition) = (mine.asset, mine.partition) for update) p),
     moved as (
       update iroko.asset_partition p
          set version = coalesce(p.version, 0) + 1, write_seq = $2, object_key = o.object_key, etag = o.etag, sha256 = o.sha256,
              rows = o.rows, bytes = o.bytes, data_version = o.data_version, schema_hash = o.schema_hash, code_version = $4,
              definition_hash = $5, inputs = ($6::jsonb -> o.partition) || o.source_versions, metadata = o.metadata, made_by_run = $3, made_by_step = $1,
              made_at = clock_timestamp(), last_status = 'succeeded', last_run = $3, last_step = $1, last_at = clock_timestamp(),
              last_error = null, busy_step = nullif(p.busy_step, $1),
              published_version = case when o.object_key is null then coalesce(p.version, 0) + 1 else p.published_version end,
              verify_after = case when o.object_key is null then null else clock_timestamp() + make_interval(secs => $7) end
         from staged o join locked using (asset, partition)
        where p.asset = o.asset and p.partition = o.partition and coalesce(p.write_seq, 0) <= $2
       returning p.asset, p.partition, p.version),
     outcome as (
       select locked.asset, locked.partition, $8 as status from locked left join staged using (asset, partition)
        where staged.step is null),
     freed as (
       update iroko.asset_partition p
          set busy_step = nullif(p.busy_step, $1),
              last_status = coalesce(o.status, p.last_status), last_error = case when o.status is null then p.last_error else $9::jsonb end,
              last_run = case when o.status is null then p.last_run else $3 end, last_step = case when o.status is null then p.last_step else $1 end,
              last_at = case when o.status is null then p.last_at else clock_timestamp() end
         from locked left join outcome o using (asset, partition)
        where p.asset = locked.asset and p.partition = locked.partition
          and (locked.asset, locked.partition) not in (select asset, partition from moved)),
     kept as (
       update iroko.step_output o set version = moved.version, superseded = moved.version is null
         from staged left join moved using (asset, partition)
        where o.step = $1 and o.asset = staged.asset and o.partition = staged.partition)
     select staged.asset, staged.partition, moved.version from staged left join moved using (asset, partition)`,
    [
      facts.claim.step,
      facts.writeSeq,
      facts.run,
      facts.codeVersion,
      facts.definitionHash,
      jsonText(facts.inputs),
      verifyAfterSeconds,
      notMade?.status ?? null,
      notMade?.error === undefined ? null : jsonText(notMade.error),
    ],
  );
  return rows;
}

/** The partitions of a step that is tried again are free meanwhile. */
export async function releasePartitions(tx: Tx, claim: Claim): Promise<void> {
  await tx.query(
    `with locked as (select asset, partition from iroko.asset_partition where busy_step = $1 order by asset, partition for update)
     update iroko.asset_partition p set busy_step = null from locked where p.asset = locked.asset and p.partition = locked.partition`,
    [claim.step],
  );
}

export interface ObservedRow extends PartitionRow {
  readonly dataVersion: string;
  readonly metadata: unknown;
}

/** Keeps what was observed of an external asset; an equal data version only renews the time. Returns what changed. */
export async function recordObservations(
  tx: Tx,
  run: string,
  step: number,
  observed: readonly ObservedRow[],
): Promise<readonly { readonly asset: string; readonly partition: string }[]> {
  if (observed.length === 0) return [];
  const { rows } = await tx.query<{ asset: string; partition: string; changed: boolean }>(
    `with wanted as (
       select * from json_to_recordset($1) as o (asset text, partition text, "window" tstzrange, rest text, "dataVersion" text, metadata jsonb)
        order by asset, partition),
     before as (
       select p.asset, p.partition, p.data_version from iroko.asset_partition p join wanted using (asset, partition)
        order by p.asset, p.partition for update of p),
     kept as (
       insert into iroko.asset_partition as p (asset, partition, time_window, rest, version, data_version, metadata, made_by_run, made_by_step, made_at,
                                               last_status, last_run, last_step, last_at, published_version)
       select asset, partition, "window", rest, 1, "dataVersion", metadata, $2, $3, clock_timestamp(), 'observed', $2, $3, clock_timestamp(), 1 from wanted
       on conflict (asset, partition) do update
          set version = coalesce(p.version, 0) + case when p.data_version is distinct from excluded.data_version then 1 else 0 end,
              published_version = coalesce(p.version, 0) + case when p.data_version is distinct from excluded.data_version then 1 else 0 end,
              data_version = excluded.data_version, metadata = excluded.metadata, made_at = excluded.made_at, made_by_run = excluded.made_by_run,
              made_by_step = excluded.made_by_step, last_status = 'observed', last_run = excluded.last_run, last_step = excluded.last_step,
              last_at = excluded.last_at)
     select wanted.asset, wanted.partition, before.data_version is distinct from wanted."dataVersion" as changed
       from wanted left join before using (asset, partition)`,
    [jsonText(observed), run, step],
  );
  return rows.filter((row) => row.changed);
}

/** A version that its stable path does not show yet. */
export interface UnpublishedRow {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly objectKey: string;
  readonly run: string;
}

export async function unpublishedOf(
  db: Queryable,
  asset: string,
  partition: string,
): Promise<UnpublishedRow | undefined> {
  const { rows } = await db.query<UnpublishedRow>(
    `select asset, partition, version, object_key as "objectKey", made_by_run as run from iroko.asset_partition
      where asset = $1 and partition = $2 and object_key is not null and published_version is distinct from version`,
    [asset, partition],
  );
  return rows[0];
}

/** What is overdue of some assets, whoever should have published it; the oldest first. */
export async function overdueToPublish(
  db: Queryable,
  assets: readonly string[],
  limit: number,
): Promise<readonly { readonly asset: string; readonly partition: string }[]> {
  const { rows } = await db.query<{ asset: string; partition: string }>(
    `select asset, partition from iroko.asset_partition
      where object_key is not null and published_version is distinct from version and made_at < clock_timestamp() - interval '3 seconds'
        and asset = any ($1) order by made_at limit $2`,
    [assets, limit],
  );
  return rows;
}

/**
 * The stable path shows this version now, whatever it showed before. Returns the pointer where that has moved on
 * meanwhile: somebody may have published it already, and this call's copy may have come after theirs.
 */
export async function markPublished(
  db: Queryable,
  { asset, partition, version }: Pick<UnpublishedRow, "asset" | "partition" | "version">,
): Promise<UnpublishedRow | undefined> {
  const { rows } = await db.query<UnpublishedRow>(
    `update iroko.asset_partition set published_version = $3, published_at = clock_timestamp()
      where asset = $1 and partition = $2 and version >= $3 and object_key is not null
     returning asset, partition, version, object_key as "objectKey", made_by_run as run`,
    [asset, partition, version],
  );
  return rows[0]?.version === version ? undefined : rows[0];
}

export interface AssetStatusRow {
  readonly asset: string;
  /** Multirange text and keys of what is made; of what failed last; of what is being made. */
  readonly madeWindows: string | null;
  readonly madeKeys: readonly string[] | null;
  readonly failedWindows: string | null;
  readonly failedKeys: readonly string[] | null;
  readonly busyWindows: string | null;
  readonly busyKeys: readonly string[] | null;
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: Temporal.Instant | null;
}

/** The state of assets as sets, in one statement. */
export async function assetStatuses(db: Queryable, assets: readonly string[]): Promise<readonly AssetStatusRow[]> {
  const { rows } = await db.query<AssetStatusRow>(
    `with part as (
       select p.*, s.id is not null as busy from iroko.asset_partition p
         left join iroko.step s on s.id = p.busy_step and s.status = 'running'
        where p.asset = any ($1))
     select asset,
            range_agg(time_window) filter (where version is not null and time_window is not null) as "madeWindows",
            array_agg(partition order by partition) filter (where version is not null and time_window is null) as "madeKeys",
            range_agg(time_window) filter (where last_status = 'failed' and time_window is not null) as "failedWindows",
            array_agg(partition order by partition) filter (where last_status = 'failed' and time_window is null) as "failedKeys",
            range_agg(time_window) filter (where busy and time_window is not null) as "busyWindows",
            array_agg(partition order by partition) filter (where busy and time_window is null) as "busyKeys",
            coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(bytes), 0)::bigint as bytes, max(made_at) as "lastMadeAt"
       from part group by asset`,
    [assets],
  );
  return rows;
}

/** All current versions of assets: what staleness is decided from. */
export async function versionsOfAssets(db: Queryable, assets: readonly string[]): Promise<readonly CurrentRow[]> {
  if (assets.length === 0) return [];
  const { rows } = await db.query<CurrentRow>(
    `select ${currentColumns} from iroko.asset_partition p where p.asset = any ($1) and p.version is not null`,
    [assets],
  );
  return rows;
}

/** Row counts of the last partitions before a window, newest first: what a check on the trend asks for. */
export async function rowsBefore(
  db: Queryable,
  asset: string,
  before: Temporal.Instant,
  count: number,
): Promise<readonly { readonly partition: string; readonly rows: number }[]> {
  const { rows } = await db.query<{ partition: string; rows: number }>(
    `select partition, coalesce(rows, 0) as rows from iroko.asset_partition
      where asset = $1 and version is not null and time_window is not null and lower(time_window) < $2 order by lower(time_window) desc limit $3`,
    [asset, before.toString(), count],
  );
  return rows;
}

export interface PartitionRecord extends CurrentRow {
  readonly lastStatus: string | null;
  readonly lastError: ErrorRecord | null;
  readonly lastRun: string | null;
  readonly lastAt: Temporal.Instant | null;
  readonly publishedVersion: number | null;
  readonly run: string | null;
}

/** Everything known of an asset's partitions, newest window first. */
export async function listPartitions(
  db: Queryable,
  asset: string,
  page: { readonly limit: number; readonly after?: string; readonly only?: string },
): Promise<readonly PartitionRecord[]> {
  const { rows } = await db.query<PartitionRecord>(
    `select ${currentColumns}, p.last_status as "lastStatus", p.last_error as "lastError", p.last_run as "lastRun", p.last_at as "lastAt",
            p.published_version as "publishedVersion", p.made_by_run as run
       from iroko.asset_partition p
      where p.asset = $1 and ($2::text is null or p.partition < $2) and ($3::text is null or p.partition = $3)
        and (p.version is not null or p.last_status is not null)
      order by p.partition desc limit $4`,
    [asset, page.after ?? null, page.only ?? null, page.limit],
  );
  return rows;
}

/** What a run has made: for the last line of a command. */
export async function materializationsOf(
  db: Queryable,
  run: string,
): Promise<
  readonly (StagedRow & { readonly version: number | null; readonly superseded: boolean; readonly n: number })[]
> {
  const { rows } = await db.query<StagedRow & { version: number | null; superseded: boolean; n: number }>(
    `select o.asset, o.partition, o.object_key as "objectKey", o.etag, o.sha256, o.rows, o.bytes, o.data_version as "dataVersion",
            o.schema_hash as "schemaHash", o.source_versions as "sourceVersions", o.metadata, o.checks, o.seconds, o.version, o.superseded, s.n
       from iroko.step s join iroko.step_output o on o.step = s.id where s.run = $1 and (o.version is not null or o.superseded)
      order by s.n, o.asset, o.partition`,
    [run],
  );
  return rows;
}
