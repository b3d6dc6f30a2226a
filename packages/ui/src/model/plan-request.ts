/** A request to make assets: read from a body, planned, and submitted at once or kept to be applied. */
import { partitionsText, type PlanReport, type PlanRequest } from "@iroko/core";
import { askMappings, planRequest, readMoment, readPlanReport, storePlan, submitRun } from "@iroko/core/engine";
import { z } from "zod";
import { findLocation } from "./catalog.ts";
import type { Instance } from "./instance.ts";

/** How a run is to run: what `iroko apply` takes as options. */
const how = {
  priority: z.int32().optional(),
  maxConcurrency: z.int32().min(1).optional(),
};
export const howBody: z.ZodType<HowBody> = z.strictObject(how);

const plan = {
  select: z.string().min(1).max(4_000),
  partitions: z.string().min(1).max(20_000).optional(),
  location: z.string().max(200).optional(),
  backfill: z
    .union([z.enum(["perPartition", "range"]), z.strictObject({ batches: z.int().min(1).max(1_000_000) })])
    .optional(),
  order: z.enum(["oldest", "newest", "list"]).optional(),
  force: z.boolean().optional(),
  checks: z.enum(["only", "none"]).optional(),
  allowEmpty: z.boolean().optional(),
};
export const planBody: z.ZodType<PlanBody> = z.strictObject(plan);
export const runBody: z.ZodType<PlanBody & HowBody> = z.strictObject({ ...plan, ...how });

export interface HowBody {
  /** A run of a higher one goes first; 0 unless given. */
  readonly priority?: number | undefined;
  /** At most so many of its steps run at once. */
  readonly maxConcurrency?: number | undefined;
}

export interface PlanBody {
  /** In the selection grammar. */
  readonly select: string;
  /** In the text form, or missing, failed, stale, all; left out where nothing is partitioned. */
  readonly partitions?: string | undefined;
  /** Needed where there are several. */
  readonly location?: string | undefined;
  readonly backfill?: PlanRequest["backfill"] | undefined;
  readonly order?: PlanRequest["order"] | undefined;
  /** Makes unpartitioned assets, too, that nothing has changed. */
  readonly force?: boolean | undefined;
  /** Standalone checks: only those, making nothing, or none of them. */
  readonly checks?: PlanRequest["checks"] | undefined;
  /** A selection that selects nothing is a plan of nothing. */
  readonly allowEmpty?: boolean | undefined;
}

export interface KeptPlan {
  /** What POST /plans/:id/apply takes. */
  readonly id: string;
  readonly plan: PlanReport;
}

/** Plans, and keeps the plan to be applied. */
export async function keepPlan({ db, now, catalog, store }: Instance, body: PlanBody): Promise<KeptPlan> {
  const location = findLocation(await catalog(), body.location);
  const request = requestOf(body);
  const { id, plan, moment } = await askMappings({ db, location: location.name }, () =>
    storePlan(db, location, request, now()),
  );
  const { snapshot } = location;
  return { id, plan: await readPlanReport(db, { plan, snapshot, request, now: moment, store }) };
}

/** Plans and submits at once; returns the run's id. */
export async function submit({ db, now, catalog }: Instance, body: PlanBody & HowBody): Promise<string> {
  const { priority, maxConcurrency } = body;
  const location = findLocation(await catalog(), body.location);
  const request = requestOf(body);
  const asOf = await readMoment(db, location.snapshot, now());
  const plan = await askMappings({ db, location: location.name }, () =>
    planRequest(db, location.snapshot, request, asOf),
  );
  const { select: selection, partitions } = request;
  return submitRun(db, {
    location,
    plan,
    asOf,
    selection,
    partitions: partitionsText(partitions),
    trigger: "api",
    priority,
    maxConcurrency,
  });
}

function requestOf({ select, partitions, backfill, order, force, checks, allowEmpty }: PlanBody): PlanRequest {
  return {
    select,
    partitions: partitions === undefined ? { kind: "unspecified" } : { kind: "text", text: partitions },
    ...(backfill === undefined ? {} : { backfill }),
    ...(order === undefined ? {} : { order }),
    ...(force === undefined ? {} : { force }),
    ...(checks === undefined ? {} : { checks }),
    ...(allowEmpty === undefined ? {} : { allowEmpty }),
  };
}
