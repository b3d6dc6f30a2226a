/** Schedules: on or paused, what they did last, what they will ask for next. */
import { z } from "zod";
import type { PlanDescription } from "../planning/describe-plan.ts";
import type { Json } from "../definitions/metadata.ts";
import { listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { planned } from "./plans.ts";
import { instant, integerOf, json, moment, name, number, text } from "./values.ts";

export interface ScheduleInput {
  readonly location: string;
  readonly key: string;
}

export interface SchedulesInput {
  /** How many of its past and coming ticks: 5, unless told otherwise. */
  readonly ticks?: number | undefined;
}

export interface Schedule {
  readonly location: string;
  readonly key: string;
  readonly job: string;
  /** The job's, in the selection grammar. */
  readonly selection: string;
  /** The job's, by asset. */
  readonly config: Readonly<Record<string, Json>>;
  readonly priority: number;
  /** At most so many steps of its runs at once. */
  readonly maxConcurrency: number | null;
  readonly cron: string;
  readonly timezone: string;
  readonly partitions: "endedSinceLastTick" | "latest";
  readonly catchUp: "merge" | "each" | "skip";
  /** By its definition. */
  readonly enabled: boolean;
  readonly description: string | null;
  /** By hand. */
  readonly paused: boolean;
  readonly pausedAt: string | null;
  /** The newest first. */
  readonly ticks: readonly Tick[];
  /** None while it is off or paused. */
  readonly next: readonly NextTick[];
}

export interface Tick {
  readonly scheduledFor: string;
  readonly status: "started" | "requested" | "skipped" | "failed";
  readonly reason: string | null;
  /** What it asked for, in the text form; null: for nothing, or for what has no partitions. */
  readonly partitions: string | null;
  readonly run: string | null;
  /** The run that looked at external assets first. */
  readonly observation: string | null;
  /** The tick before it that was handled: windows that ended since were asked for. */
  readonly handledSince: string | null;
  readonly evaluatedAt: string;
}

export interface NextTick {
  readonly at: string;
  /** What it will ask for, in the text form; "" where nothing is partitioned. */
  readonly partitions: string;
  readonly reason: string;
}

/** What a coming tick would ask for, if everything stayed as it is now. */
export interface PreviewedTick extends NextTick {
  /** Absent where nothing is asked for. */
  readonly plan?: PlanDescription;
  /** Why it could not be planned. */
  readonly problem?: string;
}

export interface SchedulePaused {
  readonly location: string;
  readonly schedule: string;
  readonly paused: boolean;
}

const tick: z.ZodType<Tick> = z
  .object({
    scheduledFor: instant,
    status: z.enum(["started", "requested", "skipped", "failed"]),
    reason: text.nullable(),
    partitions: text.nullable(),
    run: text.nullable(),
    observation: text.nullable(),
    handledSince: instant.nullable(),
    evaluatedAt: instant,
  })
  .meta({ id: "Tick" });

const schedule: z.ZodType<Schedule> = z
  .object({
    location: text,
    key: text,
    job: text,
    selection: text,
    config: z.record(z.string(), json),
    priority: number,
    maxConcurrency: number.nullable(),
    cron: text,
    timezone: text,
    partitions: z.enum(["endedSinceLastTick", "latest"]),
    catchUp: z.enum(["merge", "each", "skip"]),
    enabled: z.boolean(),
    description: text.nullable(),
    paused: z.boolean(),
    pausedAt: instant.nullable(),
    ticks: z.array(tick),
    next: z.array(z.object({ at: instant, partitions: text, reason: text })),
  })
  .meta({ id: "Schedule" });

const previewedTick: z.ZodType<PreviewedTick> = z
  .object({
    at: instant,
    partitions: text,
    reason: text,
    plan: z
      .object({
        assets: z.array(
          z.object({
            asset: planned.asset,
            partitions: planned.partitions,
            count: planned.count,
            steps: number,
            reason: planned.reason,
          }),
        ),
        checks: z.array(z.object({ name: text, steps: number })),
        skipped: z.array(z.object(planned)),
        steps: number,
        materializations: number,
      })
      .exactOptional(),
    problem: text.exactOptional(),
  })
  .meta({ id: "PreviewedTick" });

const scheduleInput: z.ZodType<ScheduleInput> = z.strictObject({ location: name, key: name });
const pausing = { method: "POST", role: "operator", input: scheduleInput, repeatable: true } as const;
const schedulePaused: z.ZodType<SchedulePaused> = z.object({ location: text, schedule: text, paused: z.boolean() });

export const schedules: {
  readonly list: ListOperation<SchedulesInput, Schedule>;
  readonly ticks: ListOperation<ScheduleInput, Tick>;
  readonly preview: ListOperation<ScheduleInput, PreviewedTick>;
  readonly pause: Operation<ScheduleInput, SchedulePaused>;
  readonly resume: Operation<ScheduleInput, SchedulePaused>;
} = {
  list: listOperation<SchedulesInput, Schedule>({
    path: "/schedules",
    role: "viewer",
    summary: "Schedules, their last ticks and their next ones",
    input: { ticks: integerOf(1, 100).optional() },
    item: schedule,
    page: { normal: 100, most: 500 },
  }),
  ticks: listOperation<ScheduleInput, Tick>({
    path: "/schedules/{location}/{key}/ticks",
    role: "viewer",
    summary: "A schedule's ticks, the newest first: what each asked for, and why",
    input: { location: name, key: name },
    item: tick,
    page: { normal: 50, most: 500 },
    cursor: moment,
  }),
  preview: listOperation<ScheduleInput, PreviewedTick>({
    path: "/schedules/{location}/{key}/preview",
    role: "viewer",
    summary: "A schedule's next ticks, and the plan that each would make if everything stayed as it is",
    input: { location: name, key: name },
    item: previewedTick,
    page: { normal: 5, most: 10 },
    cursor: moment,
  }),
  pause: {
    ...pausing,
    path: "/schedules/{location}/{key}/pause",
    summary: "Pause a schedule; the pause outlives every deploy",
    answer: schedulePaused,
  },
  resume: {
    ...pausing,
    path: "/schedules/{location}/{key}/resume",
    summary: "Resume a schedule; its next tick asks for the windows of the pause, too",
    answer: schedulePaused,
  },
};
