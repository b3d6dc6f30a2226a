/** Runs, and what steps of them did, made and printed. */
import { z } from "zod";
import type { Json, Metadata } from "../definitions/metadata.ts";
import type { ErrorRecord } from "../errors.ts";
import type { Death } from "../planning/parking.ts";
import type { RunStatus, StepStatus } from "../planning/run-states.ts";
import { attempts, type Attempt, type AttemptsInput } from "./attempts.ts";
import { eventCursor, instanceEvent, type InstanceEvent } from "./events.ts";
import { cursorOf, listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { runRequest, type HowInput, type PlanInput } from "./plans.ts";
import {
  errorRecord,
  flag,
  instant,
  json,
  metadata,
  moment,
  name,
  number,
  partitionsText,
  selection,
  tags,
  text,
  texts,
  wholeNumber,
} from "./values.ts";
import { runGroup, type RunGroup } from "./run-groups.ts";

export type RunTrigger = "cli" | "api" | "schedule" | "retry" | "verify" | "observe";

export interface RunInput {
  readonly id: string;
}

export interface RunsInput {
  readonly status?: RunStatus | undefined;
  /** Runs that only looked at external assets, too. */
  readonly observations?: boolean | undefined;
  /** The key of an asset that they make, observe or check. */
  readonly asset?: string | undefined;
  /** What asked for them: a trigger, or a schedule's name. */
  readonly by?: string | undefined;
  /** Asked for then or later; ISO 8601. */
  readonly since?: string | undefined;
  /** Asked for before then; ISO 8601. */
  readonly until?: string | undefined;
}

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

export interface ObserveInput {
  /** The external assets, or assets that read them, in the selection grammar. */
  readonly select: string;
  /** The code location; needed where there are several. */
  readonly location?: string | undefined;
}

export interface RetryInput extends RunInput {
  /** What has succeeded is made again, too. */
  readonly fromStart?: boolean | undefined;
  /** Only of these assets, in the selection grammar. */
  readonly select?: string | undefined;
  /** Only of these partitions, in the text form. */
  readonly partitions?: string | undefined;
}

export interface StepsInput extends RunInput {
  readonly status?: StepStatus | undefined;
}

export interface StepInput extends RunInput {
  readonly n: number;
}

export interface Step {
  readonly run: string;
  /** Its number in the plan. */
  readonly n: number;
  readonly kind: "materialize" | "check" | "observe" | "gate";
  readonly name: string;
  readonly assets: readonly string[];
  /** In the text form; "" where unpartitioned. */
  readonly partitions: string;
  readonly status: StepStatus;
  /** Why it was planned. */
  readonly reason: string;
  /** The one thing to know of it in its state: what it waits for, why it failed. */
  readonly why: string;
  readonly waitingOn: number;
  readonly attempt: number;
  readonly lostAttempts: number;
  readonly deaths: readonly Death[];
  readonly worker: string | null;
  readonly deferredUntil: string | null;
  readonly deferredReason: string | null;
  readonly outcome: "made" | "joined" | "superseded" | "unchanged" | null;
  readonly error: ErrorRecord | null;
  readonly readyAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface LogsInput extends RunInput {
  readonly step?: number | undefined;
  readonly attempt?: number | undefined;
  readonly stream?: LogStream | undefined;
}

export type LogStream = "stdout" | "stderr" | "log";

/** A piece of output as it came; it may end in the middle of a line. */
export interface LogChunk {
  readonly step: number;
  readonly attempt: number;
  readonly seq: number;
  readonly stream: LogStream;
  readonly at: string;
  readonly body: string;
  /** Goes on after it, also when nothing has come yet. */
  readonly cursor: string;
}

export interface MadePartition {
  readonly asset: string;
  readonly partition: string;
  readonly step: number;
  readonly version: number | null;
  /** A later claim has won. */
  readonly superseded: boolean;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly dataVersion: string;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly metadata: Metadata;
  /** Results of the checks that its step ran. */
  readonly checks: unknown;
}

export interface FailedCheck {
  readonly asset: string;
  readonly name: string;
  readonly partition: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  /** Some of the rows that broke it. */
  readonly sample: unknown;
}

export const runStatus: z.ZodType<RunStatus> = z.enum(["queued", "running", "succeeded", "failed", "canceled"]);
const stepStatus: z.ZodType<StepStatus> = z.enum([
  "blocked",
  "ready",
  "running",
  "succeeded",
  "failed",
  "skipped",
  "canceled",
]);
const runInput: z.ZodType<RunInput> = z.strictObject({ id: name });
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
const run: z.ZodType<Run> = z.object(runFields).meta({ id: "Run" });
const runDetail: z.ZodType<RunDetail> = z
  .object({ ...runFields, running: number, rows: number, bytes: number, unpublished: number })
  .meta({ id: "RunDetail" });
export const runMade: z.ZodType<RunMade> = z.object({ run: text }).meta({ id: "RunMade" });

const death: z.ZodType<Death> = z
  .object({
    of: z.enum(["child", "worker"]),
    attempt: number,
    cause: z.enum([
      "killed",
      "out of memory",
      "exited",
      "frozen",
      "machine restarted",
      "Postgres restarted",
      "drained",
    ]),
    unexplained: z.boolean().exactOptional(),
    alone: z.boolean().exactOptional(),
    signal: z.string().nullable().exactOptional(),
    code: z.number().nullable().exactOptional(),
    oomKills: z.number().exactOptional(),
    lastLines: z.array(z.string()).exactOptional(),
    worker: z.string().exactOptional(),
    host: z.string().exactOptional(),
  })
  .meta({ id: "Death" });

const step: z.ZodType<Step> = z
  .object({
    run: text,
    n: number,
    kind: z.enum(["materialize", "check", "observe", "gate"]),
    name: text,
    assets: texts,
    partitions: text,
    status: stepStatus,
    reason: text,
    why: text,
    waitingOn: number,
    attempt: number,
    lostAttempts: number,
    deaths: z.array(death),
    worker: text.nullable(),
    deferredUntil: instant.nullable(),
    deferredReason: text.nullable(),
    outcome: z.enum(["made", "joined", "superseded", "unchanged"]).nullable(),
    error: errorRecord.nullable(),
    readyAt: instant.nullable(),
    startedAt: instant.nullable(),
    endedAt: instant.nullable(),
  })
  .meta({ id: "Step" });

const logStream: z.ZodType<LogStream> = z.enum(["stdout", "stderr", "log"]);
const logChunk: z.ZodType<LogChunk> = z
  .object({ step: number, attempt: number, seq: number, stream: logStream, at: instant, body: text, cursor: text })
  .meta({ id: "LogChunk" });
/** After this step's id, attempt and piece. */
const logCursor: z.ZodType<string> = z.string().regex(/^\d{1,15}\.\d{1,9}\.\d{1,9}$/);

const madePartition: z.ZodType<MadePartition> = z
  .object({
    asset: text,
    partition: text,
    step: number,
    version: number.nullable(),
    superseded: z.boolean(),
    rows: number,
    bytes: number,
    seconds: number,
    dataVersion: text,
    objectKey: text.nullable(),
    sha256: text.nullable(),
    metadata,
    checks: z.unknown(),
  })
  .meta({ id: "MadePartition" });

const failedCheck: z.ZodType<FailedCheck> = z
  .object({
    asset: text,
    name: text,
    partition: text,
    severity: z.enum(["error", "warn"]),
    blocking: z.boolean(),
    message: text.nullable(),
    violations: number.nullable(),
    sample: z.unknown(),
  })
  .meta({ id: "FailedCheck" });

export const runs: {
  readonly list: ListOperation<RunsInput, Run>;
  readonly submit: Operation<PlanInput & HowInput, RunMade>;
  readonly get: Operation<RunInput, RunDetail>;
  readonly groups: Operation<RunInput, { readonly items: readonly RunGroup[] }>;
  readonly steps: ListOperation<StepsInput, Step>;
  readonly step: Operation<StepInput, Step>;
  readonly attempts: ListOperation<AttemptsInput, Attempt>;
  readonly logs: ListOperation<LogsInput, LogChunk>;
  readonly materializations: ListOperation<RunInput, MadePartition>;
  readonly failedChecks: ListOperation<RunInput, FailedCheck>;
  readonly events: ListOperation<RunInput, InstanceEvent>;
  readonly observe: Operation<ObserveInput, { readonly run: string | null }>;
  readonly cancel: Operation<RunInput & { readonly reason?: string | undefined }, RunMade>;
  readonly retry: Operation<RetryInput, RunMade>;
} = {
  list: listOperation<RunsInput, Run>({
    path: "/runs",
    role: "viewer",
    summary: "Runs, the newest first",
    input: {
      status: runStatus.optional(),
      observations: flag.optional(),
      asset: name.optional().describe("The key of an asset that they make, observe or check."),
      by: name.optional().describe("What asked for them: a trigger, or a schedule's name."),
      since: moment.optional().describe("Asked for then or later."),
      until: moment.optional().describe("Asked for before then."),
    },
    item: run,
    page: { normal: 50, most: 500 },
    cursor: z.uuid(),
  }),
  submit: {
    method: "POST",
    path: "/runs",
    role: "operator",
    summary: "Plan and submit at once; over a link that loses answers, keep a plan and apply it",
    input: runRequest,
    answer: runMade,
    status: 201,
  },
  get: {
    method: "GET",
    path: "/runs/{id}",
    role: "viewer",
    summary: "A run and how far it is",
    input: runInput,
    answer: runDetail,
  },
  groups: {
    method: "GET",
    path: "/runs/{id}/groups",
    role: "viewer",
    summary: "A run by what it makes: how many steps of each stand how, with their partitions as ranges",
    input: runInput,
    answer: z.object({ items: z.array(runGroup) }),
  },
  steps: listOperation<StepsInput, Step>({
    path: "/runs/{id}/steps",
    role: "viewer",
    summary: "A run's steps, in the plan's order",
    input: { id: name, status: stepStatus.optional() },
    item: step,
    page: { normal: 200, most: 1_000 },
    cursor: z.string().regex(/^\d{1,9}$/),
  }),
  step: {
    method: "GET",
    path: "/runs/{id}/steps/{n}",
    role: "viewer",
    summary: "One step of a run",
    input: z.strictObject({ id: name, n: wholeNumber }),
    answer: step,
  },
  attempts,
  logs: listOperation<LogsInput, LogChunk>({
    path: "/runs/{id}/logs",
    role: "viewer",
    summary: "What steps printed and logged, in the order it came; each piece's cursor goes on after it",
    input: {
      id: name,
      step: wholeNumber.optional(),
      attempt: wholeNumber.optional(),
      stream: logStream.optional(),
    },
    item: logChunk,
    page: { normal: 500, most: 5_000 },
    cursor: logCursor,
  }),
  materializations: listOperation<RunInput, MadePartition>({
    path: "/runs/{id}/materializations",
    role: "viewer",
    summary: "Partitions that the run has made, in the plan's order",
    input: { id: name },
    item: madePartition,
    page: { normal: 500, most: 5_000 },
    cursor: cursorOf(z.tuple([z.int32(), z.string(), z.string()])),
  }),
  failedChecks: listOperation<RunInput, FailedCheck>({
    path: "/runs/{id}/failed-checks",
    role: "viewer",
    summary: "Checks that did not pass in the run",
    input: { id: name },
    item: failedCheck,
    page: { normal: 100, most: 1_000 },
    cursor: z.string().regex(/^\d{1,15}\.\d{1,9}$/),
  }),
  events: listOperation<RunInput, InstanceEvent>({
    path: "/runs/{id}/events",
    role: "viewer",
    summary: "A run's events, the newest first",
    input: { id: name },
    item: instanceEvent,
    page: { normal: 100, most: 1_000 },
    cursor: eventCursor,
  }),
  observe: {
    method: "POST",
    path: "/observations",
    role: "operator",
    summary: "Look at external assets, as a run of its own; null where none of them can be observed",
    input: z.strictObject({ select: selection, location: name.optional() }),
    answer: z.object({ run: text.nullable() }),
    status: 201,
  },
  cancel: {
    method: "POST",
    path: "/runs/{id}/cancel",
    role: "operator",
    summary: "Cancel a run: what waits ends at once, what runs is told",
    input: z.strictObject({ id: name, reason: z.string().min(1).max(500).optional() }),
    answer: runMade,
    repeatable: true,
  },
  retry: {
    method: "POST",
    path: "/runs/{id}/retry",
    role: "operator",
    summary: "Make again what did not succeed, as a run of its own",
    input: z.strictObject({
      id: name,
      fromStart: z.boolean().optional(),
      select: selection.optional(),
      partitions: partitionsText.optional(),
    }),
    answer: runMade,
    status: 201,
  },
};
