/**
 * All that the control plane knows of a code location: data only, versioned and hashed, with no value of the
 * environment and no function in it. `snapshotOf(definitions)` makes it; a zod schema reads it back.
 */
import type { PartitionMapping } from "../partitions/mapping.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import type { ColumnSource, Transformation } from "./column-lineage.ts";
import type { BackfillPolicy, JobDefinition, ScheduleDefinition } from "./model.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { TableSchema } from "./table-schema.ts";

export const snapshotFormat = 1;

export interface Snapshot {
  readonly format: typeof snapshotFormat;
  /** Hex SHA-256 of the canonical JSON of all the rest. */
  readonly hash: string;
  readonly assets: readonly SnapshotAsset[];
  readonly computes: readonly SnapshotCompute[];
  readonly checks: readonly SnapshotAssetCheck[];
  readonly jobs: readonly JobDefinition[];
  readonly schedules: readonly ScheduleDefinition[];
  /** Names of the environment variables that resources refer to. */
  readonly environment: readonly string[];
}

export interface SnapshotAsset {
  readonly key: string;
  readonly kind: "asset" | "external";
  readonly group: string;
  readonly kinds: readonly string[];
  readonly owners: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly description?: string;
  /** The key that it had before. */
  readonly renamedFrom?: string;
  readonly partitions: PartitionsDefinition;
  /** The compute that makes it and its output's name there; absent for external assets. */
  readonly compute?: string;
  readonly output?: string;
  readonly optional: boolean;
  readonly observable: boolean;
  readonly schema?: TableSchema;
  /** Where it is stored; absent where nothing is. */
  readonly storage?: { readonly kind: string; readonly path: string; readonly extension: string };
  /** What was given of it; `retentionOf` fills in the rest. */
  readonly retention?: Partial<RetentionPolicy>;
  readonly checks: readonly SnapshotCheck[];
  /** What was declared of its columns; it decides nothing of how the asset is made. */
  readonly columnLineage?: readonly SnapshotColumnLineage[];
  readonly codeVersion?: string;
  /** Of deps, partitions, schema, code version and resources: a worker may claim a step only when it has the same. */
  readonly definitionHash: string;
  /** External assets: what their observation compares with. */
  readonly compares?: readonly SnapshotDependency[];
}

export interface SnapshotColumnLineage {
  readonly column: string;
  readonly from: readonly ColumnSource[];
  readonly transformation?: Transformation;
  readonly description?: string;
}

export interface SnapshotCompute {
  readonly name: string;
  /** In the order they are made. */
  readonly outputs: readonly { readonly name: string; readonly asset: string; readonly optional: boolean }[];
  readonly deps: readonly SnapshotDependency[];
  readonly partitions: PartitionsDefinition;
  readonly backfill: BackfillPolicy;
  readonly retry: RetryPolicy;
  readonly timeoutSeconds?: number;
  readonly pools: readonly string[];
  readonly readsPrevious: boolean;
  readonly codeVersion: string;
  readonly definitionHash: string;
  readonly sql?: { readonly text: string; readonly file?: string; readonly metrics?: string };
  /** The config's JSON schema, for forms; absent where the compute takes none. */
  readonly config?: unknown;
}

export interface SnapshotDependency {
  readonly name: string;
  readonly asset: string;
  /** Always given: inferred mappings are written out. */
  readonly mapping: PartitionMapping;
  readonly weak: boolean;
}

export interface SnapshotCheck {
  readonly name: string;
  readonly kind: string;
  readonly description?: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly columns: readonly string[];
  readonly history: number;
  readonly sql?: string;
}

export interface SnapshotAssetCheck {
  readonly asset: string;
  readonly name: string;
  readonly description?: string;
  readonly blocking: boolean;
  readonly severity: "error" | "warn";
  readonly deps: readonly SnapshotDependency[];
  readonly partitions: PartitionsDefinition;
  readonly retry: RetryPolicy;
  readonly codeVersion: string;
  readonly definitionHash: string;
}
