/** All that is known of one asset, as `iroko assets show --json` prints it: made of what either source tells. */
import type { ParquetFooter, ShownRow } from "@iroko/assets";
import { IrokoError } from "@iroko/core";
import type {
  AssetColumns,
  AssetDetail,
  AssetPartition,
  AssetStanding,
  AssetVersion,
  CheckResult as Check,
} from "@iroko/core/client";

type Described = Pick<
  AssetDetail,
  "key" | "kind" | "group" | "kinds" | "owners" | "tags" | "description" | "upstream" | "downstream" | "schema"
>;

export interface AssetFacts extends Described {
  /** Where each column comes from, and who reads it. */
  readonly columnLineage: AssetColumns;
  /** Each as ranges and as a number; `existing` is all there are now. */
  readonly partitions: AssetStanding["partitions"];
  /** Newest first. */
  readonly versions: readonly VersionFacts[];
  /** Of the one partition that was asked for, or that there is: what can be rolled back to, and what is current. */
  readonly kept: readonly KeptVersion[];
  /** When its data was purged, if it has not been made since. */
  readonly purgedAt: string | null;
  readonly checks: readonly CheckFacts[];
  /** Of the newest version, or the one that was asked for. null over a server. */
  readonly footer: ParquetFooter | null;
  readonly rows: readonly ShownRow[] | null;
}

/** Its partition is null where unpartitioned. */
export interface VersionFacts extends Pick<
  AssetPartition,
  "version" | "madeAt" | "rows" | "bytes" | "sha256" | "dataVersion" | "lastStatus" | "lastError" | "run"
> {
  readonly partition: string | null;
  /** Where readers find it; null over a server, which does not tell. */
  readonly uri: string | null;
  readonly metadata: NonNullable<AssetPartition["metadata"]>;
}

export type KeptVersion = Pick<
  AssetVersion,
  "version" | "current" | "madeAt" | "replacedAt" | "rows" | "bytes" | "dataVersion" | "run"
>;

export interface CheckFacts extends Pick<
  Check,
  "name" | "passed" | "severity" | "blocking" | "message" | "violations" | "sample"
> {
  readonly partition: string | null;
}

export interface AssetQuestion {
  readonly key: string;
  /** Only this partition. */
  readonly partition: string | undefined;
  /** How many rows to read; 0: none. */
  readonly rows: number;
  readonly versions: number;
}

export interface KnownOfAsset {
  readonly asset: Described;
  readonly columnLineage: AssetColumns;
  readonly standing: AssetStanding;
  readonly partitions: readonly AssetPartition[];
  readonly kept: readonly AssetVersion[];
  readonly checks: readonly Check[];
  /** Where readers find a partition, by its id. */
  readonly uriOf: (id: string) => string | null;
  readonly footer: ParquetFooter | null;
  readonly rows: readonly ShownRow[] | null;
}

export function factsOf(known: KnownOfAsset): AssetFacts {
  const { asset, columnLineage, standing, partitions, kept, checks, uriOf, footer, rows } = known;
  return {
    key: asset.key,
    kind: asset.kind,
    group: asset.group,
    kinds: asset.kinds,
    owners: asset.owners,
    tags: asset.tags,
    description: asset.description,
    upstream: asset.upstream,
    downstream: asset.downstream,
    schema: asset.schema,
    columnLineage,
    partitions: standing.partitions,
    versions: partitions.map((row) => ({
      partition: row.key || null,
      version: row.version,
      uri: row.objectKey === null ? null : uriOf(row.id),
      madeAt: row.madeAt,
      rows: row.rows,
      bytes: row.bytes,
      sha256: row.sha256,
      dataVersion: row.dataVersion,
      metadata: row.metadata ?? {},
      lastStatus: row.lastStatus,
      lastError: row.lastError,
      run: row.run,
    })),
    kept: kept.map(({ version, current, madeAt, replacedAt, rows, bytes, dataVersion, run }) => ({
      version,
      current,
      madeAt,
      replacedAt,
      rows,
      bytes,
      dataVersion,
      run,
    })),
    purgedAt: standing.purgedAt,
    checks: checks.map(({ name, partition, passed, severity, blocking, message, violations, sample }) => ({
      name,
      partition: partition || null,
      passed,
      severity,
      blocking,
      message,
      violations,
      sample,
    })),
    footer,
    rows,
  };
}

export function hasNoRows(key: string): IrokoError {
  return new IrokoError("INPUT_MISSING", `"${key}" has no rows to show: it has not been made.`, {
    hint: `Make it: iroko materialize --select '${key}'`,
  });
}
