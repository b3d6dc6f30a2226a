import {
  defineTimePartitions,
  wholeOption,
  type MinuteOffset,
  type TimePartitionsOptions,
} from "./define-time-partitions.ts";
import type { HourKey, TimePartitions } from "./partitions-definition.ts";

export interface HourlyOptions extends TimePartitionsOptions, MinuteOffset {}

/**
 * A partition an hour, keyed `2026-11-01-05:00` unless `format` says otherwise. Where the clock is set back, the repeated
 * hour's second occurrence carries its offset: `2026-11-01-01:00-0500`.
 *
 * @example hourly({ start: "2026-11-01-00:00", timezone: "Africa/Lagos" })
 * @throws {IrokoError} PARTITIONS_INVALID or TIMEZONE_INVALID
 */
export function hourly<const O extends HourlyOptions>(options: O): TimePartitions<"hour", HourlyKey<O>> {
  const minute = wholeOption("minuteOffset", options.minuteOffset, 0, 59, 0);
  return defineTimePartitions("hour", `${minute} * * * *`, options);
}

/** The compiler knows the shape of keys in the default format only. */
export type HourlyKey<O> = O extends { readonly format: string } ? string : HourKey;
