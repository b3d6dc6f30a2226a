import { runStatuses } from "@iroko/core";
import { askMappings, cancelRun, listRuns, materializationsOf, retryRun, runProgress } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readBody, readQuery } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { runBody, submit } from "../model/plan-request.ts";
import { findRun, partitionKey } from "../model/run-view.ts";

const query = z.strictObject({
  limit: limit(50, 500),
  before: z.uuid().optional(),
  status: z.enum(runStatuses).optional(),
});
const cancelBody = z.strictObject({ reason: z.string().min(1).max(500).default("canceled on the page") });
const retryBody = z.strictObject({
  fromStart: z.boolean().optional(),
  select: z.string().min(1).max(4_000).optional(),
  partitions: z.string().min(1).max(20_000).optional(),
});

/** GET and POST /runs; GET /runs/:id, /runs/:id/materializations; POST /runs/:id/cancel, /runs/:id/retry */
export function runsApi(instance: Instance): Hono {
  const { db, catalog } = instance;
  return new Hono()
    .get("/runs", async (c) => {
      const { limit, before, status } = readQuery(c, query);
      const runs = await listRuns(db, {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(status === undefined ? {} : { statuses: [status] }),
      });
      return c.json({
        runs: runs.map((run) => ({ ...run, plan: undefined })),
        cursor: runs.length === limit ? (runs.at(-1)?.id ?? null) : null,
      });
    })
    .post("/runs", async (c) => c.json({ run: await submit(instance, await readBody(c, runBody)) }, 201))
    .get("/runs/:id", async (c) => {
      const run = await findRun(db, c.req.param("id"));
      return c.json({ run, progress: await runProgress(db, run.id) });
    })
    .get("/runs/:id/materializations", async (c) => {
      const run = await findRun(db, c.req.param("id"));
      const [made, { assets }] = await Promise.all([materializationsOf(db, run.id), catalog()]);
      return c.json({
        materializations: made.map(({ partition, ...row }) => ({
          ...row,
          partition: partitionKey(assets.get(row.asset)?.asset.partitions, partition),
        })),
      });
    })
    .post("/runs/:id/cancel", async (c) => {
      const { reason } = await readBody(c, cancelBody);
      const run = await findRun(db, c.req.param("id"));
      await cancelRun(db, run.id, reason);
      return c.json({ run: run.id });
    })
    .post("/runs/:id/retry", async (c) => {
      const options = await readBody(c, retryBody);
      const { id, location } = await findRun(db, c.req.param("id"));
      return c.json({ run: await askMappings({ db, location }, () => retryRun(db, id, options)) }, 201);
    });
}
