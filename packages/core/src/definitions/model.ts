/**
 * Definitions as the engine sees them: what `asset`, `multiAsset`, `externalAsset`, `assetCheck` … return once their
 * types are forgotten. Functions live only here; what the control plane needs stands in the snapshot.
 */
import type { z } from "zod";
import type { PartitionMapping } from "../partitions/mapping.ts";
import type { Partition, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import type { Check, CheckOutcome } from "./check.ts";
import type { DeclaredColumn } from "./column-lineage.ts";
import type { IoManager, Logger, Relation, StepScope } from "./io-manager.ts";
import type { Metadata, Json } from "./metadata.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { TableSchema } from "./table-schema.ts";

/** How a run cuts many partitions of one computation into steps. */
export type BackfillPolicy =
  | { readonly kind: "perPartition" }
  /** At most so many partitions a step. */
  | { readonly kind: "batches"; readonly size: number }
  /** One step for each unbroken range. */
  | { readonly kind: "range" };

/** A function and what it makes: one step of it makes one partition, or a range, of all its outputs. */
export interface ComputeDefinition {
  /** The asset's key; a multi-asset's outputs' keys joined with "+", unless named. */
  readonly name: string;
  /** By the output's name; a plain asset has one, named "self". */
  readonly outputs: Readonly<Record<string, OutputDefinition>>;
  readonly deps: Readonly<Record<string, DependencyDefinition>>;
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly config: z.ZodType | undefined;
  readonly partitions: PartitionsDefinition;
  readonly backfill: BackfillPolicy;
  readonly retry: RetryPolicy;
  readonly timeoutSeconds?: number;
  readonly pools: readonly string[];
  readonly codeVersion: string;
  /** Whether it reads the versions before its own (`ctx.previous`): they are pinned with the inputs. */
  readonly readsPrevious: boolean;
  /** For SQL assets: the text to bind in `iroko check`, with its file where it has one. */
  readonly sql?: { readonly text: string; readonly file?: string; readonly metrics?: string };
  /** Gives one value, or for several outputs an object of values by output name; values may be `byPartition`. */
  materialize(context: MaterializeContext): unknown;
  /** Typed metadata computed once an output's file is built. */
  metrics?(context: MetricsContext): Metadata | Promise<Metadata>;
}

export interface OutputDefinition {
  readonly key: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly owners: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly renamedFrom: string | undefined;
  /** Both undefined: the asset stores nothing; only its metadata and data version are kept. */
  readonly schema: TableSchema | undefined;
  readonly io: IoManager | undefined;
  /** What was given of it. */
  readonly retention?: Partial<RetentionPolicy> | undefined;
  readonly checks: readonly Check[];
  /** What was declared of its columns. */
  readonly columnLineage?: Readonly<Record<string, DeclaredColumn>> | undefined;
  /** Optional outputs may be left out by `materialize`; what depends on them is skipped. */
  readonly optional: boolean;
}

export interface DependencyDefinition {
  readonly asset: string;
  /** undefined: inferred by `define()`. */
  readonly mapping: PartitionMapping | undefined;
  /**
   * Reads what there is: orders after the upstream within a run, but neither requires it nor makes anything stale.
   */
  readonly weak: boolean;
}

/** An asset made elsewhere. Observed, its data version tells whether what depends on it is stale. */
export interface ExternalAssetDefinition {
  readonly key: string;
  readonly group: string;
  readonly kinds: readonly string[];
  readonly owners: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly renamedFrom: string | undefined;
  readonly schema: TableSchema | undefined;
  readonly io: IoManager | undefined;
  readonly partitions: PartitionsDefinition;
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly retry: RetryPolicy;
  /** Assets whose current versions the observation may read; a thunk, since they usually depend on this one. */
  readonly compares: () => Readonly<Record<string, string>>;
  observe?(context: ObserveContext): Promise<readonly ObservationResult[]> | readonly ObservationResult[];
}

export interface ObservationResult {
  readonly partition: Partition;
  readonly dataVersion: string;
  readonly metadata?: Metadata;
}

/** A check of its own step over several assets: blocking, it keeps dependants waiting; it never undoes a commit. */
export interface AssetCheckDefinition {
  readonly asset: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly blocking: boolean;
  readonly severity: "error" | "warn";
  /** The checked asset itself is `deps.self`. */
  readonly deps: Readonly<Record<string, DependencyDefinition>>;
  readonly partitions: PartitionsDefinition;
  readonly resources: Readonly<Record<string, ResourceDefinition>>;
  readonly retry: RetryPolicy;
  readonly codeVersion: string;
  run(context: MaterializeContext): Promise<CheckOutcome> | CheckOutcome;
}

/** Something a step is lent: configured by zod, opened on first use, closed after the step. */
export interface ResourceDefinition {
  readonly key: string;
  readonly config: z.ZodType;
  /** As the user gave it; `EnvReference`s anywhere inside are resolved in the worker. */
  readonly values: unknown;
  open(config: never, scope: StepScope): unknown;
  close?(value: never): void | Promise<void>;
}

/** A reference to an environment variable, resolved in the worker; the snapshot holds its name. */
export interface EnvReference<Default extends string | undefined = string | undefined> {
  readonly kind: "env";
  readonly name: string;
  readonly default: Default;
}

export interface JobDefinition {
  readonly key: string;
  /** In the selection grammar. */
  readonly select: string;
  readonly description: string | undefined;
  readonly config: Readonly<Record<string, Json>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Of each of its runs, at most so many steps run at once. */
  readonly maxConcurrency: number | undefined;
}

export interface ScheduleDefinition {
  readonly key: string;
  readonly job: string;
  readonly cron: string;
  readonly timezone: string;
  readonly partitions: "endedSinceLastTick" | "latest";
  /** Ticks missed while nothing ran: one run for all, one run each, or none. */
  readonly catchUp: "merge" | "each" | "skip";
  readonly enabled: boolean;
  /** For its runs, instead of its job's. */
  readonly maxConcurrency: number | undefined;
  readonly description: string | undefined;
}

/** What `materialize` is given. The typed face of it is in `asset.ts`. */
export interface MaterializeContext {
  readonly runId: string;
  readonly attempt: number;
  /** The step's partitions, ascending. */
  readonly partitions: readonly Partition[];
  /** The only one; throws in a step of several. */
  readonly partition: Partition;
  /** Dependencies of `partition`; in a step of several, of each by `depsOf`. */
  readonly deps: Readonly<Record<string, unknown>>;
  depsOf(partition: Partition): Readonly<Record<string, unknown>>;
  /** Current versions of the step's own outputs before it, by output name; undefined where there is none. */
  previous(partition: Partition): Readonly<Record<string, Relation<never> | undefined>>;
  /** The outputs wanted, by name; none in a check. */
  readonly selectedOutputs: ReadonlySet<string>;
  readonly resources: Readonly<Record<string, unknown>>;
  readonly config: unknown;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly scope: StepScope;
}

export interface MetricsContext extends MaterializeContext {
  readonly output: string;
  /** The staged file as a relation. */
  readonly self: Relation<never>;
}

export interface ObserveContext {
  /** The partitions to look at: those that exist now. */
  readonly partitions: readonly Partition[];
  readonly resources: Readonly<Record<string, unknown>>;
  /** Current versions of the `compares` assets, by name, for a partition. */
  current(partition: Partition): Readonly<Record<string, Relation<never> | undefined>>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly scope: StepScope;
}

/** Everything a module defines, checked: what `define()` returns and a worker's child runs. */
export interface Definitions {
  readonly computes: readonly ComputeDefinition[];
  readonly externals: readonly ExternalAssetDefinition[];
  readonly checks: readonly AssetCheckDefinition[];
  readonly jobs: readonly JobDefinition[];
  readonly schedules: readonly ScheduleDefinition[];
}
