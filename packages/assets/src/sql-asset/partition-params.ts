import type { Partition, PartitionsDefinition } from "@iroko/core";
import type { SqlValue } from "../duckdb/sql-value.ts";

/**
 * What a partition gives SQL: `$window_start` and `$window_end`, TIMESTAMPTZ, of a time partition; `$partition_key` of any
 * that has one. Of several dimensions the window is that of the first one by time, and `$partition_region` is the key in
 * the dimension `region`. They are bound, never pasted.
 */
export function partitionParams({ key, window, dimensions = {} }: Partition): Readonly<Record<string, SqlValue>> {
  const inTime = window ?? Object.values(dimensions).find((dimension) => dimension.window)?.window;
  return {
    ...Object.fromEntries(Object.entries(dimensions).map(([name, dimension]) => [`partition_${name}`, dimension.key])),
    ...(key === "" ? {} : { partition_key: key }),
    ...(inTime === undefined ? {} : { window_start: inTime.start, window_end: inTime.end }),
  };
}

/** Values of the types that `partitionParams` gives. Only the types matter: nothing runs. */
export function exampleParams(partitions: PartitionsDefinition): Readonly<Record<string, SqlValue>> {
  const instant = Temporal.Instant.fromEpochMilliseconds(0);
  const window = { start: instant, end: instant };
  const example = (name: string, { kind }: PartitionsDefinition): Partition =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it names no partition
    ({ id: name, key: name, ...(kind === "time" ? { window } : {}) }) as Partition;
  if (partitions.kind === "none") return {};
  if (partitions.kind !== "multi") return partitionParams(example("key", partitions));
  const dimensions = partitions.dimensions.map(
    ({ name, partitions: dimension }) => [name, example(name, dimension)] as const,
  );
  return partitionParams({ ...example("key", partitions), dimensions: Object.fromEntries(dimensions) });
}
