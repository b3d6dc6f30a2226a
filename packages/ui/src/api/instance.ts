import { api } from "@iroko/core/client";
import { clockOff, isOff, listWorkers, lookAtClocks, secondsAhead } from "@iroko/core/engine";
import type { Answer } from "../http/answer.ts";
import { openApiDocument } from "../http/openapi.ts";
import type { Instance } from "../model/instance.ts";

export function instanceApi(answer: Answer, { db, catalog }: Instance): void {
  const { health, openapi } = api.instance;
  const document = openApiDocument();

  answer(openapi, async () => document);

  answer(health, async () => {
    const [workers, { locations }, look] = await Promise.all([listWorkers(db), catalog(), lookAtClocks(db)]);
    const ahead = secondsAhead(look);
    return {
      status: "ok" as const,
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
    };
  });
}
