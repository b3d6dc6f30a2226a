/** A run, and how far it is. */
import { z } from "zod";
import type { Json } from "../definitions/metadata.ts";
import type { RunStatus } from "../planning/run-states.ts";
import { instant, json, number, tags, text } from "./values.ts";

export type RunTrigger = "cli" | "api" | "schedule" | "retry" | "verify" | "observe";

/** How many steps it has, and how many of them ended in which way. */
export interface RunCounts {
  readonly planned: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly canceled: number;
}

/** How far a run is. */
export interface RunProgress extends RunCounts {
  readonly run: string;
  readonly status: RunStatus;
  /** Steps that run now. */
  readonly running: number;
}

export interface Run extends RunCounts {
  readonly id: string;
  readonly location: string;
  readonly snapshotVersion: number;
  readonly status: RunStatus;
  readonly trigger: RunTrigger;
  readonly triggerName: string | null;
  readonly selection: string;
  /** As they were asked for. */
  readonly partitions: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, Json>>;
  readonly priority: number;
  /** At most so many of its steps run at once. */
  readonly maxConcurrency: number | null;
  /** The run that it retries. */
  readonly parent: string | null;
  /** The clock that it was planned with. */
  readonly asOf: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly cancelRequestedAt: string | null;
  readonly cancelReason: string | null;
}

export interface RunDetail extends Run {
  /** Steps that run now. */
  readonly running: number;
  /** Written so far. */
  readonly rows: number;
  readonly bytes: number;
  /** Committed versions that the stable paths do not show yet. */
  readonly unpublished: number;
}

export interface RunMade {
  readonly run: string;
}

export const runStatus: z.ZodType<RunStatus> = z.enum(["queued", "running", "succeeded", "failed", "canceled"]);

const counts = { planned: number, succeeded: number, failed: number, skipped: number, canceled: number };

export const runProgress: z.ZodType<RunProgress> = z
  .object({ run: text, status: runStatus, ...counts, running: number })
  .meta({ id: "RunProgress" });

const runFields = {
  id: text,
  location: text,
  snapshotVersion: number,
  status: runStatus,
  trigger: z.enum(["cli", "api", "schedule", "retry", "verify", "observe"]),
  triggerName: text.nullable(),
  selection: text,
  partitions: text,
  tags,
  config: z.record(z.string(), json),
  priority: number,
  maxConcurrency: number.nullable(),
  parent: text.nullable(),
  asOf: instant,
  ...counts,
  createdAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  cancelRequestedAt: instant.nullable(),
  cancelReason: text.nullable(),
};

export const run: z.ZodType<Run> = z.object(runFields).meta({ id: "Run" });

export const runDetail: z.ZodType<RunDetail> = z
  .object({ ...runFields, running: number, rows: number, bytes: number, unpublished: number })
  .meta({ id: "RunDetail" });

export const runMade: z.ZodType<RunMade> = z.object({ run: text }).meta({ id: "RunMade" });
