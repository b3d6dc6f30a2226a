/** What daily(), hourly() and their like have in common: options in, a checked and frozen definition out. */
import { IrokoError } from "../errors.ts";
import { parseCron, validateCron, type Cron } from "./cron.ts";
import { isCron, readExclusion } from "./exclusions.ts";
import { compileKeyFormat, type KeyFormat } from "./key-format.ts";
import type { Cadence, TimePartitions } from "./partitions-definition.ts";
import { gridOf } from "./time-grid.ts";

export interface TimePartitionsOptions {
  /** Key of the first partition, in the format of the keys; where no window starts at it, the next one that does. */
  readonly start: string;
  /** Written as `start`; the last window ends at it or before. Absent: the partitions go on. */
  readonly end?: string;
  /** IANA zone in which windows are cut and keys are written. Default "UTC". */
  readonly timezone?: string;
  /** strftime letters of the keys: %Y %m %d %H %M %S %z. */
  readonly format?: string;
  /** How many windows beyond the last ended one exist too; below 0, how many fewer. Default 0. */
  readonly endOffset?: number;
  /**
   * Windows that there shall be no partitions of: crons that fire as such windows start (`0 0 * * 0`: no Sundays), and keys
   * or ISO local times of single ones (`2026-12-25`). Their neighbours keep their length.
   */
  readonly exclusions?: readonly string[];
}

/** Where in the hour a window starts. */
export interface MinuteOffset {
  /** 0 to 59. Default 0. */
  readonly minuteOffset?: number;
}

/** Where in the day a window starts. */
export interface HourOffset extends MinuteOffset {
  /** 0 to 23. Default 0. */
  readonly hourOffset?: number;
}

/** As much of the time as tells the windows of a cadence apart. */
export const defaultFormats: Readonly<Record<Cadence, string>> = {
  hour: "%Y-%m-%d-%H:%M",
  day: "%Y-%m-%d",
  week: "%Y-%m-%d",
  month: "%Y-%m-%d",
  cron: "%Y-%m-%d-%H:%M",
};

/** @throws {IrokoError} PARTITIONS_INVALID, TIMEZONE_INVALID or CRON_INVALID */
export function defineTimePartitions<C extends Cadence, Key extends string>(
  cadence: C,
  cron: string,
  options: TimePartitionsOptions,
): TimePartitions<C, Key> {
  const { timezone = "UTC", format = defaultFormats[cadence], endOffset = 0, exclusions = [] } = options;
  checkTimezone(timezone);
  const parsed = parseCron(cron);
  if (!Number.isSafeInteger(endOffset)) {
    throw invalid(
      `endOffset must be a whole number, got ${endOffset}`,
      "Write 1 for one window more, -1 for one fewer.",
    );
  }
  const keys = compileKeyFormat(format);
  const usual = `Leave the format out for "${defaultFormats[cadence]}", or`;
  if (typeof keys === "string") {
    throw invalid(`the format "${format}" cannot name partitions: ${keys}`, `${usual} write another of these letters.`);
  }
  const missing = letterMissing(parsed, keys);
  if (missing !== undefined) {
    throw invalid(
      `the format "${format}" gives several windows the same key: it has no ${missing}`,
      `${usual} add ${missing} to yours.`,
    );
  }
  if (format.endsWith("Z") && timezone !== "UTC") {
    throw invalid(
      `the format "${format}" ends in Z, which says UTC, but the timezone is ${timezone}`,
      "Write %z for the offset, or leave the Z out.",
    );
  }
  const definition: TimePartitions<C, Key> = Object.freeze({
    kind: "time",
    cadence,
    start: readBound("start", options.start, keys, timezone),
    ...(options.end === undefined ? {} : { end: readBound("end", options.end, keys, timezone) }),
    timezone,
    format,
    cron,
    endOffset,
    ...(exclusions.length === 0 ? {} : { exclusions: Object.freeze(exclusions.map((text) => exclusion(text, keys))) }),
  });
  const { start, end } = definition;
  if (end !== undefined && Temporal.PlainDateTime.compare(localOf(end), localOf(start)) < 0) {
    throw invalid(
      `they end at "${options.end}", before they start at "${options.start}"`,
      "Turn start and end round, or leave the end out for partitions that go on.",
    );
  }
  const grid = gridOf(definition);
  if (exclusions.length > 0 && grid.bound === Infinity && grid.first === Infinity) {
    throw invalid(
      "the exclusions leave no partition",
      "Leave out less, or write the cron of the windows that you want.",
    );
  }
  return definition;
}

