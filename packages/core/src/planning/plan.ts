/**
 * A plan: what a request means, decided from a snapshot, a state and a clock, by `planRun` alone. It has two readers, one
 * that inserts it as a run and one that prints it; neither decides anything. A million partitions in it cost what one does.
 */
import type { PartitionSet } from "../partitions/partition-set.ts";

/** What is asked for, whoever asks: CLI, API, schedule. */
export interface PlanRequest {
  /** In the selection grammar. */
  readonly select: string;
  readonly partitions: PartitionRequest;
  /** Overrides the computes' own policy. */
  readonly backfill?: "perPartition" | "range" | { readonly batches: number };
  /** `list`: as the text of `partitions` names them. Default: the oldest first. */
  readonly order?: "oldest" | "newest" | "list";
  /** Makes unpartitioned assets, too, that nothing has changed. */
  readonly force?: boolean;
  /** `only`: runs the standalone checks of what is made already, and makes nothing; `none`: leaves them out. */
  readonly checks?: "only" | "none";
  /** A selection that selects nothing is a plan of nothing, and no mistake. */
  readonly allowEmpty?: boolean;
}

export type PartitionRequest =
  /** In the text form: `2026-11-01..2026-11-07`, `last:30`, `all`. */
  | { readonly kind: "text"; readonly text: string }
  /** As ended since the last tick: already a set, of the request's time definition. */
  | { readonly kind: "set"; readonly set: PartitionSet }
  /** Among `within` (text form; absent: all that exist): those never made, failed last time, or stale. */
  | { readonly kind: "missing" | "failed" | "stale"; readonly within?: string }
  /** No word of partitions: right where every selected asset is unpartitioned, an error that says what to add elsewhere. */
  | { readonly kind: "unspecified" };

/** Sets and never a list of steps: `expandPlan` gives those, the same ones whenever it is asked. */
export interface Plan {
  /** What is made or observed, upstream first: an entry for each asset and reason, as sets. What `iroko plan` prints. */
  readonly assets: readonly PlannedAsset[];
  readonly checks: readonly PlannedCheck[];
  readonly skipped: readonly PlannedSkip[];
  /** Gates, which do nothing, left out. */
  readonly stepCount: number;
  /** Overrides the computes' own policy. */
  readonly backfill?: NonNullable<PlanRequest["backfill"]>;
  readonly order: PlanOrder;
}

/** `list`: sets in the order in which they were asked for; within one, and of what is in none, the oldest first. */
export type PlanOrder = "oldest" | "newest" | { readonly list: readonly PartitionSet[] };

export interface PlannedStep {
  /** From 0; upstream steps come first. */
  readonly n: number;
  readonly kind: "materialize" | "check" | "observe" | "gate";
  /** The compute's name; `asset:check` for a standalone check; the external asset's key; "" for a gate. */
  readonly name: string;
  /** The assets it makes, checks or observes. */
  readonly assets: readonly string[];
  readonly partitions: PartitionSet;
  readonly reason: string;
  /** Ends as "unchanged" without running when its inputs turn out as they were: what a stale plan says of steps below. */
  readonly onlyIfChanged?: boolean;
  readonly pools: readonly string[];
}

/** A step waits for another. Weak: for its end, whatever the outcome. */
export interface PlannedEdge {
  readonly from: number;
  readonly to: number;
  readonly weak: boolean;
}

export interface PlannedAsset {
  readonly asset: string;
  readonly partitions: PartitionSet;
  readonly steps: number;
  readonly reason: string;
}

/** A standalone check: it comes along with the asset that it checks, or is run by itself. */
export interface PlannedCheck {
  /** `asset:check`. */
  readonly name: string;
  readonly asset: string;
  /** Of the check's own definition. */
  readonly partitions: PartitionSet;
  readonly steps: number;
}

export interface PlannedSkip {
  readonly asset: string;
  readonly partitions: PartitionSet;
  readonly reason: string;
}
