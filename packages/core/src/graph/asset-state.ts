/** What is known of the world when something is decided: values, read from the instance by whoever asks. */
import type { WrittenSchema } from "../definitions/schema-change.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { SelectionFacts } from "./selection-facts.ts";

/** By asset key: what a plan or a verdict on staleness is decided from. */
export interface PlanningState {
  readonly assets: ReadonlyMap<string, AssetState>;
  /** By the `schemaHash` of origins, those that are not their assets' present ones. What is not known is not said to break. */
  readonly schemas?: ReadonlyMap<string, WrittenSchema>;
  /** What the request's selection asks of the instance. */
  readonly selection?: SelectionFacts;
}

export interface AssetState {
  readonly materialized: PartitionSet;
  /** Last outcome failed (also of a partition that was made before). */
  readonly failed: PartitionSet;
  /** Being made by a run that has not ended. */
  readonly inProgress: PartitionSet;
  /** What is made, by what it was made by: given for the assets that the request needs it of. */
  readonly origins: readonly Origin[];
  /** By the name of a dependency, what is current there and was not read: given with `origins`. */
  readonly changes: ReadonlyMap<string, readonly ChangedInputs[]>;
}

/** Partitions that were made by the same code, under the same schema, from the same assets. */
export interface Origin {
  readonly partitions: PartitionSet;
  readonly codeVersion?: string;
  readonly schemaHash?: string;
  /** The upstream assets that were read; weak dependencies left out. */
  readonly reads: readonly string[];
}

/** Each of these partitions needs, of `upstream`, what its mapping says, and all of that is not what it read. */
export interface ChangedInputs {
  readonly partitions: PartitionSet;
  readonly upstream: PartitionSet;
}