function exclusion(text: string, keys: KeyFormat): string {
  const read = readExclusion(text, keys);
  if (read !== undefined) return read;
  if (isCron(text)) throw invalid(`an exclusion: ${validateCron(text)}`, "Leave it out, or mend the cron.");
  throw invalid(
    `the exclusion ${JSON.stringify(text)} is neither a cron nor a key nor a local time`,
    'Write "0 0 * * 0" to leave out Sundays, "2026-12-25" for a day.',
  );
}

/** A letter without which windows that start at unlike times would share a key. */
function letterMissing({ minutesOfDay, days }: Cron, { letters }: KeyFormat): string | undefined {
  const { months, daysOfMonth, weekdays } = days;
  const byDay = daysOfMonth ? daysOfMonth.days.size + (daysOfMonth.last ? 1 : 0) : weekdays ? 0 : Infinity;
  const byWeekday = weekdays ? (weekdays.days.size > 0 ? Infinity : weekdays.nth.length) : 0;
  const needed: readonly (readonly [letter: string, needed: boolean])[] = [
    ["m", months.size > 1],
    ["d", byDay + byWeekday > 1],
    ["H", new Set(minutesOfDay.map((minute) => Math.floor(minute / 60))).size > 1],
    ["M", new Set(minutesOfDay.map((minute) => minute % 60)).size > 1],
  ];
  const found = needed.find(([letter, isNeeded]) => isNeeded && !letters.has(letter));
  return found && `%${found[0]}`;
}

/** A whole number of an option within its bounds, or the default. */
export function wholeOption(
  name: string,
  value: number | undefined,
  low: number,
  high: number,
  byDefault: number,
): number {
  if (value === undefined) return byDefault;
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalid(
    `${name} must be a whole number from ${low} to ${high}, got ${value}`,
    `Leave it out for ${byDefault}, or write one of those.`,
  );
}

/** @throws {IrokoError} TIMEZONE_INVALID */
export function checkTimezone(timezone: string): void {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(timezone);
  } catch (cause) {
    throw new IrokoError("TIMEZONE_INVALID", `There is no time zone "${timezone}".`, {
      hint: 'Use a name of the IANA database, for example "Africa/Lagos" or "UTC".',
      cause,
    });
  }
}

/** The local time that a key in the format stands for, as ISO 8601. */
function readBound(name: "start" | "end", key: string, keys: KeyFormat, timezone: string): string {
  const read = keys.read(key);
  if (!read) {
    throw invalid(
      `${name} "${key}" is not written as "${keys.format}"`,
      `Write it as "${exampleKey(keys, timezone)}".`,
    );
  }
  if (read.offset === undefined) return read.local.toString();
  const zoned = Temporal.Instant.from(`${read.local.toString()}${read.offset}`).toZonedDateTimeISO(timezone);
  const local = zoned.toPlainDateTime();
  // A repeated hour's second occurrence keeps its offset; everywhere else the local time says it all.
  return local.toZonedDateTime(timezone).equals(zoned) ? local.toString() : `${local.toString()}${zoned.offset}`;
}

/** A bound without the offset that a repeated hour may carry. */
function localOf(bound: string): Temporal.PlainDateTime {
  return Temporal.PlainDateTime.from(bound);
}

/** A key in a format, to show in errors. */
export function exampleKey(keys: KeyFormat, timezone: string): string {
  return keys.write(Temporal.PlainDateTime.from("2026-11-01T00:00").toZonedDateTime(timezone));
}

function invalid(problem: string, hint: string): IrokoError {
  return new IrokoError("PARTITIONS_INVALID", `These partitions cannot be: ${problem}.`, { hint });
}
