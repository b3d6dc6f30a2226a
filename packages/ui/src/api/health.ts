import { clockOff, isOff, listWorkers, lookAtClocks, secondsAhead } from "@iroko/core/engine";
import { Hono } from "hono";
import type { Instance } from "../model/instance.ts";

/** GET /health: whether Postgres answers, whether its clock and this machine's agree, and who works. */
export function healthApi({ db, catalog }: Instance): Hono {
  return new Hono().get("/health", async (c) => {
    const [workers, { locations }, look] = await Promise.all([listWorkers(db), catalog(), lookAtClocks(db)]);
    const ahead = secondsAhead(look);
    return c.json({
      status: "ok",
      clock: {
        here: look.here,
        postgres: look.postgres,
        secondsAhead: Math.round(ahead * 1000) / 1000,
        ...(isOff(ahead) ? { problem: clockOff(look).toRecord() } : {}),
      },
      locations: locations.map(({ name, version, registeredAt }) => ({ name, version, registeredAt })),
      workers: workers.map(({ lockGone, ...worker }) => ({
        id: worker.id,
        location: worker.location,
        host: worker.host,
        pid: worker.pid,
        slots: worker.slots,
        running: worker.running,
        draining: worker.draining,
        startedAt: worker.startedAt,
        secondsAhead: worker.clockAhead,
        roundTripMs: worker.roundTripMs,
        loopDelayMs: worker.loopDelayMs,
        alive: !lockGone,
      })),
    });
  });
}
