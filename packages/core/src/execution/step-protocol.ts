/**
 * What a worker and its child process say to each other. The parent owns the database, the store and the network; the
 * child owns the user's code and DuckDB. Messages are structured clones; the parent sends one step at a time.
 */
import type { ErrorRecord } from "../errors.ts";
import type { CheckOutcome } from "../definitions/check.ts";
import type { Json, Metadata } from "../definitions/metadata.ts";
import type { Staged } from "../definitions/io-manager.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import type { MappingImage } from "../partitions/mapping-relation.ts";
import type { PartitionSetJson } from "../partitions/partition-set.ts";

/** A partition as it crosses: `Temporal` is not cloneable. Instants are ISO strings. */
export interface PartitionRecord {
  readonly id: string;
  readonly key: string;
  readonly window?: readonly [start: string, end: string];
  readonly dimensions?: Readonly<Record<string, PartitionRecord>>;
}

/** All that a step needs, decided and fetched before the child hears of it. */
export interface StepSpec {
  readonly runId: string;
  readonly n: number;
  readonly kind: "materialize" | "check" | "observe";
  /** As `PlannedStep.name`. */
  readonly name: string;
  /** The outputs wanted, by asset key: a retry may need fewer than the compute has. */
  readonly assets: readonly string[];
  /** Ascending; a retry may need fewer than the step has. */
  readonly partitions: readonly PartitionRecord[];
  readonly attempt: number;
  readonly config: Json;
  /** For each partition of the step, by id: its inputs by dependency name, objects on this machine. */
  readonly inputs: Readonly<Record<string, readonly InputRecord[]>>;
  /** Row counts of earlier partitions, oldest first, per asset, as far back as its checks ask. */
  readonly history: Readonly<Record<string, readonly { readonly partition: PartitionRecord; readonly rows: number }[]>>;
  /** The step's folder; built files go to `<directory>/out/`. */
  readonly directory: string;
  readonly memoryBytes: number;
  readonly threads: number;
}

/** A dependency's objects for one partition. `role` "previous": the current version of the step's own output. */
export interface InputRecord {
  readonly role: "dependency" | "previous" | "compare";
  /** The dependency's or output's name. */
  readonly name: string;
  readonly asset: string;
  readonly objects: readonly {
    readonly partition: PartitionRecord;
    readonly version: number;
    readonly file: string;
    readonly rows: number;
    readonly bytes: number;
    readonly schemaHash: string;
    readonly dataVersion: string;
    readonly metadata: Metadata;
  }[];
}

/** Parent to child. */
export type ToChild =
  /** Once the step has ended, `endOfStep(token)` is the last that it leaves on stdout and on stderr. */
  | { readonly type: "run"; readonly spec: StepSpec; readonly token: string }
  /** Asks a mapping function, by its hash, about downstream partitions. */
  | { readonly type: "map"; readonly mapping: string; readonly set: PartitionSetJson }
  /** Abort the running step: signal first, the parent kills after 2 s. */
  | { readonly type: "cancel" };

/** Child to parent. */
export type FromChild =
  /** Definitions are loaded; sent once. */
  | { readonly type: "ready"; readonly snapshot: Snapshot }
  /** They could not be. */
  | { readonly type: "broken"; readonly error: ErrorRecord }
  | {
      readonly type: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: Json;
      readonly at: string;
    }
  /** One partition of one output is built and its checks are run: the parent may stage it while the child goes on. */
  | { readonly type: "built"; readonly output: BuiltOutput }
  /** The same of several at once, which nobody waits for one by one. */
  | { readonly type: "told"; readonly messages: readonly StepMessage[] }
  /** An observation of an external asset's partition. */
  | {
      readonly type: "observed";
      readonly asset: string;
      readonly partition: PartitionRecord;
      readonly dataVersion: string;
      readonly metadata: Metadata;
    }
  /** A standalone check's outcome, or that of an output's check that kept its partition from being told as built. */
  | { readonly type: "checked"; readonly check: CheckRecord }
  /** The step is through; everything it built has been told. */
  | { readonly type: "done"; readonly rssBytes: number }
  /** `exiting`: the process ends with it, since nobody knows what the error left behind. */
  | { readonly type: "failed"; readonly error: ErrorRecord; readonly rssBytes: number; readonly exiting?: boolean }
  /** It ended because it was canceled. */
  | { readonly type: "canceled"; readonly rssBytes: number }
  /** Some of what a mapping function was asked about; then that it was all, or why there is no more. */
  | { readonly type: "mapped"; readonly asked: PartitionSetJson; readonly images: readonly MappingImage[] }
  | { readonly type: "mappingEnded"; readonly error?: ErrorRecord };

/** What a step tells while it runs. */
export type StepMessage = Extract<FromChild, { readonly type: "log" | "built" | "observed" | "checked" }>;

export interface BuiltOutput {
  readonly asset: string;
  readonly output: string;
  readonly partition: PartitionRecord;
  /** undefined: the asset stores nothing. */
  readonly file?: string;
  readonly staged: Omit<Staged, "metadata">;
  readonly schemaHash: string;
  /** What was really read of external assets, by key. */
  readonly sourceVersions: Readonly<Record<string, string>>;
  readonly metadata: Metadata;
  readonly checks: readonly CheckRecord[];
  readonly seconds: number;
}

export interface CheckRecord extends CheckOutcome {
  readonly asset: string;
  readonly name: string;
  readonly partition: PartitionRecord;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
}
