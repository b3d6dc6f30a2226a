/**
 * What is missing, what is stale and why. A partition is stale when its own code, schema or dependencies changed since it
 * was made, or when an upstream partition has another data version than the one it read; an upstream that was made again
 * with the same result leaves it fresh. What is fresh itself, though something above it is stale, is *behind*. All of it
 * sets: it costs the number of different histories, not that of partitions.
 */
import { breakingChange } from "../definitions/schema-change.ts";
import type { SnapshotAsset, SnapshotDependency } from "../definitions/snapshot.ts";
import type { Moment } from "../partitions/moment.ts";
import { existing } from "../partitions/existing.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import type { AssetState, Origin, PlanningState } from "./asset-state.ts";
import { assetOf, type AssetGraph } from "./asset-graph.ts";
import { downstreamPartitions, joinOf } from "./joins.ts";

/** Why some partitions of an asset are stale; a partition may have several causes. */
export interface StaleCause {
  readonly category: "code" | "schema" | "data" | "dependencies";
  readonly partitions: PartitionSet;
  /** A short phrase: `raw_pos_transactions changed`. */
  readonly reason: string;
  /** Of a schema: why what was written under the old one cannot be read under the present one. Absent where it can. */
  readonly breaking?: string;
  readonly dependency?: string;
  /** Of the dependency, what changed: each of `partitions` is stale by all of it that it needs. Absent where unpartitioned. */
  readonly upstream?: PartitionSet;
}

export interface AssetStaleness {
  /** Exists and was never made. Nothing of an external asset is missing. */
  readonly missing: PartitionSet;
  readonly stale: PartitionSet;
  readonly causes: readonly StaleCause[];
  /** Made, not stale itself, but made from what is stale or behind. */
  readonly behind: PartitionSet;
}

/** What of an asset is stale by itself: whatever stands above what it reads makes no difference. */
export type OwnStaleness = Pick<AssetStaleness, "stale" | "causes">;

/** Of every asset of the graph, upstream first. Only assets whose `origins` are given can be stale. */
export function stalenessOf(graph: AssetGraph, state: PlanningState, now: Moment): ReadonlyMap<string, AssetStaleness> {
  const result = new Map<string, AssetStaleness>();
  const troubleAbove = (key: string): PartitionSet => {
    const { stale, behind } = result.get(key)!;
    return union(stale, behind);
  };
  for (const asset of graph.assets.values()) {
    const { materialized } = stateOf(state, asset);
    const own = { materialized, ...staleCausesOf(graph, asset, state, now) };
    result.set(asset.key, stalenessBelow(graph, asset, own, troubleAbove, now));
  }
  return result;
}

/** All of it of one asset, from what is stale of itself and what is stale or behind of each asset that it reads. */
export function stalenessBelow(
  graph: AssetGraph,
  asset: SnapshotAsset,
  { materialized, stale, causes }: OwnStaleness & Pick<AssetState, "materialized">,
  troubleAbove: (key: string) => PartitionSet,
  now: Moment,
): AssetStaleness {
  const made = asset.kind === "external" ? emptySetOf(asset.partitions) : materialized;
  const missing = asset.kind === "external" ? made : subtract(existing(asset.partitions, now), made);
  let behind = emptySetOf(asset.partitions);
  for (const dependency of strongDependencies(graph, asset.key)) {
    const trouble = troubleAbove(dependency.asset);
    behind = union(behind, downstreamPartitions(joinOf(graph, asset.partitions, dependency), trouble, now));
  }
  return { missing, stale, causes, behind: subtract(intersect(behind, made), stale) };
}

/** The stale partitions of one asset, and all the causes. */
export function staleCausesOf(
  graph: AssetGraph,
  asset: SnapshotAsset,
  state: PlanningState,
  now: Moment,
): OwnStaleness {
  const { origins } = stateOf(state, asset);
  const none = emptySetOf(asset.partitions);
  if (asset.kind === "external" || origins.length === 0) return { stale: none, causes: [] };
  const available = existing(asset.partitions, now);
  const causes = [
    ...ownCauses(graph, asset, origins, state),
    ...strongDependencies(graph, asset.key).flatMap((dependency) => inputCauses(graph, asset, dependency, state, now)),
  ]
    .map((cause) => ({ ...cause, partitions: intersect(cause.partitions, available) }))
    .filter(({ partitions }) => !isEmptySet(partitions));
  return { stale: causes.reduce((all, { partitions }) => union(all, partitions), none), causes };
}

