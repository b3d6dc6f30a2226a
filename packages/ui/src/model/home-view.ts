/** Everything of the instance that home tells, in a number of queries that does not grow with it. */
import type { AssetHealth } from "@iroko/core/client";
import { listHeldSteps, listRuns, listWorkers, type RunRecord } from "@iroko/core/engine";
import type { Home, HomeRun, HomeTick } from "@iroko/core/client";
import type { Sendable } from "../http/answer.ts";
import { readStatuses, type AssetStatus } from "./asset-status.ts";
import type { Instance } from "./instance.ts";
import { readSchedules, type ScheduleView } from "./schedule-view.ts";

const runsShown = 200;
const troublesShown = 20;
const ticksShown = 12;
/** A server that has just started, or a slow one, gets this long before its ticks count as late. */
const lateAfterSeconds = 90;

const worstFirst: readonly AssetHealth[] = ["failed", "missing", "running", "unknown", "made"];

export async function readHome(instance: Instance): Promise<Sendable<Home>> {
  const { db } = instance;
  const catalog = await instance.catalog();
  const moment = await instance.moment(catalog);
  const { now } = moment;
  const [recent, live, workers, statuses, schedules, held] = await Promise.all([
    listRuns(db, { limit: runsShown }),
    listRuns(db, { limit: runsShown, statuses: ["queued", "running"] }),
    listWorkers(db),
    readStatuses(
      instance.standings.statuses,
      [...catalog.assets.values()].map(({ asset }) => asset),
      moment,
    ),
    readSchedules(db, catalog, { now, ticks: 1 }),
    listHeldSteps(db),
  ]);
  const alive = workers.filter(({ lockGone }) => !lockGone);
  const coming = schedules.flatMap(ticksOf).toSorted((a, b) => Temporal.Instant.compare(a.at, b.at));
  return {
    now,
    timezone: catalog.timezone,
    assets: catalog.assets.size,
    locations: catalog.locations.length,
    healths: countHealths(statuses),
    troubles: troublesOf(statuses),
    held,
    runs: runsOf(recent, live, now),
    late: schedules.flatMap((schedule) => lateTick(schedule, now)),
    next: coming.slice(0, ticksShown),
    workers: {
      alive: alive.length,
      slots: alive.reduce((sum, { slots }) => sum + slots, 0),
      running: alive.reduce((sum, { running }) => sum + running, 0),
    },
  };
}

function countHealths(statuses: ReadonlyMap<string, AssetStatus>): Home["healths"] {
  const counts = { failed: 0, running: 0, missing: 0, made: 0, unknown: 0 };
  for (const { health } of statuses.values()) counts[health] += 1;
  return counts;
}

function troublesOf(statuses: ReadonlyMap<string, AssetStatus>): Home["troubles"] {
  return [...statuses]
    .filter(([, { health }]) => health === "failed" || health === "missing")
    .toSorted(([, a], [, b]) => worstFirst.indexOf(a.health) - worstFirst.indexOf(b.health))
    .slice(0, troublesShown)
    .map(([asset, { health, sentence }]) => ({ asset, health, sentence }));
}

function runsOf(
  recent: readonly RunRecord[],
  live: readonly RunRecord[],
  now: Temporal.Instant,
): readonly Sendable<HomeRun>[] {
  const dayAgo = now.subtract({ hours: 24 });
  const known = new Map([...recent, ...live].map((run) => [run.id, run]));
  return [...known.values()]
    .filter(({ endedAt }) => endedAt === null || Temporal.Instant.compare(endedAt, dayAgo) >= 0)
    .toSorted((a, b) => Temporal.Instant.compare(b.createdAt, a.createdAt))
    .slice(0, runsShown)
    .map(
      ({
        id,
        status,
        selection,
        partitions,
        trigger,
        triggerName,
        planned,
        succeeded,
        failed,
        createdAt,
        startedAt,
        endedAt,
      }) => ({
        id,
        status,
        selection,
        partitions,
        by: triggerName ?? trigger,
        planned,
        succeeded,
        failed,
        createdAt,
        startedAt,
        endedAt,
      }),
    );
}

type ComingTick = Omit<HomeTick, "at"> & { readonly at: Temporal.Instant };

function ticksOf({ location, schedule, next }: ScheduleView): readonly ComingTick[] {
  return next.map(({ at, partitions }) => ({
    at,
    location,
    schedule: schedule.key,
    timezone: schedule.timezone,
    partitions,
  }));
}

function lateTick({ location, schedule, overdue }: ScheduleView, now: Temporal.Instant): readonly ComingTick[] {
  if (overdue === undefined || overdue.until(now).total("seconds") < lateAfterSeconds) return [];
  return [{ at: overdue, location, schedule: schedule.key, timezone: schedule.timezone, partitions: "" }];
}
