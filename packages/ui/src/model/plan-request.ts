/** A request to make assets: read from a body, planned, and submitted at once or kept to be applied. */
import { partitionsText, type PlanReport, type PlanRequest } from "@iroko/core";
import {
  askMappings,
  planRequest,
  readMoment,
  readPlanReport,
  requireConfig,
  storePlan,
  submitRun,
} from "@iroko/core/engine";
import type { HowInput, PlanInput } from "@iroko/core/client";
import { findLocation } from "./catalog.ts";
import type { Instance } from "./instance.ts";

export interface KeptPlan {
  /** What POST /plans/:id/apply takes. */
  readonly id: string;
  readonly plan: PlanReport;
}

/** Plans, and keeps the plan to be applied. */
export async function keepPlan({ db, now, catalog, store }: Instance, body: PlanInput): Promise<KeptPlan> {
  const location = findLocation(await catalog(), body.location);
  const request = requestOf(body);
  const { id, plan, moment } = await askMappings({ db, location: location.name }, () =>
    storePlan(db, location, request, now(), body.config),
  );
  const { snapshot } = location;
  return { id, plan: await readPlanReport(db, { plan, snapshot, request, now: moment, store }) };
}

/** Plans and submits at once; returns the run's id. */
export async function submit({ db, now, catalog }: Instance, body: PlanInput & HowInput): Promise<string> {
  const { priority, maxConcurrency } = body;
  const location = findLocation(await catalog(), body.location);
  const request = requestOf(body);
  const asOf = await readMoment(db, location.snapshot, now());
  const plan = await askMappings({ db, location: location.name }, () =>
    planRequest(db, location.snapshot, request, asOf),
  );
  requireConfig(location.snapshot, plan, body.config);
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
    ...(body.config === undefined ? {} : { config: body.config }),
  });
}

function requestOf({ select, partitions, backfill, order, force, checks, allowEmpty }: PlanInput): PlanRequest {
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
