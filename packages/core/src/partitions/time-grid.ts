/**
 * A time definition made ready for arithmetic. Every tick of its cron ends a window and starts the next; `first` and
 * `bound` cut the windows of the definition out of that endless grid, and exclusions punch holes into it. A line is where a
 * window starts or ends, left out or not; a start is a line at which a window starts that is not left out. All in epoch
 * seconds.
 */
import { IrokoError } from "../errors.ts";
import { parseCron, type Cron } from "./cron.ts";
import { instantOfSeconds, secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { compileExclusions, type Exclusions } from "./exclusions.ts";
import { basicOffset, compileKeyFormat, type KeyFormat } from "./key-format.ts";
import type { TimePartitions } from "./partitions-definition.ts";
import { tickAtOrAfter, tickAtOrBefore } from "./ticks.ts";
import { wallTickAtOrBefore } from "./wall-ticks.ts";
import { segmentAt } from "./zone-segments.ts";

export interface TimeGrid {
  readonly cron: Cron;
  readonly timezone: string;
  readonly keys: KeyFormat;
  /** Where the definition's first window starts. */
  readonly first: number;
  /** Where its last one ends; Infinity where it goes on. */
  readonly bound: number;
  readonly exclusions: Exclusions | undefined;
}

const grids = new WeakMap<TimePartitions, TimeGrid>();

export function gridOf(definition: TimePartitions): TimeGrid {
  let grid = grids.get(definition);
  if (!grid) grids.set(definition, (grid = makeGrid(definition)));
  return grid;
}

/** The grid's line at or after a time. */
export function lineAtOrAfter(grid: TimeGrid, seconds: number): number {
  return tickAtOrAfter(grid.cron, grid.timezone, seconds) ?? Infinity;
}

/** The grid's line at or before a time. */
export function lineAtOrBefore(grid: TimeGrid, seconds: number): number {
  return tickAtOrBefore(grid.cron, grid.timezone, seconds) ?? -Infinity;
}

export const lineAfter = (grid: TimeGrid, seconds: number): number => lineAtOrAfter(grid, seconds + 1);
export const lineBefore = (grid: TimeGrid, seconds: number): number => lineAtOrBefore(grid, seconds - 1);

/** The first start at or after a time; Infinity where none comes. */
export function startAtOrAfter(grid: TimeGrid, seconds: number): number {
  let line = lineAtOrAfter(grid, seconds);
  for (let skipped = 0; line !== Infinity && grid.exclusions?.excludes(line); skipped += 1) {
    if (skipped === longestHole) return Infinity;
    line = lineAfter(grid, line);
  }
  return line;
}

/** The last start at or before a time; -Infinity where none was. */
export function startAtOrBefore(grid: TimeGrid, seconds: number): number {
  let line = lineAtOrBefore(grid, seconds);
  for (let skipped = 0; line !== -Infinity && grid.exclusions?.excludes(line); skipped += 1) {
    if (skipped === longestHole) return -Infinity;
    line = lineBefore(grid, line);
  }
  return line;
}

/** So many windows in a row that are left out, and there are no others. */
const longestHole = 20_000;

/** The line so many windows later, or earlier; what is left out does not count. */
export function shiftLine(grid: TimeGrid, line: number, windows: number): number {
  let shifted = line;
  for (let step = windows; step > 0; step -= 1) shifted = lineAfter(grid, startAtOrAfter(grid, shifted));
  for (let step = windows; step < 0; step += 1) shifted = startAtOrBefore(grid, shifted - 1);
  return shifted;
}

/** Whether one of the definition's windows starts at the line. */
export function isWithin(grid: TimeGrid, line: number): boolean {
  return line >= grid.first && line < grid.bound && !grid.exclusions?.excludes(line);
}

/** A stretch [from, until) without the windows that are left out of it, in parts that do not touch. */
export function withoutExcluded(grid: TimeGrid, from: number, until: number): (readonly [number, number])[] {
  if (!grid.exclusions) return from < until ? [[from, until]] : [];
  const parts: (readonly [number, number])[] = [];
  let start = from;
  // A window that is left out may have begun before the stretch.
  const begun = lineAtOrBefore(grid, from);
  if (begun < from && grid.exclusions.excludes(begun)) start = lineAfter(grid, begun);
  for (const [hole, end] of holesFrom(grid, start, until)) {
    if (start < hole) parts.push([start, hole]);
    start = end;
  }
  if (start < until) parts.push([start, until]);
  return parts;
}

type Hole = readonly [from: number, until: number];
const holesByGrid = new WeakMap<TimeGrid, Map<number, Hole>>();

/** The holes that begin in [from, until), ascending. Each is found once: what exists is asked for again and again. */
function* holesFrom(grid: TimeGrid, from: number, until: number): Generator<Hole, void, undefined> {
  let known = holesByGrid.get(grid);
  if (!known) holesByGrid.set(grid, (known = new Map()));
  for (let at = from; at < until;) {
    let hole = known.get(at);
    if (!hole) known.set(at, (hole = nextHole(grid, at)));
    if (hole[0] >= until) return;
    yield hole;
    at = hole[1];
  }
}

function nextHole(grid: TimeGrid, at: number): Hole {
  const from = grid.exclusions!.nextExcluded(at);
  if (from === Infinity) return [from, from];
  let until = lineAfter(grid, from);
  for (let more = 0; more < longestHole && grid.exclusions!.excludes(until); more += 1) until = lineAfter(grid, until);
  return [from, until];
}

/**
 * The key of the window that starts at a line. Where the clock shows the time of a line twice and a window starts at
 * either, the second carries its offset, unless every key does.
 */
export function keyOfLine(grid: TimeGrid, line: number): string {
  const skipped = skippedDay(grid, line);
  if (skipped) return grid.keys.write(skipped);
  const start = instantOfSeconds(line).toZonedDateTimeISO(grid.timezone);
  const key = grid.keys.write(start);
  if (!grid.cron.everyHour || grid.keys.hasOffset) return key;
  return isSecondTime(grid, line) ? key + basicOffset(start) : key;
}

/** Whether the clock has shown the time of a line before: it was set back, by more than has passed since. */
function isSecondTime({ timezone }: TimeGrid, line: number): boolean {
  const { from, offset, offsetBefore } = segmentAt(timezone, line);
  return line - from < offsetBefore - offset;
}

/**
 * The time that a line stands for where the clock has skipped it together with its whole day, as Apia's did in 2011: the
 * window that starts as the next day begins is that of the skipped one, and is named so. Undefined everywhere else.
 */
function skippedDay({ cron, timezone, keys }: TimeGrid, line: number): Temporal.ZonedDateTime | undefined {
  const { from, offset, offsetBefore } = segmentAt(timezone, line);
  if (from !== line || offset - offsetBefore < 86_400 || cron.everyHour || keys.hasOffset) return undefined;
  const wall = line + offset;
  const skipped = wallTickAtOrBefore(cron, wall);
  if (skipped === undefined || skipped === wall) return undefined;
  return instantOfSeconds(skipped).toZonedDateTimeISO("UTC"); // only its letters are written
}

/** The line whose window has a key, within the definition or not; undefined where no window has. */
export function lineOfKey(grid: TimeGrid, key: string): number | undefined {
  const time = timeOfKey(grid, key);
  if (time === undefined) return undefined;
  const has = (line: number): boolean => line !== Infinity && keyOfLine(grid, line) === key;
  const line = lineAtOrAfter(grid, time);
  if (has(line)) return line;
  // Rare, all of them: what otherTimesOf names, and a day that began with the window of a skipped one.
  const others = otherTimesOf(grid, key).map((other) => lineAtOrAfter(grid, other));
  return [...others, lineAfter(grid, line)].find(has);
}

/** The earliest time that a key may mean, plain or with the offset of a repeated hour; undefined in another format. */
export function timeOfKey({ keys, timezone }: TimeGrid, key: string): number | undefined {
  const plain = keys.read(key);
  if (plain?.offset !== undefined) return secondsOf(plain.local, plain.offset);
  if (plain) return secondsAtOrBefore(plain.local.toZonedDateTime(timezone).toInstant());
  const [, repeated, hours, minutes] = /^(.*)([+-]\d{2})(\d{2})$/s.exec(key) ?? [];
  if (repeated === undefined || keys.hasOffset || Math.abs(Number(hours)) > 23 || Number(minutes) > 59)
    return undefined;
  const read = keys.read(repeated);
  return read && secondsOf(read.local, `${hours}:${minutes}`);
}

/**
 * Where the clock is changed, a key's time can be told in two ways. Of a repeated time the second is meant where several
 * windows lie in what is repeated (Casey set its clock back by three hours in 2012). And a gap may end within a minute
 * (Monrovia's did in 1972): what starts there has a key whose time was skipped, and is found from before the gap.
 */
function otherTimesOf({ keys, timezone }: TimeGrid, key: string): readonly number[] {
  const read = keys.read(key);
  if (read === undefined || read.offset !== undefined) return [];
  return (["earlier", "later"] as const).map((disambiguation) =>
    secondsAtOrBefore(read.local.toZonedDateTime(timezone, { disambiguation }).toInstant()),
  );
}

function secondsOf(local: Temporal.PlainDateTime, offset: string): number {
  return secondsAtOrBefore(Temporal.Instant.from(`${local.toString()}${offset}`));
}

function makeGrid(definition: TimePartitions): TimeGrid {
  const { timezone, format } = definition;
  const keys = compileKeyFormat(format);
  if (typeof keys === "string")
    throw new IrokoError("PARTITIONS_INVALID", `The format "${format}" cannot be: ${keys}.`);
  const cron = parseCron(definition.cron);
  const bare = { cron, timezone, keys, first: 0, bound: Infinity, exclusions: undefined };
  const exclusions =
    definition.exclusions &&
    compileExclusions(definition.exclusions, timezone, (seconds) => lineAtOrAfter(bare, seconds));
  const grid = { ...bare, exclusions };
  const first = startAtOrAfter(grid, secondsAtOrAfter(localInstant(definition.start, timezone)));
  if (definition.end === undefined) return { ...grid, first };
  return { ...grid, first, bound: lineAtOrBefore(grid, secondsAtOrBefore(localInstant(definition.end, timezone))) };
}

/** A bound is local time; the offset of a repeated hour's second occurrence may follow it. */
function localInstant(bound: string, timezone: string): Temporal.Instant {
  if (/[+-]\d{2}:\d{2}$/.test(bound)) return Temporal.Instant.from(bound);
  return Temporal.PlainDateTime.from(bound).toZonedDateTime(timezone).toInstant();
}
