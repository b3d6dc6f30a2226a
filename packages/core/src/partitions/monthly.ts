import {
  defineTimePartitions,
  wholeOption,
  type HourOffset,
  type TimePartitionsOptions,
} from "./define-time-partitions.ts";
import type { DailyKey } from "./daily.ts";
import type { TimePartitions } from "./partitions-definition.ts";

export interface MonthlyOptions extends TimePartitionsOptions, HourOffset {
  /** The day a month starts on, 1 to 31; a month without that day is part of the one before. Default 1. */
  readonly dayOffset?: number;
}

/**
 * A partition a month, keyed by the day it starts on.
 *
 * @example monthly({ start: "2026-11-01" })
 * @throws {IrokoError} PARTITIONS_INVALID or TIMEZONE_INVALID
 */
export function monthly<const O extends MonthlyOptions>(options: O): TimePartitions<"month", DailyKey<O>> {
  const hour = wholeOption("hourOffset", options.hourOffset, 0, 23, 0);
  const minute = wholeOption("minuteOffset", options.minuteOffset, 0, 59, 0);
  const day = wholeOption("dayOffset", options.dayOffset, 1, 31, 1);
  return defineTimePartitions("month", `${minute} ${hour} ${day} * *`, options);
}
