/** Schedules of a server: of the code location that was named, else of all that it has. */
import { IrokoError } from "@iroko/core";
import { api, type Schedule } from "@iroko/core/client";
import type { RemoteServer } from "../remote/find-server.ts";
import { firstOf, nothingToClose } from "../remote/subject.ts";
import { noSuchSchedule, type Schedules } from "./schedules.ts";

export function schedulesThere({ client, location, url }: RemoteServer): Schedules {
  const read = async (): Promise<readonly Schedule[]> => {
    const all = await Array.fromAsync(client.schedules.list({ ticks: 1 }));
    return location === undefined ? all : all.filter((schedule) => schedule.location === location);
  };
  const find = async (key: string): Promise<Schedule> => {
    const all = await read();
    const [found, other] = all.filter((schedule) => schedule.key === key);
    if (found === undefined)
      throw noSuchSchedule(
        key,
        location ?? url,
        all.map((schedule) => schedule.key),
      );
    if (other === undefined) return found;
    throw new IrokoError("LOCATION_NOT_FOUND", `Several code locations have a schedule "${key}".`, {
      hint: `Say which: --location ${found.location} or --location ${other.location}`,
    });
  };
  return {
    ...nothingToClose,
    list: read,
    async preview(wanted, count) {
      const schedules = wanted === undefined ? await read() : [await find(wanted)];
      return await Promise.all(
        schedules.map(async ({ key, cron, timezone, enabled, location }) => {
          const ticks = (limit: number) => client.schedules.preview({ location, key, limit });
          return { key, cron, timezone, enabled, ticks: await firstOf(count, ticks, api.schedules.preview) };
        }),
      );
    },
    async setPaused(wanted, paused) {
      const { location, key } = await find(wanted);
      await client.schedules[paused ? "pause" : "resume"]({ location, key });
    },
  };
}
