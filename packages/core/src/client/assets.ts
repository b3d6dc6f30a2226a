/** Assets: how each stands, what is made of it, what was there before, and why. */
import { z } from "zod";
import type { Metadata } from "../definitions/metadata.ts";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import type { Column } from "../definitions/table-schema.ts";
import type { RetryPolicy } from "../definitions/retry-policy.ts";
import type { ErrorRecord } from "../errors.ts";
import type { ExplainedStatus, ReasonCode } from "../planning/explanation.ts";
import { eventCursor, instanceEvent, type InstanceEvent } from "./events.ts";
import { cursorOf, listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { gridCell, partitionGrid, type GridInput, type PartitionGrid } from "./partition-grid.ts";
import {
  errorRecord,
  flag,
  instant,
  metadata,
  name,
  number,
  partitionKey,
  partitionsText,
  selection,
  tags,
  text,
  texts,
} from "./values.ts";

export interface AssetInput {
  readonly key: string;
}

export interface AssetsInput {
  /** In the selection grammar. */
  readonly select?: string | undefined;
  /** The code location; needed with a selection where there are several. */
  readonly location?: string | undefined;
  /** A selection that selects nothing is no mistake. */
  readonly allowEmpty?: boolean | undefined;
}

/** The worst thing first. */
export type AssetHealth = "failed" | "running" | "missing" | "made" | "unknown";

export interface AssetStatus {
  readonly health: AssetHealth;
  /** One sentence for people. */
  readonly sentence: string;
  /** In the text form; null: none. */
  readonly partitions: {
    readonly exists: string | null;
    readonly made: string | null;
    readonly missing: string | null;
    readonly failed: string | null;
    readonly running: string | null;
  };
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: string | null;
}

export interface Asset extends Pick<SnapshotAsset, "key" | "kind" | "group" | "kinds" | "owners" | "tags"> {
  readonly description: string | null;
  readonly location: string;
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  readonly status: AssetStatus;
}

/** An asset by numbers. */
export interface AssetCounts extends Pick<Asset, "key" | "group" | "kinds" | "owners"> {
  readonly external: boolean;
  /** How many exist now. */
  readonly partitions: number;
  readonly made: number;
  readonly failed: number;
  readonly stale: number;
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: string | null;
}

export interface AssetDetail extends Asset {
  readonly schema: { readonly columns: readonly Column[]; readonly hash: string } | null;
  readonly storage: { readonly kind: string; readonly path: string; readonly extension: string } | null;
  readonly codeVersion: string | null;
  /** As the snapshot has it: its `kind` is time, fixed, dynamic, multi or none. */
  readonly partitionsDefinition: { readonly kind: string };
  readonly compute: AssetCompute | null;
  readonly checks: readonly AssetCheck[];
}

/** What makes it. */
export interface AssetCompute {
  readonly name: string;
  /** Made together with it, itself among them. */
  readonly outputs: readonly string[];
  readonly deps: readonly { readonly name: string; readonly asset: string; readonly weak: boolean }[];
  readonly pools: readonly string[];
  readonly retry: RetryPolicy;
  readonly sql: string | null;
  /** The JSON schema of its config; null where it takes none. */
  readonly config: unknown;
}

export interface AssetCheck {
  readonly name: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly description: string | null;
}

/** What is stale, and why. */
export interface AssetStaleness {
  /** In the text form; null: nothing. */
  readonly stale: string | null;
  readonly causes: readonly { readonly partitions: string; readonly reason: string }[];
}

export interface AssetPartition {
  /** Its name in tables, which no change of the definition renumbers. */
  readonly id: string;
  readonly key: string;
  /** null: not made. */
  readonly version: number | null;
  readonly rows: number;
  readonly bytes: number;
  readonly dataVersion: string | null;
  readonly codeVersion: string | null;
  readonly schemaHash: string | null;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly madeAt: string | null;
  /** The run that made it. */
  readonly run: string | null;
  readonly publishedVersion: number | null;
  readonly metadata: Metadata | null;
  readonly lastStatus: string | null;
  readonly lastRun: string | null;
  readonly lastAt: string | null;
  readonly lastError: ErrorRecord | null;
}

export interface PartitionInput extends AssetInput {
  /** Left out where the asset has none. */
  readonly partition?: string | undefined;
}

/** How many of its partitions stand how, and which, as ranges. */
export interface AssetStanding {
  readonly partitions: Readonly<
    Record<
      "existing" | "made" | "missing" | "failed" | "stale" | "behind" | "inProgress",
      { readonly partitions: string; readonly count: number }
    >
  >;
  /** Of the one partition that was asked for, or that there is: when its data was purged, if it has not been made since. */
  readonly purgedAt: string | null;
}

export interface AssetVersion {
  readonly version: number;
  readonly current: boolean;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly dataVersion: string;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly run: string | null;
  readonly madeAt: string;
  /** When the next one took its place. */
  readonly replacedAt: string | null;
}

export interface CheckResult {
  readonly name: string;
  readonly partition: string;
  readonly passed: boolean;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  /** Some of the rows that broke it. */
  readonly sample: unknown;
  readonly metadata: Metadata | null;
  readonly run: string | null;
  readonly at: string;
}

export interface ExplainInput extends AssetInput {
  /** In the text form; all that exist where left out. */
  readonly partitions?: string | undefined;
}

export interface ExplainedReason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly asset?: string;
  readonly partitions?: string;
  readonly run?: string;
  readonly step?: number;
  readonly at?: string;
  readonly until?: string;
  readonly error?: ErrorRecord;
  /** What mends it, or makes it. */
  readonly command?: string;
  readonly because?: readonly ExplainedReason[];
}

