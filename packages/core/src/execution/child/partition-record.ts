import type { Partition, PartitionId } from "../../partitions/partitions-definition.ts";
import type { PartitionRecord } from "../step-protocol.ts";

export function toPartition({ id, key, window }: PartitionRecord): Partition {
  const plain = { id: id as PartitionId, key };
  if (window === undefined) return Object.freeze(plain);
  return Object.freeze({
    ...plain,
    window: Object.freeze({ start: Temporal.Instant.from(window[0]), end: Temporal.Instant.from(window[1]) }),
  });
}

export function toPartitionRecord({ id, key, window }: Partition): PartitionRecord {
  return window === undefined ? { id, key } : { id, key, window: [window.start.toString(), window.end.toString()] };
}

/** As people read it: `daily_revenue@2026-11-02`, or the bare key where there is one partition only. */
export function nameOf(asset: string, partition: { readonly key: string }): string {
  return partition.key === "" ? asset : `${asset}@${partition.key}`;
}
