/**
 * What of the state a plan rests on: the partitions that it makes, and those that they read and it does not make. When one
 * of these moves, the plan is out of date; whatever else happens, to other partitions or other assets, leaves it as it is.
 */
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { joinOf, upstreamPartitions } from "../graph/joins.ts";
import { strongDependencies } from "../graph/staleness.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import { checkName } from "./cut-steps.ts";
import type { Plan } from "./plan.ts";

export interface BasisPart {
  readonly asset: string;
  /** Of those it makes, versions and failures count; of those it only reads, what they hold. */
  readonly role: "makes" | "reads";
  readonly partitions: PartitionSet;
}

export function planBasis(
  graph: AssetGraph,
  { assets, checks = [] }: Pick<Plan, "assets"> & Partial<Pick<Plan, "checks">>,
  now: Moment,
): readonly BasisPart[] {
  const makes = new Map<string, PartitionSet>();
  for (const { asset, partitions } of assets) add(makes, asset, partitions);
  const reads = new Map<string, PartitionSet>();
  for (const [asset, set] of makes) {
    const { partitions } = assetOf(graph, asset);
    for (const dependency of strongDependencies(graph, asset)) {
      add(reads, dependency.asset, upstreamPartitions(joinOf(graph, partitions, dependency), set, now));
    }
  }
  for (const { asset, name, partitions: set } of checks) {
    const { deps, partitions } = graph.checks.get(asset)!.find((check) => checkName(check) === name)!;
    for (const dependency of deps)
      if (!dependency.weak)
        add(reads, dependency.asset, upstreamPartitions(joinOf(graph, partitions, dependency), set, now));
  }
  const onlyReads = Array.from(reads, ([asset, set]): BasisPart => {
    const made = makes.get(asset);
    return { asset, role: "reads", partitions: made === undefined ? set : subtract(set, made) };
  });
  return [
    ...Array.from(makes, ([asset, partitions]): BasisPart => ({ asset, role: "makes", partitions })),
    ...onlyReads,
  ].filter(({ partitions }) => !isEmptySet(partitions));
}

function add(sets: Map<string, PartitionSet>, asset: string, more: PartitionSet): void {
  const before = sets.get(asset);
  sets.set(asset, before === undefined ? more : union(before, more));
}
