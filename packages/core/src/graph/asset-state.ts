/** What is known of the world when something is decided: values, read from the instance by whoever asks. */
import type { PartitionId } from "../partitions/partitions-definition.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";

/** By asset key: what a plan or a verdict on staleness is decided from. */
export interface PlanningState {
  readonly assets: ReadonlyMap<string, AssetState>;
}

export interface AssetState {
  readonly materialized: PartitionSet;
  /** Last outcome failed (also of a partition that was made before). */
  readonly failed: PartitionSet;
  /** Being made by a run that has not ended. */
  readonly inProgress: PartitionSet;
  /** Current versions, for staleness: given for the assets that the request needs them of. */
  readonly versions: ReadonlyMap<PartitionId, CurrentVersion>;
}

/** What is current of one partition, or was last observed of an external one. */
export interface CurrentVersion {
  readonly dataVersion: string;
  readonly codeVersion?: string;
  readonly schemaHash?: string;
  /** Data versions read from each upstream asset when it was made; weak dependencies left out. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}
