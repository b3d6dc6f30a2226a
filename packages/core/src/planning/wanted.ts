/**
 * What a request makes of each selected asset, and why: the asked-for partitions narrowed to those never made, failed or
 * stale where the request says so, and unpartitioned assets left alone that nothing has changed.
 */
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { downstreamPartitions, joinOf } from "../graph/joins.ts";
import { staleCausesOf, stateOf, strongDependencies, type AssetStaleness } from "../graph/staleness.ts";
import type { Moment } from "../partitions/moment.ts";
import { partitionOf, setOfPartitions } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import type { PlannedSkip, PlanRequest } from "./plan.ts";

export interface Wanted {
  /** By key, upstream first; never empty sets. */
  readonly assets: ReadonlyMap<string, WantedAsset>;
  readonly skipped: readonly PlannedSkip[];
}

export interface WantedAsset {
  readonly set: PartitionSet;
  /** Its parts, disjoint, each with the reason it is made for. */
  readonly parts: readonly WantedPart[];
}

export interface WantedPart {
  readonly set: PartitionSet;
  readonly reason: string;
}

/** Of a step that may turn out to have nothing to do: what is above it may come out as it was. */
export const remadeAboveReason = "upstream will be remade";

/** @param asked by key, in the graph's order: the partitions that the request is about */
export function wantedPartitions(
  graph: AssetGraph,
  asked: ReadonlyMap<string, PartitionSet>,
  request: Pick<PlanRequest, "partitions" | "force">,
  state: PlanningState,
  now: Moment,
): Wanted {
  const assets = new Map<string, WantedAsset>();
  const skipped: PlannedSkip[] = [];
  const onlyUnpartitioned = [...asked.keys()].every((key) => assetOf(graph, key).partitions.kind === "none");
  const asAsked =
    request.partitions.kind === "text" ||
    request.partitions.kind === "set" ||
    request.partitions.kind === "unspecified";

  for (const [key, set] of asked) {
    const asset = assetOf(graph, key);
    if (asset.kind === "external") {
      if (asset.observable) assets.set(key, { set, parts: [{ set, reason: "asked for" }] });
      else skipped.push({ asset: key, partitions: set, reason: "it is made elsewhere and cannot be observed" });
      continue;
    }
    const remade = (): PartitionSet => remadeAbove(graph, asset, assets, now);
    const parts = asAsked
      ? asset.partitions.kind !== "none" || onlyUnpartitioned || request.force
        ? [{ set, reason: "asked for" }]
        : changedParts(graph, asset, remade, state, now)
      : narrowedParts(graph, asset, set, request.partitions.kind, remade, state, now);
    const found = parts.filter((part) => !isEmptySet(part.set));
    if (found.length > 0) assets.set(key, { set: found.map((part) => part.set).reduce(union), parts: found });
    else if (asAsked && asset.partitions.kind === "none") {
      skipped.push({ asset: key, partitions: set, reason: "nothing has changed since it was made" });
    } else if (asAsked) {
      skipped.push({ asset: key, partitions: set, reason: "none of its partitions belongs to those asked for" });
    }
  }
  return { assets, skipped };
}

type NarrowedKind = Exclude<PlanRequest["partitions"]["kind"], "text" | "set" | "unspecified">;

function narrowedParts(
  graph: AssetGraph,
  asset: SnapshotAsset,
  asked: PartitionSet,
  kind: PlanRequest["partitions"]["kind"],
  remade: () => PartitionSet,
  state: PlanningState,
  now: Moment,
): readonly WantedPart[] {
  const { materialized, failed } = stateOf(state, asset);
  switch (kind as NarrowedKind) {
    case "missing":
      return [{ set: subtract(asked, materialized), reason: "never made" }];
    case "failed":
      return [{ set: intersect(asked, failed), reason: "failed last time" }];
    case "stale": {
      const stale = staleParts(asset, asked, staleCausesOf(graph, asset, state, now));
      const covered = stale.reduce((sum, part) => union(sum, part.set), emptySetOf(asset.partitions));
      const below = intersect(intersect(remade(), asked), materialized);
      return [...stale, { set: subtract(below, covered), reason: remadeAboveReason }];
    }
  }
}

/** Of an unpartitioned asset beside partitioned ones: made only for a reason. */
function changedParts(
  graph: AssetGraph,
  asset: SnapshotAsset,
  remade: () => PartitionSet,
  state: PlanningState,
  now: Moment,
): readonly WantedPart[] {
  const { materialized, failed } = stateOf(state, asset);
  const { partitions } = asset;
  if (isEmptySet(materialized))
    return [{ set: setOfPartitions(partitions, [partitionOf(partitions, "")]), reason: "never made" }];
  if (!isEmptySet(failed)) return [{ set: materialized, reason: "failed last time" }];
  const stale = staleParts(asset, materialized, staleCausesOf(graph, asset, state, now));
  return stale.length > 0 ? stale : [{ set: intersect(remade(), materialized), reason: remadeAboveReason }];
}

/** What depends on what this plan makes: it becomes stale by it, unless the new version turns out the same. */
function remadeAbove(
  graph: AssetGraph,
  asset: SnapshotAsset,
  wanted: ReadonlyMap<string, WantedAsset>,
  now: Moment,
): PartitionSet {
  return strongDependencies(graph, asset.key)
    .filter((dependency) => assetOf(graph, dependency.asset).kind !== "external" && wanted.has(dependency.asset))
    .map((dependency) =>
      downstreamPartitions(joinOf(graph, asset.partitions, dependency), wanted.get(dependency.asset)!.set, now),
    )
    .reduce(union, emptySetOf(asset.partitions));
}

/** The stale partitions among some, those with the same reasons together. */
function staleParts(
  { partitions }: SnapshotAsset,
  among: PartitionSet,
  { causes }: Pick<AssetStaleness, "causes">,
): readonly WantedPart[] {
  let parts: readonly { readonly set: PartitionSet; readonly reasons: readonly string[] }[] = [];
  let rest = emptySetOf(partitions);
  for (const [reason, same] of Map.groupBy(causes, (cause) => cause.reason)) {
    const set = intersect(
      among,
      same.reduce((sum, cause) => union(sum, cause.partitions), emptySetOf(partitions)),
    );
    parts = [
      ...parts.flatMap((part) => [
        { set: intersect(part.set, set), reasons: [...part.reasons, reason] },
        { set: subtract(part.set, set), reasons: part.reasons },
      ]),
      { set: subtract(set, rest), reasons: [reason] },
    ].filter((part) => !isEmptySet(part.set));
    rest = union(rest, set);
  }
  return parts.map(({ set, reasons }) => ({ set, reason: reasons.join("; ") }));
}