export interface ExplainedAsset {
  readonly asset: string;
  /** Partitions that stand alike, and why the last of them does. */
  readonly groups: readonly {
    readonly status: ExplainedStatus;
    readonly partitions: string;
    readonly count: number;
    readonly example?: string;
    readonly because: readonly ExplainedReason[];
  }[];
  /** Who asks for it, and when next. */
  readonly schedules: readonly ExplainedReason[];
}

export interface RollbackInput extends PartitionInput {
  /** A kept version; by default the one before that which is shown now. */
  readonly to?: number | undefined;
}

export interface RolledBack {
  /** What was current until now. */
  readonly from: number;
  /** What is shown again. */
  readonly to: number;
  /** Under which number. */
  readonly version: number;
}

const assetStatus: z.ZodType<AssetStatus> = z
  .object({
    health: z.enum(["failed", "running", "missing", "made", "unknown"]),
    sentence: text,
    partitions: z.object({
      exists: text.nullable(),
      made: text.nullable(),
      missing: text.nullable(),
      failed: text.nullable(),
      running: text.nullable(),
    }),
    rows: number,
    bytes: number,
    lastMadeAt: instant.nullable(),
  })
  .meta({ id: "AssetStatus" });

const assetFields = {
  key: text,
  kind: z.enum(["asset", "external"]),
  group: text,
  kinds: texts,
  owners: texts,
  tags,
  description: text.nullable(),
  location: text,
  upstream: texts,
  downstream: texts,
  status: assetStatus,
};
const asset: z.ZodType<Asset> = z.object(assetFields).meta({ id: "Asset" });

const columnType: z.ZodType<Column["type"]> = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["text", "boolean", "timestamp", "date", "json", "bytes"]) }),
  z.object({
    kind: z.literal("integer"),
    bits: z.union([z.literal(8), z.literal(16), z.literal(32), z.literal(64)]),
    as: z.literal("bigint").exactOptional(),
  }),
  z.object({ kind: z.literal("float"), bits: z.union([z.literal(32), z.literal(64)]) }),
  z.object({ kind: z.literal("decimal"), precision: number, scale: number }),
]);
const bound = z.object({ value: text, inclusive: z.boolean() });
const column: z.ZodType<Column> = z
  .object({
    name: text,
    type: columnType,
    nullable: z.boolean(),
    sensitive: z.boolean(),
    description: text.exactOptional(),
    enum: texts.exactOptional(),
    minimum: bound.exactOptional(),
    maximum: bound.exactOptional(),
    minLength: number.exactOptional(),
    maxLength: number.exactOptional(),
    pattern: text.exactOptional(),
  })
  .meta({ id: "Column" });

const assetCounts: z.ZodType<AssetCounts> = z
  .object({
    key: text,
    group: text,
    kinds: texts,
    owners: texts,
    external: z.boolean(),
    partitions: number,
    made: number,
    failed: number,
    stale: number,
    rows: number,
    bytes: number,
    lastMadeAt: instant.nullable(),
  })
  .meta({ id: "AssetCounts" });

