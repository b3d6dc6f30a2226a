/** Schedules of a server: of the code location that was named, else of all that it has. */
import { IrokoError } from "@iroko/core";
import type { Schedule } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { nothingToClose } from "../remote/subject.ts";
import { noSuchSchedule, type ListedSchedule, type Schedules } from "./schedules.ts";

export function schedulesThere({ client, location, url }: RemoteServer): Schedules {
  const read = async (): Promise<readonly Schedule[]> => {
    const all = await Array.fromAsync(client.schedules.list({ ticks: 1 }));
    return location === undefined ? all : all.filter((schedule) => schedule.location === location);
  };
  return {
    ...nothingToClose,
    list: async () => (await read()).map(listed),
    async setPaused(key, paused) {
      const all = await read();
      const [found, other] = all.filter((schedule) => schedule.key === key);
      if (found === undefined)
        throw noSuchSchedule(
          key,
          location ?? url,
          all.map((schedule) => schedule.key),
        );
      if (other !== undefined) {
        throw new IrokoError("LOCATION_NOT_FOUND", `Several code locations have a schedule "${key}".`, {
          hint: `Say which: --location ${found.location} or --location ${other.location}`,
        });
      }
      await client.schedules[paused ? "pause" : "resume"]({ location: found.location, key });
    },
  };
}

function listed({ key, job, cron, timezone, catchUp, selection, ...schedule }: Schedule): ListedSchedule {
  const [last] = schedule.ticks;
  return {
    key,
    job,
    cron,
    timezone,
    catchUp,
    selection,
    state: !schedule.enabled ? "off" : schedule.paused ? "paused" : "on",
    nextTick: schedule.next[0]?.at ?? null,
    lastTick:
      last === undefined
        ? null
        : { scheduledFor: last.scheduledFor, status: last.status, reason: last.reason, run: last.run },
  };
}
