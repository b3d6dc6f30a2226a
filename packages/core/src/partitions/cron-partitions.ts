import { defineTimePartitions, type TimePartitionsOptions } from "./define-time-partitions.ts";
import type { TimePartitions } from "./partitions-definition.ts";

export interface CronPartitionsOptions extends TimePartitionsOptions {
  /** When windows start, five fields; each window ends where the next one starts. */
  readonly cron: string;
}

/**
 * Partitions whose windows start when a cron fires, keyed `2026-11-01-06:00` unless `format` says otherwise.
 *
 * @example cronPartitions({ start: "2026-11-01-00:00", cron: "0 0,6,12,18 * * *" })
 * @throws {IrokoError} PARTITIONS_INVALID, CRON_INVALID or TIMEZONE_INVALID
 */
export function cronPartitions(options: CronPartitionsOptions): TimePartitions<"cron"> {
  return defineTimePartitions("cron", options.cron, options);
}
