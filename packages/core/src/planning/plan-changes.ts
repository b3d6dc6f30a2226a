/** How a plan differs from the one that the same ask makes now, in words: what it would also make, and what no longer. */
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import type { Plan } from "./plan.ts";

type PlannedSets = Pick<Plan, "assets">;

/** Empty where both make the same partitions. */
export function planChanges(graph: AssetGraph, before: PlannedSets, after: PlannedSets): readonly string[] {
  const keys = new Set([...before.assets, ...after.assets].map(({ asset }) => asset));
  return Array.from(keys).flatMap((key) => {
    const asset = graph.assets.get(key);
    if (asset === undefined) return [`${key} is no longer defined`];
    const [old, fresh] = [madeOf(graph, key, before), madeOf(graph, key, after)];
    const reasons = after.assets.filter((planned) => planned.asset === key).map(({ reason }) => reason);
    const [more, less] = [subtract(fresh, old), subtract(old, fresh)];
    return [
      ...(isEmptySet(more)
        ? []
        : [`it would also make ${nameOf(graph, key, more)} (${[...new Set(reasons)].join("; ")})`]),
      ...(isEmptySet(less) ? [] : [`it would no longer make ${nameOf(graph, key, less)}`]),
    ];
  });
}

function madeOf(graph: AssetGraph, key: string, { assets }: PlannedSets): PartitionSet {
  const none = emptySetOf(assetOf(graph, key).partitions);
  return assets.filter(({ asset }) => asset === key).reduce((sum, { partitions }) => union(sum, partitions), none);
}

/** `cleaned@2026-11-01..2026-11-07`; the key alone where unpartitioned. */
export function nameOf(graph: AssetGraph, key: string, set: PartitionSet): string {
  const names = formatPartitions(assetOf(graph, key).partitions, set);
  return names === "" ? key : `${key}@${names}`;
}
