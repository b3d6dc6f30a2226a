/** Schedules as people see them: on or paused, what they did last, what they will ask for next. */
import {
  formatPartitions,
  IrokoError,
  previewTicks,
  previousTick,
  requestDefinition,
  possibleAssets,
  type PartitionRequest,
  type JobDefinition,
  type PartitionsDefinition,
  type ScheduleDefinition,
} from "@iroko/core";
import {
  latestTicks,
  listAutomations,
  readMoment,
  type AutomationRow,
  type Database,
  type TickRow,
} from "@iroko/core/engine";
import type { Catalog, CatalogLocation } from "./catalog.ts";

export interface ScheduleView {
  readonly location: string;
  readonly schedule: ScheduleDefinition;
  readonly selection: string;
  /** As its job's runs run. */
  readonly how: Pick<JobDefinition, "config" | "priority"> & { readonly maxConcurrency: number | null };
  readonly paused: boolean;
  readonly pausedAt: Temporal.Instant | null;
  /** Newest first. */
  readonly ticks: readonly TickRow[];
  /** None while it is off or paused. */
  readonly next: readonly NextTick[];
  /** The last tick that was due, where nobody has handled it yet. */
  readonly overdue: Temporal.Instant | undefined;
}

export interface NextTick {
  readonly at: Temporal.Instant;
  /** What it will ask for, in the text form; "" where nothing is partitioned. */
  readonly partitions: string;
  readonly reason: string;
}

export interface ScheduleViewOptions {
  readonly now: Temporal.Instant;
  /** How many past and coming ticks. */
  readonly ticks: number;
}

export interface LocatedSchedule {
  readonly location: CatalogLocation;
  readonly schedule: ScheduleDefinition;
}

export function schedulesIn({ locations }: Catalog): readonly LocatedSchedule[] {
  return locations.flatMap((location) => location.snapshot.schedules.map((schedule) => ({ location, schedule })));
}

/** Of all schedules. */
export function readSchedules(
  db: Database,
  catalog: Catalog,
  options: ScheduleViewOptions,
): Promise<readonly ScheduleView[]> {
  return readScheduleViews(db, schedulesIn(catalog), options);
}

/** Of some: a few queries, however many they are. */
export async function readScheduleViews(
  db: Database,
  wanted: readonly LocatedSchedule[],
  options: ScheduleViewOptions,
): Promise<readonly ScheduleView[]> {
  if (wanted.length === 0) return [];
  const named = wanted.map(({ location, schedule }) => ({ location: location.name, name: schedule.key }));
  const snapshots = [...new Set(wanted.map(({ location }) => location.snapshot))];
  const [automations, ticks, { dynamicKeys }] = await Promise.all([
    listAutomations(db),
    latestTicks(db, named, options.ticks),
    readMoment(db, { assets: snapshots.flatMap(({ assets }) => assets) }, options.now),
  ]);
  const idOf = ({ location, name }: { readonly location: string; readonly name: string }): string =>
    JSON.stringify([location, name]);
  const known = new Map(automations.map((row) => [idOf(row), row]));
  const ticksOf = Map.groupBy(ticks, idOf);
  return wanted.map(({ location, schedule }, n): ScheduleView => {
    const automation = known.get(idOf(named[n]!));
    const paused = automation?.paused ?? false;
    const lastHandled = automation?.lastHandled ?? undefined;
    const asked = { lastHandled, now: options.now, count: options.ticks, dynamicKeys };
    const isOn = !paused && schedule.enabled;
    const { select, config, priority, maxConcurrency } = jobOf(location, schedule);
    return {
      location: location.name,
      schedule,
      selection: select,
      how: { config, priority, maxConcurrency: schedule.maxConcurrency ?? maxConcurrency ?? null },
      paused,
      pausedAt: automation?.pausedAt ?? null,
      ticks: ticksOf.get(idOf(named[n]!)) ?? [],
      next: isOn ? nextTicks(location, schedule, asked) : [],
      overdue: isOn && automation !== undefined ? overdueTick(schedule, automation, options.now) : undefined,
    };
  });
}

/** @throws {IrokoError} SCHEDULE_NOT_FOUND */
export function findSchedule(location: CatalogLocation, key: string): ScheduleDefinition {
  const { schedules } = location.snapshot;
  const found = schedules.find((schedule) => schedule.key === key);
  if (found !== undefined) return found;
  const keys = schedules.map((schedule) => schedule.key);
  throw new IrokoError("SCHEDULE_NOT_FOUND", `There is no schedule "${key}" in ${location.name}.`, {
    hint: keys.length === 0 ? "It has no schedules." : `There are these: ${keys.join(", ")}.`,
  });
}

/** Before a schedule was first seen nothing was due. */
function overdueTick(
  { cron, timezone }: ScheduleDefinition,
  { since, lastHandled }: AutomationRow,
  now: Temporal.Instant,
): Temporal.Instant | undefined {
  const due = previousTick(cron, timezone, now);
  const isAsked = (by: Temporal.Instant | null): boolean =>
    by !== null && due !== undefined && Temporal.Instant.compare(due, by) <= 0;
  return isAsked(since) || isAsked(lastHandled) ? undefined : due;
}

function nextTicks(
  location: CatalogLocation,
  schedule: ScheduleDefinition,
  asked: Parameters<typeof previewTicks>[2],
): readonly NextTick[] {
  const definition = requestDefinition(
    location.graph,
    possibleAssets(location.graph, jobOf(location, schedule).select),
  );
  return previewTicks(schedule, definition, asked).map(({ tick, partitions, reason }) => ({
    at: tick,
    partitions: partitions === undefined ? "" : requestText(definition, partitions),
    reason,
  }));
}

/** A request in the text form that the CLI takes. */
function requestText(definition: PartitionsDefinition | undefined, request: PartitionRequest): string {
  switch (request.kind) {
    case "text":
      return request.text;
    case "set":
      return definition === undefined ? "" : formatPartitions(definition, request.set);
    case "unspecified":
      return "";
    default:
      return request.within === undefined ? request.kind : `${request.kind} within ${request.within}`;
  }
}

function jobOf({ snapshot }: CatalogLocation, schedule: ScheduleDefinition): JobDefinition {
  // define() refuses a schedule without its job.
  return snapshot.jobs.find(({ key }) => key === schedule.job)!;
}
