/** A request to make assets: read from a body, planned, and submitted or only told. */
import { describePlan, type Moment, type Plan, type PlanDescription, type PlanRequest } from "@iroko/core";
import { planRequest, readMoment, submitRun } from "@iroko/core/engine";
import { z } from "zod";
import { findLocation, type CatalogLocation } from "./catalog.ts";
import type { Instance } from "./instance.ts";

export const planBody: z.ZodType<PlanBody> = z.strictObject({
  select: z.string().min(1).max(4_000),
  partitions: z.string().min(1).max(20_000).optional(),
  location: z.string().max(200).optional(),
  backfill: z.enum(["perPartition", "range"]).optional(),
  order: z.enum(["oldest", "newest"]).optional(),
  force: z.boolean().optional(),
});

export interface PlanBody {
  /** In the selection grammar. */
  readonly select: string;
  /** In the text form, or missing, failed, stale, all; left out where nothing is partitioned. */
  readonly partitions?: string | undefined;
  /** Needed where there are several. */
  readonly location?: string | undefined;
  readonly backfill?: "perPartition" | "range" | undefined;
  readonly order?: "oldest" | "newest" | undefined;
  /** Makes unpartitioned assets, too, that nothing has changed. */
  readonly force?: boolean | undefined;
}

interface Planned {
  readonly location: CatalogLocation;
  readonly plan: Plan;
  readonly asOf: Moment;
}

export async function describe(instance: Instance, body: PlanBody): Promise<PlanDescription> {
  const { plan, location } = await planned(instance, body);
  return describePlan(plan, location.snapshot);
}

/** Returns the run's id. */
export async function submit(instance: Instance, body: PlanBody): Promise<string> {
  return submitRun(instance.db, {
    ...(await planned(instance, body)),
    selection: body.select,
    partitions: body.partitions ?? "",
    trigger: "api",
  });
}

async function planned({ db, now, catalog }: Instance, body: PlanBody): Promise<Planned> {
  const location = findLocation(await catalog(), body.location);
  const asOf = await readMoment(db, location.snapshot, now());
  const request: PlanRequest = {
    select: body.select,
    partitions: body.partitions === undefined ? { kind: "unspecified" } : { kind: "text", text: body.partitions },
    ...(body.backfill === undefined ? {} : { backfill: body.backfill }),
    ...(body.order === undefined ? {} : { order: body.order }),
    ...(body.force === undefined ? {} : { force: body.force }),
  };
  return { location, asOf, plan: await planRequest(db, location.snapshot, request, asOf) };
}
