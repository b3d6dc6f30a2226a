import { listWorkers } from "@iroko/core/engine";
import { Hono } from "hono";
import type { Instance } from "../model/instance.ts";

/** GET /health: whether Postgres answers, and who works. */
export function healthApi({ db, catalog }: Instance): Hono {
  return new Hono().get("/health", async (c) => {
    const [workers, { locations }] = await Promise.all([listWorkers(db), catalog()]);
    return c.json({
      status: "ok",
      locations: locations.map(({ name, version, registeredAt }) => ({ name, version, registeredAt })),
      workers: workers.map(({ id, location, host, pid, slots, running, draining, startedAt, lockGone }) => ({
        id,
        location,
        host,
        pid,
        slots,
        running,
        draining,
        startedAt,
        alive: !lockGone,
      })),
    });
  });
}