const assetDetail: z.ZodType<AssetDetail> = z
  .object({
    ...assetFields,
    schema: z.object({ columns: z.array(column), hash: text }).nullable(),
    storage: z.object({ kind: text, path: text, extension: text }).nullable(),
    codeVersion: text.nullable(),
    partitionsDefinition: z.looseObject({ kind: text }),
    compute: z
      .object({
        name: text,
        outputs: texts,
        deps: z.array(z.object({ name: text, asset: text, weak: z.boolean() })),
        pools: texts,
        retry: z.object({
          maxRetries: number,
          backoff: z.enum(["constant", "linear", "exponential"]),
          baseSeconds: number,
          capSeconds: number,
          jitter: z.enum(["none", "full", "equal", "decorrelated"]),
          retryOn: z.union([z.literal("transient"), z.array(z.string())]),
        }),
        sql: text.nullable(),
        config: z.unknown(),
      })
      .nullable(),
    checks: z.array(
      z.object({
        name: text,
        severity: z.enum(["error", "warn"]),
        blocking: z.boolean(),
        description: text.nullable(),
      }),
    ),
  })
  .meta({ id: "AssetDetail" });

const assetPartition: z.ZodType<AssetPartition> = z
  .object({
    id: text,
    key: text,
    version: number.nullable(),
    rows: number,
    bytes: number,
    dataVersion: text.nullable(),
    codeVersion: text.nullable(),
    schemaHash: text.nullable(),
    objectKey: text.nullable(),
    sha256: text.nullable(),
    madeAt: instant.nullable(),
    run: text.nullable(),
    publishedVersion: number.nullable(),
    metadata: metadata.nullable(),
    lastStatus: text.nullable(),
    lastRun: text.nullable(),
    lastAt: instant.nullable(),
    lastError: errorRecord.nullable(),
  })
  .meta({ id: "Partition" });

const counted = z.object({ partitions: text, count: number });
const assetStanding: z.ZodType<AssetStanding> = z
  .object({
    partitions: z.object({
      existing: counted,
      made: counted,
      missing: counted,
      failed: counted,
      stale: counted,
      behind: counted,
      inProgress: counted,
    }),
    purgedAt: instant.nullable(),
  })
  .meta({ id: "AssetStanding" });

const assetVersion: z.ZodType<AssetVersion> = z
  .object({
    version: number,
    current: z.boolean(),
    rows: number.nullable(),
    bytes: number.nullable(),
    dataVersion: text,
    objectKey: text.nullable(),
    sha256: text.nullable(),
    run: text.nullable(),
    madeAt: instant,
    replacedAt: instant.nullable(),
  })
  .meta({ id: "Version" });

const checkResult: z.ZodType<CheckResult> = z
  .object({
    name: text,
    partition: text,
    passed: z.boolean(),
    severity: z.enum(["error", "warn"]),
    blocking: z.boolean(),
    message: text.nullable(),
    violations: number.nullable(),
    sample: z.unknown(),
    metadata: metadata.nullable(),
    run: text.nullable(),
    at: instant,
  })
  .meta({ id: "CheckResult" });

const reason: z.ZodType<ExplainedReason> = z
  .object({
    // Open: a later server may know more.
    code: z.string() as unknown as z.ZodType<ReasonCode>,
    message: text,
    asset: text.exactOptional(),
    partitions: text.exactOptional(),
    run: text.exactOptional(),
    step: number.exactOptional(),
    at: instant.exactOptional(),
    until: instant.exactOptional(),
    error: errorRecord.exactOptional(),
    command: text.exactOptional(),
    get because(): z.ZodExactOptional<z.ZodType<readonly ExplainedReason[]>> {
      return (z.array(reason) as z.ZodType<readonly ExplainedReason[]>).exactOptional();
    },
  })
  .meta({ id: "Reason" });

const explained: z.ZodType<ExplainedAsset> = z.object({
  asset: text,
  groups: z.array(
    z.object({
      status: z.enum(["running", "waiting", "failed", "missing", "stale", "behind", "fresh", "observed", "not yet"]),
      partitions: text,
      count: number,
      example: text.exactOptional(),
      because: z.array(reason),
    }),
  ),
  schedules: z.array(reason),
});

const assetInput: z.ZodType<AssetInput> = z.strictObject({ key: name });

