/** The windows of a time definition: which one holds an instant or has a key, which come next, which exist. */
import { IrokoError } from "../errors.ts";
import { instantOfSeconds, secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import type { TimePartitions, TimeWindow } from "./partitions-definition.ts";
import {
  gridOf,
  isWithin,
  keyOfLine,
  lineAfter,
  lineAtOrBefore,
  lineOfKey,
  shiftLine,
  startAtOrAfter,
  startAtOrBefore,
  timeOfKey,
  withoutExcluded,
  type TimeGrid,
} from "./time-grid.ts";

/**
 * The window of a key, ended or not.
 *
 * @throws {IrokoError} PARTITION_FORMAT, or PARTITION_NOT_FOUND when no window of the definition has the key
 */
export function windowOf(definition: TimePartitions, key: string): TimeWindow {
  const grid = gridOf(definition);
  const line = secondsAtOrBefore(parseKey(definition, key));
  if (!isWithin(grid, line)) throw notFound(grid, key, line);
  return windowFrom(grid, line);
}

/** The window that holds an instant, ended or not; undefined outside the definition. */
export function windowAt(definition: TimePartitions, instant: Temporal.Instant): TimeWindow | undefined {
  const grid = gridOf(definition);
  const line = lineAtOrBefore(grid, secondsAtOrBefore(instant));
  return isWithin(grid, line) ? windowFrom(grid, line) : undefined;
}

/** The key of the window that starts at an instant. */
export function keyOfWindow(definition: TimePartitions, start: Temporal.Instant): string {
  return keyOfLine(gridOf(definition), secondsAtOrBefore(start));
}

/** The first window that starts after an instant: of a window's start, the next one. Undefined past the end. */
export function nextWindow(definition: TimePartitions, after: Temporal.Instant): TimeWindow | undefined {
  const grid = gridOf(definition);
  const line = startAtOrAfter(grid, Math.max(grid.first, secondsAtOrBefore(after) + 1));
  return isWithin(grid, line) ? windowFrom(grid, line) : undefined;
}

/** The last window that starts before an instant: of a window's start, the previous one. Undefined before the first. */
export function previousWindow(definition: TimePartitions, before: Temporal.Instant): TimeWindow | undefined {
  const grid = gridOf(definition);
  const line = startAtOrBefore(grid, Math.min(grid.bound, secondsAtOrAfter(before)) - 1);
  return isWithin(grid, line) ? windowFrom(grid, line) : undefined;
}

/** The first window, ended or not; undefined where `end` leaves none. */
export function firstWindow(definition: TimePartitions): TimeWindow | undefined {
  const grid = gridOf(definition);
  return isWithin(grid, grid.first) ? windowFrom(grid, grid.first) : undefined;
}

/** The last window that exists at `now`; undefined where none does. */
export function lastWindow(definition: TimePartitions, now: Temporal.Instant): TimeWindow | undefined {
  const span = existingSpan(definition, now);
  return span && windowFrom(gridOf(definition), startAtOrBefore(gridOf(definition), secondsAtOrBefore(span.end) - 1));
}

/**
 * From the start of the first window that exists at `now` to the end of the last, what is left out between them included:
 * those ended by then, and as many more (or fewer) as `endOffset` says. Undefined where none exists.
 */
export function existingSpan(definition: TimePartitions, now: Temporal.Instant): TimeWindow | undefined {
  const grid = gridOf(definition);
  const ended = lineAtOrBefore(grid, secondsAtOrBefore(now));
  const until = Math.min(grid.bound, shiftLine(grid, ended, definition.endOffset));
  if (until <= grid.first) return undefined;
  const end = grid.exclusions ? lineAfter(grid, startAtOrBefore(grid, until - 1)) : until;
  return { start: instantOfSeconds(grid.first), end: instantOfSeconds(end) };
}

/**
 * Reads a key: where its window starts, within the definition's start and end or not.
 *
 * @throws {IrokoError} PARTITION_FORMAT, or PARTITION_NOT_FOUND when no window starts there
 */
export function parseKey(definition: TimePartitions, key: string): Temporal.Instant {
  const grid = gridOf(definition);
  const line = lineOfKey(grid, key);
  if (line !== undefined) return instantOfSeconds(line);
  const time = timeOfKey(grid, key);
  if (time !== undefined) throw notFound(grid, key, lineAtOrBefore(grid, time));
  throw new IrokoError(
    "PARTITION_FORMAT",
    `The partition key ${JSON.stringify(key)} is not written as "${definition.format}".`,
    {
      hint: `Write it like "${exampleKeyOf(definition)}".`,
      details: { key, format: definition.format },
    },
  );
}

/** The key of the definition's first window, to show in errors. */
export function exampleKeyOf(definition: TimePartitions): string {
  const grid = gridOf(definition);
  return keyOfLine(grid, grid.first);
}

/** What the definition has of a stretch of time, in epoch seconds: all of it but what exclusions leave out. */
export function stretchesIn(grid: TimeGrid, from: number, until: number): TimeWindow[] {
  return withoutExcluded(grid, from, until).map(([start, end]) => ({
    start: instantOfSeconds(start),
    end: instantOfSeconds(end),
  }));
}

/** The bare window that starts at a line of the grid. */
export function windowFrom(grid: TimeGrid, line: number): TimeWindow {
  return { start: instantOfSeconds(line), end: instantOfSeconds(lineAfter(grid, line)) };
}

/** `near`: a line close to what the key means. */
function notFound(grid: TimeGrid, key: string, near: number): IrokoError {
  const last = Number.isFinite(grid.bound) ? startAtOrBefore(grid, grid.bound - 1) : Infinity;
  const nearest = isWithin(grid, grid.first)
    ? Math.min(startAtOrAfter(grid, Math.max(near, grid.first)), last)
    : undefined;
  const isExcluded = near < grid.bound && keyOfLine(grid, near) === key && grid.exclusions?.excludes(near);
  return new IrokoError("PARTITION_NOT_FOUND", `There is no partition ${JSON.stringify(key)}.`, {
    hint:
      nearest === undefined
        ? "There are no partitions."
        : `${isExcluded ? "It is left out by an exclusion. " : ""}Did you mean "${keyOfLine(grid, nearest)}"?`,
    details: { key },
  });
}
