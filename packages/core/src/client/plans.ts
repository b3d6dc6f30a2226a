/** Plans: what a request means, looked at before it is applied. A kept plan is applied once, whoever asks how often. */
import { z } from "zod";
import type { Json } from "../definitions/metadata.ts";
import type { PlanReport } from "../planning/plan-report.ts";
import type { PlanRequest } from "../planning/plan.ts";
import type { Operation } from "./operation.ts";
import { json, name, number, partitionsText, selection, text, texts } from "./values.ts";

export interface PlanInput {
  /** In the selection grammar. */
  readonly select: string;
  /** In the text form, or missing, failed, stale, all; left out where nothing is partitioned. */
  readonly partitions?: string | undefined;
  /** The code location; needed where there are several. */
  readonly location?: string | undefined;
  /** Overrides the assets' own policy. */
  readonly backfill?: PlanRequest["backfill"] | undefined;
  readonly order?: PlanRequest["order"] | undefined;
  /** Makes unpartitioned assets, too, that nothing has changed. */
  readonly force?: boolean | undefined;
  /** Standalone checks: only those, making nothing, or none of them. */
  readonly checks?: PlanRequest["checks"] | undefined;
  /** A selection that selects nothing is a plan of nothing. */
  readonly allowEmpty?: boolean | undefined;
  /** By asset. */
  readonly config?: Readonly<Record<string, Json>> | undefined;
}

/** How a run is to run. */
export interface HowInput {
  /** A run of a higher one goes first; 0 unless given. */
  readonly priority?: number | undefined;
  /** At most so many of its steps run at once. */
  readonly maxConcurrency?: number | undefined;
}

export interface KeptPlan {
  readonly id: string;
  readonly plan: PlanReport;
}

const plan = {
  select: selection,
  partitions: partitionsText.optional(),
  location: name.optional(),
  backfill: z
    .union([z.enum(["perPartition", "range"]), z.strictObject({ batches: z.int().min(1).max(1_000_000) })])
    .optional(),
  order: z.enum(["oldest", "newest", "list"]).optional(),
  force: z.boolean().optional(),
  checks: z.enum(["only", "none"]).optional(),
  allowEmpty: z.boolean().optional(),
  config: z.record(z.string(), json).optional(),
};
const how = { priority: z.int32().optional(), maxConcurrency: z.int32().min(1).optional() };

export const planRequest: z.ZodType<PlanInput> = z.strictObject(plan).meta({ id: "PlanRequest" });
export const runRequest: z.ZodType<PlanInput & HowInput> = z
  .strictObject({ ...plan, ...how })
  .meta({ id: "RunRequest" });

const estimate = { rows: number.nullable(), bytes: number.nullable(), seconds: number.nullable() };
export const planned: Readonly<
  Record<"asset" | "partitions" | "reason", z.ZodType<string>> & Record<"count", z.ZodType<number>>
> = { asset: text, partitions: text, count: number, reason: text };

const planReport: z.ZodType<PlanReport> = z
  .object({
    assets: z.array(
      z.object({ ...planned, steps: number, backfill: text, estimate: z.object({ ...estimate, from: text }) }),
    ),
    checks: z.array(z.object({ name: text, steps: number })),
    skipped: z.array(z.object(planned)),
    steps: number,
    materializations: number,
    orderBy: z.enum(["oldest", "newest", "list"]),
    total: z.object({ ...estimate, unknown: texts }),
    history: z.array(
      z.object({
        asset: text,
        partitions: text,
        count: number,
        reasons: texts,
        breaking: text.nullable(),
        planned: z.boolean(),
        fails: z.array(z.object({ asset: text, partitions: text })),
        command: text.nullable(),
      }),
    ),
    travels: z.object({ toStore: number, fromStore: number, local: number }).exactOptional(),
  })
  .meta({ id: "Plan" });

export const plans: {
  readonly create: Operation<PlanInput, KeptPlan>;
  readonly apply: Operation<{ readonly id: string } & HowInput, { readonly run: string }>;
} = {
  create: {
    method: "POST",
    path: "/plans",
    role: "operator",
    summary: "What submitting a run would do, why, and what it will cost; kept for a day under its id",
    input: planRequest,
    answer: z.object({ id: text, plan: planReport }),
    status: 201,
    repeatable: true,
  },
  apply: {
    method: "POST",
    path: "/plans/{id}/apply",
    role: "operator",
    summary: "Submit just what the plan says; once, and not when what it rests on has moved",
    input: z.strictObject({ id: name, ...how }),
    answer: z.object({ run: text }),
    status: 201,
    repeatable: true,
  },
};
