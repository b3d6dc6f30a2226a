import type { Partition } from "@iroko/core";
import type { SqlValue } from "../duckdb/sql-value.ts";

/**
 * What a partition gives SQL: `$window_start` and `$window_end`, TIMESTAMPTZ, of a time partition; `$partition_key` of any
 * that has one. They are bound, never pasted.
 */
export function partitionParams({ key, window }: Partition): Readonly<Record<string, SqlValue>> {
  return {
    ...(key === "" ? {} : { partition_key: key }),
    ...(window === undefined ? {} : { window_start: window.start, window_end: window.end }),
  };
}
