/** All that is known of one asset, as `iroko assets show --json` prints it. */
import { objectCache, footerOf, readRows, type ParquetFooter, type ShownRow } from "@iroko/assets";
import {
  assetGraph,
  assetOf,
  countIn,
  existing,
  formatPartitions,
  intersect,
  IrokoError,
  partitionOf,
  reach,
  stalenessOf,
  subtract,
  type PartitionSet,
  type SnapshotAsset,
  type TableSchema,
} from "@iroko/core";
import {
  listCheckResults,
  listPartitions,
  listVersions,
  purgedAt,
  readMoment,
  readState,
  type Store,
} from "@iroko/core/engine";
import { join } from "node:path";
import { partitionKey, publishedUri } from "../runs/published.ts";
import type { Session } from "../session.ts";

export interface AssetFacts {
  readonly key: string;
  readonly kind: "asset" | "external";
  readonly group: string;
  readonly kinds: readonly string[];
  readonly owners: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | null;
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  readonly schema: TableSchema | null;
  /** Each as ranges and as a number; `existing` is all there are now. */
  readonly partitions: Readonly<
    Record<"existing" | "made" | "missing" | "failed" | "stale" | "behind" | "inProgress", SetFacts>
  >;
  /** Newest first. */
  readonly versions: readonly VersionFacts[];
  /** Of the one partition that was asked for, or that there is: what can be rolled back to, and what is current. */
  readonly kept: readonly KeptVersion[];
  /** When its data was purged, if it has not been made since. */
  readonly purgedAt: string | null;
  readonly checks: readonly CheckFacts[];
  /** Of the newest version, or the one that was asked for. */
  readonly footer: ParquetFooter | null;
  readonly rows: readonly ShownRow[] | null;
}

export interface SetFacts {
  readonly partitions: string;
  readonly count: number;
}

export interface VersionFacts {
  /** null where unpartitioned. */
  readonly partition: string | null;
  readonly version: number | null;
  readonly uri: string | null;
  readonly madeAt: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string | null;
  readonly dataVersion: string | null;
  readonly metadata: unknown;
  readonly lastStatus: string | null;
  readonly lastError: unknown;
  readonly run: string | null;
}

export interface KeptVersion {
  readonly version: number;
  readonly current: boolean;
  readonly madeAt: string;
  readonly replacedAt: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly dataVersion: string;
  readonly run: string | null;
}

export interface CheckFacts {
  readonly name: string;
  readonly partition: string | null;
  readonly passed: boolean;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  readonly sample: unknown;
}

export interface AssetQuestion {
  readonly key: string;
  /** Only this partition. */
  readonly partition: string | undefined;
  /** How many rows to read; 0: none. */
  readonly rows: number;
  readonly versions: number;
}

/** @throws {IrokoError} ASSET_NOT_FOUND, PARTITION_FORMAT, PARTITION_NOT_FOUND, what the store throws */
export async function assetFacts(session: Session, question: AssetQuestion): Promise<AssetFacts> {
  const { db, location } = session;
  const graph = assetGraph(location.snapshot);
  const asset = assetOf(graph, question.key);
  const id = question.partition === undefined ? undefined : partitionOf(asset.partitions, question.partition).id;
  const now = await readMoment(db, location.snapshot, Temporal.Now.instant());
  const one = id ?? (asset.partitions.kind === "none" ? "" : undefined);
  const [state, records, checks, store, kept, purged] = await Promise.all([
    readState(db, location.snapshot, [...reach([asset.key], graph.upstream)], now),
    listPartitions(db, asset.key, { limit: question.versions, ...(id === undefined ? {} : { only: id }) }),
    listCheckResults(db, asset.key, id),
    session.store(),
    one === undefined ? [] : listVersions(db, asset.key, one),
    one === undefined ? undefined : purgedAt(db, asset.key, one),
  ]);
  const { missing, stale, behind } = stalenessOf(graph, state, now).get(asset.key)!;
  const { materialized, failed, inProgress } = state.assets.get(asset.key)!;
  const exists = existing(asset.partitions, now);
  const set = (value: PartitionSet): SetFacts => ({
    partitions: formatPartitions(asset.partitions, value),
    count: countIn(asset.partitions, value),
  });
  const versions = records.map((row): VersionFacts => ({
    partition: keyOrNull(asset, row.partition),
    version: row.version,
    uri: row.objectKey === null ? null : publishedUri(store, asset, row.partition),
    madeAt: row.madeAt?.toString() ?? null,
    rows: row.rows,
    bytes: row.bytes,
    sha256: row.sha256,
    dataVersion: row.dataVersion,
    metadata: row.metadata ?? {},
    lastStatus: row.lastStatus,
    lastError: row.lastError,
    run: row.run,
  }));
  const newest = records.find(({ objectKey }) => objectKey !== null);
  const isParquet = asset.storage?.extension === ".parquet" && newest !== undefined;
  return {
    key: asset.key,
    kind: asset.kind,
    group: asset.group,
    kinds: asset.kinds,
    owners: asset.owners,
    tags: asset.tags,
    description: asset.description ?? null,
    upstream: graph.upstream.get(asset.key) ?? [],
    downstream: graph.downstream.get(asset.key) ?? [],
    schema: asset.schema ?? null,
    partitions: {
      existing: set(exists),
      made: set(intersect(materialized, exists)),
      missing: set(subtract(missing, failed)),
      failed: set(failed),
      stale: set(stale),
      behind: set(behind),
      inProgress: set(inProgress),
    },
    versions,
    kept: kept.map(({ version, current, madeAt, replacedAt, rows, bytes, dataVersion, run }) => ({
      version,
      current,
      madeAt: madeAt.toString(),
      replacedAt: replacedAt?.toString() ?? null,
      rows,
      bytes,
      dataVersion,
      run,
    })),
    purgedAt: purged?.toString() ?? null,
    checks: checks.map(({ name, partition, passed, severity, blocking, message, violations, sample }) => ({
      name,
      partition: keyOrNull(asset, partition),
      passed,
      severity,
      blocking,
      message,
      violations,
      sample,
    })),
    footer: isParquet ? await footerOf(store, newest.objectKey!) : null,
    rows: question.rows === 0 ? null : await previewRows(session, store, asset, newest, question.rows),
  };
}

async function previewRows(
  { project }: Session,
  store: Store,
  { key, schema, storage }: SnapshotAsset,
  newest: { readonly objectKey: string | null; readonly etag: string | null } | undefined,
  limit: number,
): Promise<readonly ShownRow[]> {
  if (newest === undefined) {
    throw new IrokoError("INPUT_MISSING", `"${key}" has no rows to show: it has not been made.`, {
      hint: `Make it: iroko materialize --select '${key}'`,
    });
  }
  if (schema === undefined || storage?.extension !== ".parquet") {
    throw new IrokoError("PARQUET_INVALID", `"${key}" is not stored as Parquet: its rows cannot be shown.`);
  }
  const cache = objectCache({ directory: join(project.home, "cache"), maxBytes: 10 * 2 ** 30 });
  const { file } = await cache.fetch(store, newest.objectKey!, newest.etag!);
  return await readRows([file], schema, limit);
}

function keyOrNull(asset: SnapshotAsset, id: string): string | null {
  return partitionKey(asset, id) || null;
}
