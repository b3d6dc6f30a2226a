/** What a cell says of its partitions, in one letter: the worst of them first. */
import { containsPartition, type Partition, type PartitionSet } from "@iroko/core";
import type { AssetStatus } from "../asset-status.ts";

export interface GridSets extends Pick<AssetStatus, "exists" | "made" | "missing" | "failed" | "running"> {
  readonly stale: PartitionSet;
}

const worst = "frs.pm-";

export function letterOf({ failed, running, stale, made }: GridSets, partition: Partition): string {
  if (containsPartition(failed, partition)) return "f";
  if (containsPartition(running, partition)) return "r";
  if (containsPartition(stale, partition)) return "s";
  return containsPartition(made, partition) ? "m" : ".";
}

/** Of several: failure over all, then what runs, is stale, is partly there. */
export function joined(a: string, b: string): string {
  if (a === b) return a;
  const both = a + b;
  if (/^[m.p]{2}$/.test(both)) return "p";
  return worst.indexOf(a) < worst.indexOf(b) ? a : b;
}
