import type { ErrorRecord } from "../errors.ts";
import type { Metadata } from "../definitions/metadata.ts";
import { jsonText, type PartitionColumns } from "./columns.ts";
import type { Queryable, Tx } from "./database.ts";
import type { Claim } from "./step-claims.ts";
import { keepVersions, versionColumns } from "./versions.ts";

/** A partition by its names in tables. */
export interface PartitionRow extends PartitionColumns {
  readonly asset: string;
}

/** What is current of a partition, as a step pins it. */
export interface PinnableRow {
  readonly asset: string;
  readonly partition: string;
  readonly version: number;
  readonly objectKey: string | null;
  readonly etag: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly schemaHash: string | null;
  readonly dataVersion: string;
  readonly metadata: Metadata | null;
}

/** And by whom it was made, from what. */
export interface CurrentRow extends PinnableRow {
  readonly sha256: string | null;
  readonly codeVersion: string | null;
  readonly definitionHash: string | null;
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>> | null;
  readonly madeAt: Temporal.Instant;
}

const pinnableColumns = `p.asset, p.partition, p.version, p.object_key as "objectKey", p.etag, coalesce(p.rows, 0) as rows,
  coalesce(p.bytes, 0) as bytes, p.schema_hash as "schemaHash", p.data_version as "dataVersion", p.metadata`;
const currentColumns = `${pinnableColumns}, p.sha256, p.code_version as "codeVersion", p.definition_hash as "definitionHash", p.inputs,
  p.made_at as "madeAt"`;

/**
 * Marks partitions as being made by steps, in key order. Returns which steps find one held already, and by which step:
 * then the caller rolls back and they wait behind it. Whatever ends a step's running takes its marks off in the same
 * transaction, so a mark needs no look at its step, which might be out of date by the time that the row's lock is had.
 */
export async function markBusy(
  tx: Tx,
  partitions: readonly (PartitionRow & { readonly step: number })[],
): Promise<readonly { readonly step: number; readonly holder: number }[]> {
  if (partitions.length === 0) return [];
  const { rows } = await tx.query<{ asset: string; partition: string; holder: number }>(
    `insert into iroko.asset_partition as p (asset, partition, time_window, rest, busy_step)
     select asset, partition, time_window, rest, step
       from unnest($1::bigint[], $2::text[], $3::text[], $4::tstzrange[], $5::text[]) as wanted (step, asset, partition, time_window, rest)
      order by asset, partition
     on conflict (asset, partition) do update set busy_step = coalesce(p.busy_step, excluded.busy_step)
     returning asset, partition, busy_step as holder`,
    [
      partitions.map((row) => row.step),
      partitions.map((row) => row.asset),
      partitions.map((row) => row.partition),
      partitions.map((row) => row.window),
      partitions.map((row) => row.rest),
    ],
  );
  const holders = new Map(rows.map(({ asset, partition, holder }) => [`${asset} ${partition}`, holder]));
  return partitions.flatMap(({ step, asset, partition }) => {
    const holder = holders.get(`${asset} ${partition}`);
    return holder === undefined || holder === step ? [] : [{ step, holder }];
  });
}

type PartitionNames = readonly { readonly asset: string; readonly partition: string }[];

/** The current versions among the given partitions; those never made are not in the answer. */
export const currentVersions = (db: Queryable, wanted: PartitionNames): Promise<readonly CurrentRow[]> =>
  versionsOf<CurrentRow>(db, currentColumns, wanted);

/** The same as far as steps read it: how each was made, from however many inputs, need not be. */
export const pinnableVersions = (db: Queryable, wanted: PartitionNames): Promise<readonly PinnableRow[]> =>
  versionsOf<PinnableRow>(db, pinnableColumns, wanted);

