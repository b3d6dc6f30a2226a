import { api, type Tick } from "@iroko/core/client";
import { askMappings, listTicks, previewSchedule, setPaused, type TickRow } from "@iroko/core/engine";
import type { Answer, Sendable } from "../http/answer.ts";
import { pageOf } from "../http/page-of.ts";
import { sliceAfter } from "../http/slice-after.ts";
import { findLocation } from "../model/catalog.ts";
import type { Instance } from "../model/instance.ts";
import { findSchedule, readScheduleViews, schedulesIn } from "../model/schedule-view.ts";

const ticksShown = 5;

export function schedulesApi(answer: Answer, { db, now, catalog }: Instance): void {
  const { list, ticks, preview, pause, resume } = api.schedules;

  answer(list, async (input) => {
    const all = schedulesIn(await catalog());
    return pageOf(list, input, {
      read: (page) =>
        readScheduleViews(
          db,
          sliceAfter(all, ({ location, schedule }) => cursorOf(location.name, schedule.key), page),
          {
            now: now(),
            ticks: input.ticks ?? ticksShown,
          },
        ),
      cursor: ({ location, schedule }) => cursorOf(location, schedule.key),
      item: ({ schedule, selection, how, paused, pausedAt, next, ...view }) => ({
        location: view.location,
        key: schedule.key,
        job: schedule.job,
        selection,
        ...how,
        cron: schedule.cron,
        timezone: schedule.timezone,
        partitions: schedule.partitions,
        catchUp: schedule.catchUp,
        enabled: schedule.enabled,
        description: schedule.description ?? null,
        paused,
        pausedAt,
        ticks: view.ticks.map(tickView),
        next,
      }),
    });
  });

  answer(ticks, async (input) => {
    const location = findLocation(await catalog(), input.location);
    const { key } = findSchedule(location, input.key);
    return pageOf(ticks, input, {
      read: ({ limit, after }) =>
        listTicks(
          db,
          { location: location.name, name: key },
          limit,
          after === undefined ? undefined : Temporal.Instant.from(after),
        ),
      cursor: ({ scheduledFor }) => scheduledFor.toString(),
      item: tickView,
    });
  });

  answer(preview, async (input) => {
    const location = findLocation(await catalog(), input.location);
    const schedule = findSchedule(location, input.key);
    return pageOf(preview, input, {
      read: ({ limit, after }) =>
        previewSchedule(db, location, schedule, {
          now: now(),
          count: limit,
          after: after === undefined ? undefined : Temporal.Instant.from(after),
          asking: (work) => askMappings({ db, location: location.name }, work),
        }),
      cursor: ({ at }) => at.toString(),
      item: (tick) => tick,
    });
  });

  for (const [operation, paused] of [
    [pause, true],
    [resume, false],
  ] as const) {
    answer(operation, async (input) => {
      const location = findLocation(await catalog(), input.location);
      const { key } = findSchedule(location, input.key);
      await db.transaction((tx) => setPaused(tx, location.name, key, paused));
      return { location: location.name, schedule: key, paused };
    });
  }
}

const cursorOf = (location: string, key: string): string => `${location}/${key}`;

function tickView({ location: _location, name: _name, ...tick }: TickRow): Sendable<Tick> {
  return tick;
}
