import { Hono } from "hono";
import { readBody } from "../http/input.ts";
import type { Instance } from "../model/instance.ts";
import { describe, planBody } from "../model/plan-request.ts";

/** POST /plan: what POST /runs would do with the same body, and why; nothing is started. */
export function planApi(instance: Instance): Hono {
  return new Hono().post("/plan", async (c) => c.json({ plan: await describe(instance, await readBody(c, planBody)) }));
}