async function versionsOf<Row extends PinnableRow>(
  db: Queryable,
  columns: string,
  wanted: PartitionNames,
): Promise<readonly Row[]> {
  if (wanted.length === 0) return [];
  const { rows } = await db.query<Row>(
    `select ${columns} from unnest($1::text[], $2::text[]) as wanted (asset, partition)
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

/** Keeps what steps have staged, whole and checked: a later attempt narrows to the rest. */
export async function recordOutputs(
  tx: Tx,
  outputs: readonly (StagedRow & Pick<Claim, "step" | "epoch">)[],
): Promise<void> {
  if (outputs.length === 0) return;
  await tx.query(
    `insert into iroko.step_output (step, asset, partition, epoch, object_key, etag, sha256, rows, bytes, data_version, schema_hash, source_versions, metadata, checks, seconds)
     select step, asset, partition, epoch, "objectKey", etag, sha256, rows, bytes, "dataVersion", "schemaHash", "sourceVersions", metadata, checks, seconds
       from json_to_recordset($1) as output (step bigint, asset text, partition text, epoch integer, "objectKey" text, etag text, sha256 text,
            rows bigint, bytes bigint, "dataVersion" text, "schemaHash" text, "sourceVersions" jsonb, metadata jsonb, checks jsonb, seconds real)
     on conflict (step, asset, partition) do nothing`,
    [jsonText(outputs)],
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

/** What the commit of a step's outputs writes beside them. */
export interface CommitFacts {
  readonly step: number;
  readonly epoch: number;
  readonly run: string;
  readonly writeSeq: number;
  readonly codeVersion: string;
  readonly definitionHash: string;
  /** Data versions read, per partition of the step: what staleness compares with. */
  readonly inputs: ReadonlyMap<string, unknown>;
  /** Outputs that were not recorded when they were staged: those that store nothing. */
  readonly outputs: readonly StagedRow[];
  /** What becomes of the partitions that were not made. */
  readonly notMade?: { readonly status: "failed" | "canceled"; readonly error?: ErrorRecord };
}

export interface CommittedRow {
  readonly step: number;
  readonly asset: string;
  readonly partition: string;
  /** null: superseded by a later claim. */
  readonly version: number | null;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Moves the pointers of all that steps have staged: the only commit point. A claim that has read later inputs and has
 * committed already wins; then the version stays readable, but is not current. All of the steps' partitions are free
 * again; of those they have not made, the outcome is kept.
 */
export async function commitOutputs(
  tx: Tx,
  facts: readonly CommitFacts[],
  verifyAfterSeconds: number,
): Promise<readonly CommittedRow[]> {
  if (facts.length === 0) return [];
  const { rows } = await tx.query<CommittedRow>(
    `with fact as (
       select * from json_to_recordset($2) as fact (step bigint, run uuid, write_seq bigint, code_version text, definition_hash text,
              status text, error jsonb)),
     staged as (
       select o.step, asset, partition, o.epoch, object_key, etag, sha256, rows, bytes, data_version, schema_hash, source_versions, metadata, checks,
              seconds, true as recorded
         from iroko.step_output o join fact using (step)
        where o.step = any ($1::bigint[]) and o.version is null and not o.superseded and fact.status is distinct from 'canceled'
       union all
       select step, asset, partition, epoch, null, null, null, rows, bytes, "dataVersion", "schemaHash", "sourceVersions", metadata, checks, seconds, false
         from json_to_recordset($5) as output (step bigint, epoch integer, asset text, partition text, rows bigint, bytes bigint, "dataVersion" text,
              "schemaHash" text, "sourceVersions" jsonb, metadata jsonb, checks jsonb, seconds real)),
     mine as (
       select step, asset, partition, busy.step is not null as busy, staged.step is not null as staged, staged as output
         from (select busy_step as step, asset, partition from iroko.asset_partition where busy_step = any ($1::bigint[])) busy
         full join staged using (step, asset, partition)
        order by asset, partition),
     -- Each row as it is once it is locked: whether this claim wins is decided by that. All that follows needs of it goes along:
     -- joined once more, the partitions of a long range would be compared each with each.
     current as materialized (
       select mine.*, p.write_seq as write_seq_before, p.next_version, p.before
         from mine cross join lateral (
              select a.write_seq, coalesce(a.version, a.purged_version, 0) + 1 as next_version, case when a.version is not null and a.object_key is not null then a end as before
                from iroko.asset_partition a where (a.asset, a.partition) = (mine.asset, mine.partition) for update) p),
     locked as (
       select current.*, staged and coalesce(write_seq_before, 0) <= fact.write_seq as wins, fact.run, fact.write_seq, fact.code_version,
              fact.definition_hash, case when not staged then fact.status end as status, fact.error
         from current join fact using (step)),
     made as (
       select locked.*, coalesce(input.versions, '{}') || (output).source_versions as inputs
         from locked left join json_to_recordset($3) as input (step bigint, partition text, versions jsonb) using (step, partition)
        where locked.wins),
     replaced as (${keepVersions} select ${versionColumns("(locked.before)")} from locked where wins and (locked.before).version is not null),
     moved as (
       update iroko.asset_partition p
          set version = o.next_version, write_seq = o.write_seq, object_key = (o.output).object_key, etag = (o.output).etag,
              sha256 = (o.output).sha256, rows = (o.output).rows, bytes = (o.output).bytes, data_version = (o.output).data_version,
              schema_hash = (o.output).schema_hash, code_version = o.code_version, definition_hash = o.definition_hash,
              inputs = o.inputs, metadata = (o.output).metadata, made_by_run = o.run, made_by_step = o.step,
              made_at = clock_timestamp(), last_status = 'succeeded', last_run = o.run, last_step = o.step, last_at = clock_timestamp(),
              last_error = null, busy_step = nullif(p.busy_step, o.step),
              published_version = case when (o.output).object_key is null then o.next_version else p.published_version end,
              verify_after = case when (o.output).object_key is null then null else clock_timestamp() + make_interval(secs => $4) end
         from made o where p.asset = o.asset and p.partition = o.partition),
     freed as (
       update iroko.asset_partition p
          set busy_step = nullif(p.busy_step, o.step),
              last_status = coalesce(o.status, p.last_status), last_error = case when o.status is null then p.last_error else o.error end,
              last_run = case when o.status is null then p.last_run else o.run end, last_step = case when o.status is null then p.last_step else o.step end,
              last_at = case when o.status is null then p.last_at else clock_timestamp() end
         from locked o where not o.wins and p.asset = o.asset and p.partition = o.partition),
     told as (
       select step, asset, partition, case when wins then next_version end as version, output from locked where staged),
     kept as (
       update iroko.step_output o set version = told.version, superseded = told.version is null
         from told where (told.output).recorded and o.step = told.step and o.asset = told.asset and o.partition = told.partition),
     added as (
       insert into iroko.step_output (step, asset, partition, epoch, rows, bytes, data_version, schema_hash, source_versions, metadata, checks, seconds,
                                      version, superseded)
       select step, asset, partition, (output).epoch, (output).rows, (output).bytes, (output).data_version, (output).schema_hash, (output).source_versions,
              (output).metadata, (output).checks, (output).seconds, version, version is null
         from told where not (output).recorded)
     select step, asset, partition, version, (output).rows, (output).bytes from told`,
    [
      facts.map(({ step }) => step),
      jsonText(
        facts.map(({ step, run, writeSeq, codeVersion, definitionHash, notMade }) => ({
          step,
          run,
          write_seq: writeSeq,
          code_version: codeVersion,
          definition_hash: definitionHash,
          ...notMade,
        })),
      ),
      jsonText(
        facts.flatMap(({ step, inputs }) =>
          [...inputs].map(([partition, versions]) => ({ step, partition, versions })),
        ),
      ),
      verifyAfterSeconds,
      jsonText(facts.flatMap(({ step, epoch, outputs }) => outputs.map((output) => ({ ...output, step, epoch })))),
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
  observed: readonly (ObservedRow & { readonly run: string; readonly step: number })[],
): Promise<readonly { readonly asset: string; readonly partition: string }[]> {
  if (observed.length === 0) return [];
  const { rows } = await tx.query<{ asset: string; partition: string; changed: boolean }>(
    `with wanted as (
       select distinct on (asset, partition) *
         from json_to_recordset($1) as o (asset text, partition text, "window" tstzrange, rest text, "dataVersion" text, metadata jsonb, run uuid, step bigint)
        order by asset, partition, step desc),
     before as (
       select p.asset, p.partition, p.data_version from iroko.asset_partition p join wanted using (asset, partition)
        order by p.asset, p.partition for update of p),
     kept as (
       insert into iroko.asset_partition as p (asset, partition, time_window, rest, version, data_version, metadata, made_by_run, made_by_step, made_at,
                                               last_status, last_run, last_step, last_at, published_version)
       select asset, partition, "window", rest, 1, "dataVersion", metadata, run, step, clock_timestamp(), 'observed', run, step, clock_timestamp(), 1 from wanted
       on conflict (asset, partition) do update
          set version = coalesce(p.version, 0) + case when p.data_version is distinct from excluded.data_version then 1 else 0 end,
              published_version = coalesce(p.version, 0) + case when p.data_version is distinct from excluded.data_version then 1 else 0 end,
              data_version = excluded.data_version, metadata = excluded.metadata, made_at = excluded.made_at, made_by_run = excluded.made_by_run,
              made_by_step = excluded.made_by_step, last_status = 'observed', last_run = excluded.last_run, last_step = excluded.last_step,
              last_at = excluded.last_at)
     select wanted.asset, wanted.partition, before.data_version is distinct from wanted."dataVersion" as changed
       from wanted left join before using (asset, partition)`,
    [jsonText(observed)],
  );
  return rows.filter((row) => row.changed);
}

/** Whose stable paths do not show the current version yet: in the words of the index of just these. */
export const isUnpublished = "object_key is not null and nullif(version, published_version) is not null";

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
      where asset = $1 and partition = $2 and ${isUnpublished}`,
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
      where ${isUnpublished} and made_at < clock_timestamp() - interval '3 seconds'
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

/**
 * What of one upstream asset, by its key or its former one, each of these partitions has read: data versions by its
 * partitions; null: nothing of it.
 */
export async function readVersionsOf(
  db: Queryable,
  asset: string,
  [key, formerKey]: readonly [key: string, formerKey: string],
  partitions: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string>> | null>> {
  const { rows } = await db.query<{ partition: string; read: Readonly<Record<string, string>> | null }>(
    `select p.partition, coalesce(p.inputs -> $2, p.inputs -> $3) as read from unnest($4::text[]) wanted cross join lateral (
            select * from iroko.asset_partition p where p.asset = $1 and p.partition = wanted and p.version is not null offset 0) p`,
    [asset, key, formerKey, partitions],
  );
  return new Map(rows.map(({ partition, read }) => [partition, read]));
}

/** The current data versions among the given partitions of an asset. */
export async function dataVersionsOf(
  db: Queryable,
  asset: string,
  partitions: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ partition: string; version: string }>(
    `select p.partition, p.data_version as version from unnest($2::text[]) wanted cross join lateral (
            select * from iroko.asset_partition p where p.asset = $1 and p.partition = wanted and p.version is not null offset 0) p`,
    [asset, partitions],
  );
  return new Map(rows.map(({ partition, version }) => [partition, version]));
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

/** What of a partition can be drawn. */
export interface PartitionNumbers {
  readonly partition: string;
  readonly rows: number | null;
  readonly bytes: number | null;
  /** The numbers among it. */
  readonly metadata: Metadata | null;
}

/** Of the newest that are made: by their names, which are of time first, or by when they were made. */
export async function listPartitionNumbers(
  db: Queryable,
  asset: string,
  { limit, by }: { readonly limit: number; readonly by: "name" | "madeAt" },
): Promise<readonly PartitionNumbers[]> {
  const { rows } = await db.query<PartitionNumbers>(
    `with newest as (
       select partition, rows, bytes, metadata from iroko.asset_partition
        where asset = $1 and version is not null order by ${by === "name" ? "partition desc" : "made_at desc, partition desc"} limit $2)
     select partition, rows, bytes, numbers as metadata
       from newest left join lateral (
         select jsonb_object_agg(key, value) as numbers from jsonb_each(metadata)
          where value ->> 'type' in ('int', 'float', 'decimal', 'bytes', 'duration')) m on true
      order by partition desc`,
    [asset, limit],
  );
  return rows;
}

/** What a run has made: for the last line of a command. */
export async function materializationsOf(
  db: Queryable,
  run: string,
  page: { readonly limit?: number; readonly after?: readonly [n: number, asset: string, partition: string] } = {},
): Promise<
  readonly (StagedRow & { readonly version: number | null; readonly superseded: boolean; readonly n: number })[]
> {
  const { rows } = await db.query<StagedRow & { version: number | null; superseded: boolean; n: number }>(
    `select o.asset, o.partition, o.object_key as "objectKey", o.etag, o.sha256, o.rows, o.bytes, o.data_version as "dataVersion",
            o.schema_hash as "schemaHash", o.source_versions as "sourceVersions", o.metadata, o.checks, o.seconds, o.version, o.superseded, s.n
       from iroko.step s join iroko.step_output o on o.step = s.id where s.run = $1 and (o.version is not null or o.superseded)
        and ($2::integer is null or (s.n >= $2 and (s.n, o.asset, o.partition) > ($2, $3, $4)))
      order by s.n, o.asset, o.partition limit $5`,
    [run, ...(page.after ?? [null, null, null]), page.limit ?? null],
  );
  return rows;
}
