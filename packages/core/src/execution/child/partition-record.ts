import type { Partition, PartitionId } from "../../partitions/partitions-definition.ts";
import type { PartitionRecord } from "../step-protocol.ts";

export function toPartition({ id, key, window, dimensions }: PartitionRecord): Partition {
  return Object.freeze({
    id: id as PartitionId,
    key,
    ...(window && {
      window: Object.freeze({ start: Temporal.Instant.from(window[0]), end: Temporal.Instant.from(window[1]) }),
    }),
    ...(dimensions && { dimensions: Object.freeze(mapValues(dimensions, toPartition)) }),
  });
}

export function toPartitionRecord({ id, key, window, dimensions }: Partition): PartitionRecord {
  return {
    id,
    key,
    ...(window && { window: [window.start.toString(), window.end.toString()] as const }),
    ...(dimensions && { dimensions: mapValues(dimensions, toPartitionRecord) }),
  };
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (from: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, from]) => [name, change(from)]));
}

/** As people read it: `daily_revenue@2026-11-02`, or the bare key where there is one partition only. */
export function nameOf(asset: string, partition: { readonly key: string }): string {
  return partition.key === "" ? asset : `${asset}@${partition.key}`;
}