export const assets: {
  readonly list: ListOperation<AssetsInput, Asset>;
  readonly counts: ListOperation<AssetsInput, AssetCounts>;
  readonly get: Operation<AssetInput, AssetDetail>;
  readonly staleness: Operation<AssetInput, AssetStaleness>;
  readonly explain: Operation<ExplainInput, ExplainedAsset>;
  readonly grid: Operation<GridInput, PartitionGrid>;
  readonly standing: Operation<PartitionInput, AssetStanding>;
  readonly partitions: ListOperation<PartitionInput, AssetPartition>;
  readonly versions: ListOperation<PartitionInput, AssetVersion>;
  readonly checks: ListOperation<PartitionInput, CheckResult>;
  readonly events: ListOperation<AssetInput, InstanceEvent>;
  readonly rollback: Operation<RollbackInput, RolledBack>;
} = {
  list: listOperation<AssetsInput, Asset>({
    path: "/assets",
    role: "viewer",
    summary: "Assets upstream first, each with its status",
    input: { select: selection.optional(), location: name.optional(), allowEmpty: flag.optional() },
    item: asset,
    page: { normal: 1_000, most: 10_000 },
  }),
  counts: listOperation<AssetsInput, AssetCounts>({
    path: "/asset-counts",
    role: "viewer",
    summary: "Assets of a code location, upstream first: how many partitions exist, are made, failed and are stale",
    input: { select: selection.optional(), location: name.optional(), allowEmpty: flag.optional() },
    item: assetCounts,
    page: { normal: 1_000, most: 10_000 },
  }),
  get: {
    method: "GET",
    path: "/assets/{key}",
    role: "viewer",
    summary: "An asset: its status, schema, checks and what makes it",
    input: assetInput,
    answer: assetDetail,
  },
  staleness: {
    method: "GET",
    path: "/assets/{key}/staleness",
    role: "viewer",
    summary: "What of an asset is stale, and why",
    input: assetInput,
    answer: z.object({
      stale: text.nullable(),
      causes: z.array(z.object({ partitions: text, reason: text })),
    }),
  },
  explain: {
    method: "GET",
    path: "/assets/{key}/explain",
    role: "viewer",
    summary: "Why its partitions are as they are, down to the first cause; those that stand alike together",
    input: z.strictObject({ key: name, partitions: partitionsText.optional() }),
    answer: explained,
  },
  grid: {
    method: "GET",
    path: "/assets/{key}/grid",
    role: "viewer",
    summary: "How its partitions stand, a letter each; where they are many, a letter for a day, month or year of them",
    input: z.strictObject({ key: name, within: partitionsText.optional(), cell: gridCell.optional() }),
    answer: partitionGrid,
  },
  standing: {
    method: "GET",
    path: "/assets/{key}/standing",
    role: "viewer",
    summary: "How many of its partitions are made, missing, failed, stale or being made, and which",
    input: z.strictObject({ key: name, partition: partitionKey.optional() }),
    answer: assetStanding,
  },
  partitions: listOperation<PartitionInput, AssetPartition>({
    path: "/assets/{key}/partitions",
    role: "viewer",
    summary: "Partitions with a version or an outcome, the newest first; only one, where it is named",
    input: { key: name, partition: partitionKey.optional() },
    item: assetPartition,
    page: { normal: 100, most: 1_000 },
  }),
  versions: listOperation<PartitionInput, AssetVersion>({
    path: "/assets/{key}/versions",
    role: "viewer",
    summary: "What can still be read of a partition, the newest first",
    input: { key: name, partition: partitionKey.optional() },
    item: assetVersion,
    page: { normal: 100, most: 1_000 },
    cursor: z.string().regex(/^\d{1,15}$/),
  }),
  checks: listOperation<PartitionInput, CheckResult>({
    path: "/assets/{key}/checks",
    role: "viewer",
    summary: "Latest results of its checks, those that did not pass first",
    input: { key: name, partition: partitionKey.optional() },
    item: checkResult,
    page: { normal: 200, most: 1_000 },
    cursor: cursorOf(z.tuple([z.boolean(), z.string(), z.string()])),
  }),
  rollback: {
    method: "POST",
    path: "/assets/{key}/rollback",
    role: "operator",
    summary: "Make an older version of a partition current again; workers publish it",
    input: z.strictObject({ key: name, partition: partitionKey.optional(), to: z.int().min(1).optional() }),
    answer: z.object({ from: number, to: number, version: number }),
  },
  events: listOperation<AssetInput, InstanceEvent>({
    path: "/assets/{key}/events",
    role: "viewer",
    summary: "An asset's events, the newest first",
    input: { key: name },
    item: instanceEvent,
    page: { normal: 100, most: 1_000 },
    cursor: eventCursor,
  }),
};
