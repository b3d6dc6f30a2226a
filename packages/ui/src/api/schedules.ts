import { setPaused } from "@iroko/core/engine";
import { Hono } from "hono";
import { z } from "zod";
import { limit, readBody, readQuery } from "../http/input.ts";
import { findLocation } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { findSchedule, readSchedules } from "../model/schedule-view.ts";

const query = z.strictObject({ ticks: limit(5, 100) });
const nothing = z.strictObject({});

/** GET /schedules; POST /schedules/:location/:key/pause, /schedules/:location/:key/resume */
export function schedulesApi({ db, now, catalog }: Instance): Hono {
  const api = new Hono().get("/schedules", async (c) => {
    const { ticks } = readQuery(c, query);
    return c.json({ schedules: await readSchedules(db, await catalog(), { now: now(), ticks }) });
  });
  for (const [verb, paused] of [
    ["pause", true],
    ["resume", false],
  ] as const) {
    api.post(`/schedules/:location/:key/${verb}`, async (c) => {
      await readBody(c, nothing);
      const location = findLocation(await catalog(), c.req.param("location"));
      const { key } = findSchedule(location, c.req.param("key"));
      await setPaused(db, location.name, key, paused);
      return c.json({ location: location.name, schedule: key, paused });
    });
  }
  return api;
}
