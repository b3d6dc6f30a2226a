import { applyPlan } from "@iroko/core/engine";
import { Hono } from "hono";
import { readBody } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { howBody, keepPlan, planBody } from "../model/plan-request.ts";

/** POST /plan: what POST /runs would do with the same body, why, and what it will cost; POST /plans/:id/apply: just that. */
export function planApi(instance: Instance): Hono {
  return new Hono()
    .post("/plan", async (c) => c.json(await keepPlan(instance, await readBody(c, planBody))))
    .post("/plans/:id/apply", async (c) => {
      const how = await readBody(c, howBody);
      const { run } = await applyPlan(instance.db, c.req.param("id"), "api", how);
      return c.json({ run }, 201);
    });
}
