/** What an explanation is made from: read from the instance, partition by partition, as the explanation asks for it. */
import type { ScheduleDefinition } from "../definitions/model.ts";
import type { ErrorRecord } from "../errors.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { AssetStaleness } from "../graph/staleness.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { RunStatus, StepStatus } from "./run-states.ts";

export interface ExplainFacts {
  readonly graph: AssetGraph;
  readonly state: PlanningState;
  readonly staleness: ReadonlyMap<string, AssetStaleness>;
  readonly now: Moment;
  /** Partitions that a live run has still to make, by asset. */
  readonly waiting: ReadonlyMap<string, PartitionSet>;
  readonly schedules: readonly ScheduleFacts[];
  readonly keptPlan?: KeptPlanFacts;
  /** By `nameOfFacts`. */
  readonly partitions: ReadonlyMap<string, PartitionFacts>;
}

/** The latest plan that would make something of the asset, and that nobody has applied. */
export interface KeptPlanFacts {
  readonly id: string;
  readonly at: Temporal.Instant;
  readonly partitions: PartitionSet;
  /** PLAN_OUT_OF_DATE. */
  readonly outOfDate?: ErrorRecord;
}

export interface PartitionFacts {
  /** Current, of a partition that was made or observed. */
  readonly made?: MadeFacts;
  readonly last?: {
    readonly status: "succeeded" | "failed" | "canceled" | "observed";
    readonly at: Temporal.Instant;
    readonly run: string | null;
    readonly error?: ErrorRecord;
  };
  /** Of one that is not made: it was, and was taken away for good. */
  readonly purged?: { readonly at: Temporal.Instant; readonly reason?: string };
  /** The latest step that is about it: one that runs, else one that will, else one that has ended. */
  readonly step?: StepFacts;
  /** Another one that will make it after that. */
  readonly next?: StepFacts;
  /** The latest stored decision about it. */
  readonly decision?: {
    readonly outcome: string;
    readonly reason: string;
    readonly at: Temporal.Instant;
    readonly run: string | null;
  };
}

export interface MadeFacts {
  readonly version: number;
  readonly at: Temporal.Instant;
  readonly run: string | null;
  readonly trigger?: string;
  readonly triggerName?: string;
  /** What its step was planned for: `asked for`, `raw changed`. */
  readonly reason?: string;
}

export interface StepFacts {
  readonly run: string;
  readonly runStatus: RunStatus;
  readonly cancelReason?: string;
  readonly n: number;
  /** `cleaned@2026-11-20`. */
  readonly name: string;
  readonly status: StepStatus;
  readonly reason: string;
  readonly attempt: number;
  readonly startedAt?: Temporal.Instant;
  readonly worker?: string;
  readonly deferredUntil?: Temporal.Instant;
  readonly deferredReason?: string;
  readonly outcome?: string;
  readonly error?: ErrorRecord;
  readonly admitted: boolean;
  /** The running step of another run that holds its partition. */
  readonly behind?: NamedStep;
  readonly location: string;
  /** Live workers of its location, and those of them that have its code. */
  readonly workers: number;
  readonly workersWithCode: number;
  readonly fullPools: readonly FullPool[];
  /** The first of what it waits for and has not ended; of a skipped one, what did not succeed, however far above. */
  readonly above?: StepFacts;
}

export interface NamedStep {
  readonly run: string;
  readonly n: number;
  readonly name: string;
}

export interface FullPool {
  readonly name: string;
  readonly slots: number;
  /** It is what the step's run asked for, of its own steps. */
  readonly isLimitOfRun: boolean;
  /** Who is in it: some of them. */
  readonly by: readonly NamedStep[];
}

export interface ScheduleFacts {
  readonly schedule: ScheduleDefinition;
  /** Whether its job selects the asset that is explained. */
  readonly paused: boolean;
  readonly pausedAt?: Temporal.Instant;
  readonly lastTick?: {
    readonly at: Temporal.Instant;
    readonly status: "started" | "requested" | "skipped" | "failed";
    readonly reason: string | null;
    readonly run: string | null;
  };
  readonly nextTick?: {
    readonly at: Temporal.Instant;
    /** What it will ask for of the asset; null where for nothing. */
    readonly partitions: PartitionSet | null;
  };
}

export const factsName = (asset: string, partition: string): string => `${asset}@${partition}`;
