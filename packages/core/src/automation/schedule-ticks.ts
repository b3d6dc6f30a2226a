/**
 * When a schedule asks for runs, and what it asks for. Ticks are instants of its cron; each is handled once. What nobody
 * was there to handle is caught up with as `catchUp` says, so that two nights without power lose no day.
 */
import { compareInstants } from "../partitions/compare-instants.ts";
import { clockToleranceSeconds } from "./clock.ts";
import type { ScheduleDefinition } from "../definitions/model.ts";
import { secondsAtOrBefore } from "../partitions/epoch-seconds.ts";
import { existing, windowsBetween } from "../partitions/existing.ts";
import { parseCron } from "../partitions/cron.ts";
import { instantOf, type DynamicKeys, type Moment } from "../partitions/moment.ts";
import { boxSet } from "../partitions/multi-partition.ts";
import type { DimensionSet, PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { isEmptySet, timeSet } from "../partitions/set-algebra.ts";
import { countTicks, nextTick, previousTick, ticks } from "../partitions/ticks.ts";
import { lastWindow } from "../partitions/time-windows.ts";
import type { PartitionRequest } from "../planning/plan.ts";

type Clock = Pick<ScheduleDefinition, "cron" | "timezone" | "catchUp">;

export interface TickHistory {
  /** Ticks up to here are never asked for: the schedule's first sight, an edit of its cron, the end of a pause. */
  readonly since: Temporal.Instant;
  /** The last tick that was handled, under this cron or an earlier one. */
  readonly lastHandled?: Temporal.Instant | undefined;
  readonly now: Temporal.Instant;
  /** Of all events: a clock behind it is wrong, and a schedule waits until it is right. */
  readonly newestEvent?: Temporal.Instant | undefined;
}

export interface DueTicks {
  /** To be handled now, oldest first. */
  readonly ticks: readonly Temporal.Instant[];
  /** Due too, but merged into the ones above or passed over. */
  readonly passedOver: number;
  /** Why none is due although the clock may say so. */
  readonly waits?: string;
}

/** A tick handled within a minute is on time; `skip` passes over what is later. */
const onTimeSeconds = 60;
/** Under `each`, at most so many at once: the rest is due when these are handled. */
const atOnce = 100;

export function dueTicks(schedule: Clock, { since, lastHandled, now, newestEvent }: TickHistory): DueTicks {
  const { cron, timezone, catchUp } = schedule;
  // Two machines' clocks never agree to the second, and something may happen between the two looks.
  if (newestEvent && isBefore(now.add({ seconds: clockToleranceSeconds }), newestEvent)) {
    const waits = `The clock says ${now.toString()}, but events are already at ${newestEvent.toString()}.`;
    return { ticks: [], passedOver: 0, waits };
  }
  const after = lastHandled && isBefore(since, lastHandled) ? lastHandled : since;
  const last = previousTick(cron, timezone, now.add({ nanoseconds: 1 }));
  if (!last || !isBefore(after, last)) return { ticks: [], passedOver: 0 };
  const due = countTicks(parseCron(cron), timezone, secondsAtOrBefore(after) + 1, secondsAtOrBefore(last) + 1);
  switch (catchUp) {
    case "merge":
      return { ticks: [last], passedOver: due - 1 };
    case "skip": {
      const late = last.until(now).total("seconds") > onTimeSeconds;
      return late ? { ticks: [], passedOver: due } : { ticks: [last], passedOver: due - 1 };
    }
    case "each":
      return { ticks: firstTicks(schedule, after, Math.min(due, atOnce)), passedOver: 0 };
  }
}

/** What a tick asks for, or why for nothing. */
export interface TickRequest {
  readonly tick: Temporal.Instant;
  readonly partitions?: PartitionRequest;
  readonly reason: string;
}

/**
 * @param definition of the partitions that the job's selection is asked by (`requestDefinition`); undefined where all its
 * assets are unpartitioned
 * @param ticks as `dueTicks` gives them
 * @param lastHandled the tick handled before the first of these; undefined: there was none, and the first asks for the
 * one window that ended last, not for all history
 */
export function ticksRequest(
  schedule: Clock & Pick<ScheduleDefinition, "partitions">,
  definition: PartitionsDefinition | undefined,
  { ticks: handled, lastHandled, dynamicKeys = new Map() }: Pick<DueTicks, "ticks"> & AskedWith,
): readonly TickRequest[] {
  return handled.map((tick, index) => {
    if (!definition || definition.kind === "none") {
      return { tick, partitions: { kind: "unspecified" }, reason: "its assets have no partitions" };
    }
    const before = index === 0 ? lastHandled : handled[index - 1];
    const set = partitionsAt(schedule, definition, tick, before, dynamicKeys);
    if (isEmptySet(set)) return { tick, reason: noneBecause(definition, before) };
    return { tick, partitions: { kind: "set", set }, reason: someBecause(schedule, definition, before) };
  });
}

/** The next ticks and what each will ask for, if every one before it is handled. */
export function previewTicks(
  schedule: Clock & Pick<ScheduleDefinition, "partitions">,
  definition: PartitionsDefinition | undefined,
  { now, count, ...askedWith }: Pick<TickHistory, "now"> & AskedWith & { readonly count: number },
): readonly TickRequest[] {
  return ticksRequest(schedule, definition, { ticks: firstTicks(schedule, now, count), ...askedWith });
}

interface AskedWith extends Pick<TickHistory, "lastHandled"> {
  /** Of dynamic partitions, those of now: a tick asks for all that there are when it is planned. */
  readonly dynamicKeys?: DynamicKeys;
}

function firstTicks({ cron, timezone }: Clock, after: Temporal.Instant, count: number): readonly Temporal.Instant[] {
  const first = nextTick(cron, timezone, after);
  return first ? Array.from(ticks(cron, timezone, first).take(count)) : [];
}

function partitionsAt(
  schedule: Clock & Pick<ScheduleDefinition, "partitions">,
  definition: PartitionsDefinition,
  tick: Temporal.Instant,
  before: Temporal.Instant | undefined,
  dynamicKeys: DynamicKeys,
): PartitionSet {
  const at = (now: Temporal.Instant): Moment => ({ now, dynamicKeys });
  if (!hasTime(definition)) return existing(definition, at(tick));
  if (schedule.partitions === "latest" || !before) return latestAt(definition, at(tick));
  // What a skipped tick would have asked for is skipped with it.
  const previous = schedule.catchUp === "skip" ? previousTick(schedule.cron, schedule.timezone, tick) : undefined;
  return windowsBetween(definition, at(previous && isBefore(before, previous) ? previous : before), at(tick));
}

/** The window that ended last; of several dimensions with every key of the others. */
function latestAt(definition: PartitionsDefinition, moment: Moment): PartitionSet {
  if (definition.kind === "multi")
    return boxSet(definition, (partitions) => latestAt(partitions, moment) as DimensionSet);
  if (definition.kind !== "time") return existing(definition, moment);
  const last = lastWindow(definition, instantOf(moment));
  return timeSet(last ? [last] : []);
}

function hasTime(definition: PartitionsDefinition): boolean {
  if (definition.kind === "multi") return definition.dimensions.some(({ partitions }) => partitions.kind === "time");
  return definition.kind === "time";
}

function someBecause(
  { partitions }: Pick<ScheduleDefinition, "partitions">,
  definition: PartitionsDefinition,
  before: Temporal.Instant | undefined,
): string {
  if (!hasTime(definition)) return "every partition, at each tick";
  if (partitions === "latest") return "the window that ended last";
  return before
    ? `windows that ended since the tick of ${before.toString()}`
    : "its first tick: the window that ended last";
}

function noneBecause(definition: PartitionsDefinition, before: Temporal.Instant | undefined): string {
  if (!hasTime(definition)) return "There is no partition yet.";
  return before ? `No window has ended since the tick of ${before.toString()}.` : "No window has ended yet.";
}

function isBefore(a: Temporal.Instant, b: Temporal.Instant): boolean {
  return compareInstants(a, b) < 0;
}
