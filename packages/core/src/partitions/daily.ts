import {
  defineTimePartitions,
  wholeOption,
  type HourOffset,
  type TimePartitionsOptions,
} from "./define-time-partitions.ts";
import type { DayKey, TimePartitions } from "./partitions-definition.ts";

export interface DailyOptions extends TimePartitionsOptions, HourOffset {}

/**
 * A partition a day, keyed `2026-11-01` unless `format` says otherwise. Days follow local time: one with a change of the
 * clock has 23 or 25 hours.
 *
 * @example daily({ start: "2026-11-01", timezone: "Africa/Lagos" })
 * @throws {IrokoError} PARTITIONS_INVALID or TIMEZONE_INVALID
 */
export function daily<const O extends DailyOptions>(options: O): TimePartitions<"day", DailyKey<O>> {
  const hour = wholeOption("hourOffset", options.hourOffset, 0, 23, 0);
  const minute = wholeOption("minuteOffset", options.minuteOffset, 0, 59, 0);
  return defineTimePartitions("day", `${minute} ${hour} * * *`, options);
}

/** The compiler knows the shape of keys in the default format only. */
export type DailyKey<O> = O extends { readonly format: string } ? string : DayKey;
