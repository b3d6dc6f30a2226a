import {
  defineTimePartitions,
  wholeOption,
  type HourOffset,
  type TimePartitionsOptions,
} from "./define-time-partitions.ts";
import type { DailyKey } from "./daily.ts";
import type { TimePartitions } from "./partitions-definition.ts";

export interface WeeklyOptions extends TimePartitionsOptions, HourOffset {
  /** The weekday a week starts on, 0 (Sunday) to 6. Default 0. */
  readonly dayOffset?: number;
}

/**
 * A partition a week, keyed by the day it starts on.
 *
 * @example weekly({ start: "2026-11-02", dayOffset: 1 })
 * @throws {IrokoError} PARTITIONS_INVALID or TIMEZONE_INVALID
 */
export function weekly<const O extends WeeklyOptions>(options: O): TimePartitions<"week", DailyKey<O>> {
  const hour = wholeOption("hourOffset", options.hourOffset, 0, 23, 0);
  const minute = wholeOption("minuteOffset", options.minuteOffset, 0, 59, 0);
  const weekday = wholeOption("dayOffset", options.dayOffset, 0, 6, 0);
  return defineTimePartitions("week", `${minute} ${hour} * * ${weekday}`, options);
}
