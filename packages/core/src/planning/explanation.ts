/**
 * Why something is as it is: data, a tree of reasons that ends at the first cause. One reader prints it, one gives it as
 * JSON; the codes are for programs.
 */
import type { ErrorRecord } from "../errors.ts";

export const explainedStatuses = [
  "running",
  "waiting",
  "failed",
  "missing",
  "stale",
  "behind",
  "fresh",
  "observed",
  "not yet",
] as const;
export type ExplainedStatus = (typeof explainedStatuses)[number];

export type ReasonCode =
  // fresh
  | "UP_TO_DATE"
  | "OBSERVED"
  // stale
  | "CODE_CHANGED"
  | "SCHEMA_CHANGED"
  | "DEPENDENCIES_CHANGED"
  | "INPUT_CHANGED"
  | "MADE_AGAIN"
  | "SOURCE_CHANGED"
  | "LATE_DATA"
  | "INPUT_STALE"
  // not made
  | "NEVER_MADE"
  | "PURGED"
  | "NEVER_OBSERVED"
  | "WINDOW_OPEN"
  | "WINDOW_FUTURE"
  | "INPUT_MISSING"
  | "INPUT_UNREADABLE"
  | "STEP_FAILED"
  | "STEP_SKIPPED"
  | "STEP_CANCELED"
  // under way
  | "STEP_RUNNING"
  | "WAITS_FOR_STEP"
  | "POOL_FULL"
  | "RUN_LIMIT"
  | "NO_WORKER"
  | "CODE_MOVED"
  | "DEFERRED"
  | "RETRY"
  | "HELD_BY_ANOTHER_RUN"
  | "WAITS_ITS_TURN"
  // who asks for it
  | "SCHEDULED"
  | "SCHEDULE_PAUSED"
  | "SCHEDULE_OFF"
  | "NOT_ASKED_FOR"
  | "TICK_SKIPPED"
  | "TICK_FAILED"
  | "NO_SCHEDULE"
  | "PLAN_KEPT"
  | "PLAN_OUT_OF_DATE"
  | "DECIDED";

export interface Reason {
  readonly code: ReasonCode;
  /** A sentence, without its full stop; "because" leads from it to what it comes from. */
  readonly message: string;
  readonly asset?: string;
  /** In the text form. */
  readonly partitions?: string;
  readonly run?: string;
  readonly step?: number;
  readonly at?: Temporal.Instant;
  readonly until?: Temporal.Instant;
  readonly error?: ErrorRecord;
  /** What mends it, or makes it. */
  readonly command?: string;
  readonly because?: readonly Reason[];
}

/** Partitions that stand alike, and why the last of them does. */
export interface ExplainedGroup {
  readonly status: ExplainedStatus;
  /** In the text form; "" where unpartitioned. */
  readonly partitions: string;
  readonly count: number;
  /** The one that the reasons are told of, where there are several. */
  readonly example?: string;
  readonly because: readonly Reason[];
}

export interface Explanation {
  readonly asset: string;
  readonly groups: readonly ExplainedGroup[];
  /** Who asks for it, and when next: schedules, and a plan that waits to be applied. */
  readonly schedules: readonly Reason[];
}

/** A moment as it stands in a sentence. */
export const moment = (at: Temporal.Instant): string => at.toString({ smallestUnit: "second" });
