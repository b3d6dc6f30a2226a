/** Where a dependency joins two partitions definitions: which partitions belong to which. */
import type { SnapshotDependency } from "../definitions/snapshot.ts";
import type { Moment } from "../partitions/moment.ts";
import { downstreamOf, upstreamOf } from "../partitions/map-partitions.ts";
import type { PartitionMapping } from "../partitions/mapping.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { sameDefinition } from "../partitions/same-definition.ts";
import { assetOf, type AssetGraph } from "./asset-graph.ts";

export { sameDefinition } from "../partitions/same-definition.ts";

export interface Join {
  readonly downstream: PartitionsDefinition;
  readonly upstream: PartitionsDefinition;
  readonly mapping: PartitionMapping;
}

/** What joins an asset's (or a check's) partitions to those of an asset that it reads. */
export function joinOf(graph: AssetGraph, downstream: PartitionsDefinition, dependency: SnapshotDependency): Join {
  return { downstream, upstream: assetOf(graph, dependency.asset).partitions, mapping: dependency.mapping };
}

/** The existing upstream partitions that these downstream ones read. */
export function upstreamPartitions({ mapping, ...sides }: Join, set: PartitionSet, now: Moment): PartitionSet {
  return upstreamOf(mapping, { ...sides, set, now }).set;
}

/** The existing downstream partitions that read any of these upstream ones. */
export function downstreamPartitions({ mapping, ...sides }: Join, set: PartitionSet, now: Moment): PartitionSet {
  return downstreamOf(mapping, { ...sides, set, now });
}

/** Each partition reads its namesake and nothing else. */
export function isOneToOne({ mapping, downstream, upstream }: Join): boolean {
  return mapping.kind === "identity" && sameDefinition(downstream, upstream);
}

/** All downstream partitions read the same upstream ones. */
export function readsAlike({ mapping, upstream }: Join): boolean {
  return upstream.kind === "none" || mapping.kind === "all" || mapping.kind === "last" || mapping.kind === "specific";
}

/**
 * "All" means what there is, one at least: a hole in years of history keeps nobody from making the summary, which becomes
 * stale once the hole is filled. Every other mapping needs all that it names.
 */
export function readsWhatThereIs(mapping: PartitionMapping): boolean {
  return mapping.kind === "all";
}
