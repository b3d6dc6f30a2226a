/** Runs: what is asked of them, and of their steps. */
import { z } from "zod";
import type { RunStatus, StepStatus } from "../planning/run-states.ts";
import { attempts, type Attempt, type AttemptsInput } from "./attempts.ts";
import { eventCursor, instanceEvent, type InstanceEvent } from "./events.ts";
import { cursorOf, listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { runRequest, type HowInput, type PlanInput } from "./plans.ts";
import { runGroup, type RunGroup } from "./run-groups.ts";
import { run, runDetail, runMade, runStatus, type Run, type RunDetail, type RunMade } from "./run.ts";
import {
  failedCheck,
  logChunk,
  logCursor,
  logStream,
  madePartition,
  type FailedCheck,
  type LogChunk,
  type LogStream,
  type MadePartition,
} from "./step-outputs.ts";
import { step, stepStatus, type Step } from "./step.ts";
import { flag, moment, name, partitionsText, selection, text, wholeNumber } from "./values.ts";

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
  /** Only these, or these besides: each a selection with partitions of its own, or with all that the run has of it. */
  readonly only?: readonly RetryPart[] | undefined;
}

export interface RetryPart {
  readonly select: string;
  readonly partitions?: string | undefined;
}

export interface StepsInput extends RunInput {
  readonly status?: StepStatus | undefined;
}

export interface StepInput extends RunInput {
  readonly n: number;
}

export interface RunEventsInput extends RunInput {
  /** Only this step's, by its number in the run. */
  readonly step?: number | undefined;
}

export interface LogsInput extends RunInput {
  readonly step?: number | undefined;
  readonly attempt?: number | undefined;
  readonly stream?: LogStream | undefined;
}

const runInput: z.ZodType<RunInput> = z.strictObject({ id: name });

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
  readonly events: ListOperation<RunEventsInput, InstanceEvent>;
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
  events: listOperation<RunEventsInput, InstanceEvent>({
    path: "/runs/{id}/events",
    role: "viewer",
    summary: "A run's events, or a step's, the newest first",
    input: { id: name, step: wholeNumber.optional() },
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
      only: z
        .array(z.strictObject({ select: selection, partitions: partitionsText.optional() }))
        .min(1)
        .max(500)
        .optional()
        .describe("Each a selection with partitions of its own."),
    }),
    answer: runMade,
    status: 201,
  },
};
