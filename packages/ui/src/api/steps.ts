import { stepStatuses } from "@iroko/core";
import { listSteps } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readQuery } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { findRun, stepPartitions } from "../model/run-view.ts";

const query = z.strictObject({
  limit: limit(200, 1_000),
  after: z.coerce.number().int().min(0).optional(),
  status: z.enum(stepStatuses).optional(),
});

/** GET /runs/:id/steps, in the plan's order; `cursor` goes on as `after`. */
export function stepsApi({ db, catalog }: Instance): Hono {
  return new Hono().get("/runs/:id/steps", async (c) => {
    const { limit, after, status } = readQuery(c, query);
    const run = await findRun(db, c.req.param("id"));
    const steps = await listSteps(db, run.id, {
      limit,
      ...(after === undefined ? {} : { after }),
      ...(status === undefined ? {} : { statuses: [status] }),
    });
    const definitions = await catalog();
    return c.json({
      steps: steps.map(({ windows, keys, boxes, ...step }) => ({
        ...step,
        partitions: stepPartitions(definitions, { assets: step.assets, windows, keys, boxes }),
      })),
      cursor: steps.length === limit ? (steps.at(-1)?.n ?? null) : null,
    });
  });
}