/** The assets whose `origins` it takes to tell whether these are stale: themselves and what they read. */
export function versionsNeededFor(graph: AssetGraph, keys: Iterable<string>): ReadonlySet<string> {
  return new Set([...keys].flatMap((key) => [key, ...strongDependencies(graph, key).map(({ asset }) => asset)]));
}

/** What is known of an asset; nothing, where the state has no word of it. */
export function stateOf(
  state: PlanningState,
  { key, partitions }: Pick<SnapshotAsset, "key" | "partitions">,
): AssetState {
  const known = state.assets.get(key);
  if (known) return known;
  const none = emptySetOf(partitions);
  return { materialized: none, failed: none, inProgress: none, origins: [], changes: new Map() };
}

export function strongDependencies(graph: AssetGraph, key: string): readonly SnapshotDependency[] {
  return (graph.dependencies.get(key) ?? []).filter(({ weak }) => !weak);
}

/** Code, schema and the list of dependencies: what can be told without a look at the upstream partitions. */
function ownCauses(
  graph: AssetGraph,
  asset: SnapshotAsset,
  origins: readonly Origin[],
  { schemas }: Pick<PlanningState, "schemas">,
): readonly StaleCause[] {
  const compute = asset.compute === undefined ? undefined : graph.computes.get(asset.compute);
  const codeVersion = asset.codeVersion ?? compute?.codeVersion;
  const partitionsOf = (chosen: readonly Origin[]): PartitionSet =>
    chosen.reduce((all, { partitions }) => union(all, partitions), emptySetOf(asset.partitions));
  const causes: StaleCause[] = [];
  if (codeVersion !== undefined) {
    const other = origins.filter((origin) => origin.codeVersion !== codeVersion);
    causes.push({ category: "code", reason: "its code changed", partitions: partitionsOf(other) });
  }
  const { schema } = asset;
  if (schema) {
    const other = origins.filter(({ schemaHash }) => schemaHash !== schema.hash);
    const breakingOf = ({ schemaHash = "" }: Origin): string | undefined => {
      const was = schemas?.get(schemaHash);
      return was && breakingChange(was, schema);
    };
    for (const [breaking, same] of Map.groupBy(other, breakingOf)) {
      const told = { category: "schema", reason: "its schema changed", partitions: partitionsOf(same) } as const;
      causes.push(breaking === undefined ? told : { ...told, breaking });
    }
  }
  const reads = new Set((compute?.deps ?? []).map((dependency) => dependency.asset));
  const siblings = new Set((compute?.outputs ?? []).map((output) => output.asset));
  for (const key of new Set(origins.flatMap((origin) => origin.reads))) {
    if (reads.has(key) || siblings.has(key)) continue;
    const having = origins.filter((origin) => origin.reads.includes(key));
    const reason = `it no longer reads ${key}`;
    causes.push({ category: "dependencies", reason, dependency: key, partitions: partitionsOf(having) });
  }
  return causes;
}

/** What of one upstream asset is not what was read. What is absent there is not known, and makes nothing stale. */
function inputCauses(
  graph: AssetGraph,
  asset: SnapshotAsset,
  dependency: SnapshotDependency,
  state: PlanningState,
  now: Moment,
): readonly StaleCause[] {
  const upstream = assetOf(graph, dependency.asset);
  const { origins, changes } = stateOf(state, asset);
  const key = upstream.key;
  // Nothing is known to have been read of what lives elsewhere and was observed later.
  const unread =
    upstream.kind === "external"
      ? emptySetOf(asset.partitions)
      : origins
          .filter(({ reads }) => !reads.includes(key))
          .reduce((all, { partitions }) => union(all, partitions), emptySetOf(asset.partitions));
  const above = isEmptySet(unread) ? emptySetOf(upstream.partitions) : stateOf(state, upstream).materialized;
  const added = intersect(unread, downstreamPartitions(joinOf(graph, asset.partitions, dependency), above, now));
  return [
    { category: "dependencies", reason: `it reads ${key} now`, dependency: key, partitions: added },
    ...(changes.get(dependency.name) ?? []).map((change): StaleCause => ({
      category: "data",
      reason: `${key} changed`,
      dependency: key,
      partitions: subtract(change.partitions, unread),
      ...(upstream.partitions.kind === "none" ? {} : { upstream: change.upstream }),
    })),
  ];
}
