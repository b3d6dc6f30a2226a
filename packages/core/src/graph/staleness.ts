/**
 * What is missing, what is stale and why. A partition is stale when its own code, schema or dependencies changed since it
 * was made, or when an upstream partition has another data version than the one it read; an upstream that was made again
 * with the same result leaves it fresh. What is fresh itself, though something above it is stale, is *behind*.
 */
import type { Moment } from "../partitions/moment.ts";
import { windowAt } from "../partitions/time-windows.ts";
import { partitionOf, partitionsIn, setOfPartitions } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { Partition, PartitionId, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { emptySetOf, intersect, subtract, union } from "../partitions/set-algebra.ts";
import { existing } from "../partitions/existing.ts";
import type { SnapshotAsset, SnapshotDependency } from "../definitions/snapshot.ts";
import type { AssetState, CurrentVersion, PlanningState } from "./asset-state.ts";
import { assetOf, type AssetGraph } from "./asset-graph.ts";
import { downstreamPartitions, isOneToOne, joinOf, readsAlike, upstreamPartitions } from "./joins.ts";

export interface StaleCause {
  readonly category: "code" | "schema" | "data" | "dependencies";
  /** A short phrase: `raw_pos_transactions changed`. */
  readonly reason: string;
  readonly dependency?: string;
  readonly dependencyPartition?: PartitionId;
}

export interface AssetStaleness {
  /** Exists and was never made. Nothing of an external asset is missing. */
  readonly missing: PartitionSet;
  readonly stale: PartitionSet;
  readonly causes: ReadonlyMap<PartitionId, readonly StaleCause[]>;
  /** Made, not stale itself, but made from what is stale or behind. */
  readonly behind: PartitionSet;
}

/** Of every asset of the graph, upstream first. Only assets whose `versions` are given can be stale. */
export function stalenessOf(graph: AssetGraph, state: PlanningState, now: Moment): ReadonlyMap<string, AssetStaleness> {
  const result = new Map<string, AssetStaleness>();
  for (const asset of graph.assets.values()) {
    const { materialized } = stateOf(state, asset);
    const { stale, causes } = staleCausesOf(graph, asset, state, now);
    const made = asset.kind === "external" ? emptySetOf(asset.partitions) : materialized;
    const missing = asset.kind === "external" ? made : subtract(existing(asset.partitions, now), made);
    let behind = emptySetOf(asset.partitions);
    for (const dependency of strongDependencies(graph, asset.key)) {
      const above = result.get(dependency.asset)!;
      const trouble = union(above.stale, above.behind);
      behind = union(behind, downstreamPartitions(joinOf(graph, asset.partitions, dependency), trouble, now));
    }
    result.set(asset.key, { missing, stale, causes, behind: subtract(intersect(behind, made), stale) });
  }
  return result;
}

/** The stale partitions of one asset, each with all its causes. */
export function staleCausesOf(
  graph: AssetGraph,
  asset: SnapshotAsset,
  state: PlanningState,
  now: Moment,
): Pick<AssetStaleness, "stale" | "causes"> {
  const causes = new Map<PartitionId, readonly StaleCause[]>();
  const stale: Partition[] = [];
  const { versions } = stateOf(state, asset);
  if (asset.kind !== "external" && versions.size > 0) {
    const readers = strongDependencies(graph, asset.key).map((dependency) =>
      readerOf(graph, asset, dependency, state, now),
    );
    for (const [id, version] of versions) {
      const found = [...ownCauses(graph, asset, version), ...readers.flatMap((read) => read(id, version))];
      const partition = found.length > 0 ? partitionById(asset.partitions, id) : undefined;
      if (!partition) continue;
      causes.set(id, found);
      stale.push(partition);
    }
  }
  return { stale: setOfPartitions(asset.partitions, stale), causes };
}

/** The assets whose `versions` it takes to tell whether these are stale: themselves and what they read. */
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
  return { materialized: none, failed: none, inProgress: none, versions: new Map() };
}

export function strongDependencies(graph: AssetGraph, key: string): readonly SnapshotDependency[] {
  return (graph.dependencies.get(key) ?? []).filter(({ weak }) => !weak);
}

/** Code, schema and the list of dependencies: what can be told without a look at the upstream partitions. */
function ownCauses(graph: AssetGraph, asset: SnapshotAsset, made: CurrentVersion): readonly StaleCause[] {
  const causes: StaleCause[] = [];
  const compute = asset.compute === undefined ? undefined : graph.computes.get(asset.compute);
  const codeVersion = asset.codeVersion ?? compute?.codeVersion;
  if (codeVersion !== undefined && made.codeVersion !== codeVersion) {
    causes.push({ category: "code", reason: "its code changed" });
  }
  if (asset.schema && made.schemaHash !== asset.schema.hash) {
    causes.push({ category: "schema", reason: "its schema changed" });
  }
  const read = new Set((compute?.deps ?? []).map((dependency) => dependency.asset));
  const siblings = new Set((compute?.outputs ?? []).map((output) => output.asset));
  for (const key of Object.keys(made.inputs)) {
    if (read.has(key) || siblings.has(key)) continue;
    causes.push({ category: "dependencies", reason: `it no longer reads ${key}`, dependency: key });
  }
  return causes;
}

type Reader = (id: PartitionId, made: CurrentVersion) => readonly StaleCause[];

/** Compares what a partition read of one upstream asset with what is current there. Absent there: nothing is known. */
function readerOf(
  graph: AssetGraph,
  asset: SnapshotAsset,
  dependency: SnapshotDependency,
  state: PlanningState,
  now: Moment,
): Reader {
  const upstream = assetOf(graph, dependency.asset);
  const current = stateOf(state, upstream).versions;
  const needed = neededIds(graph, asset, dependency, now);
  return (id, made) => {
    const read = made.inputs[upstream.key];
    const changed: StaleCause[] = [];
    for (const upstreamId of needed(id)) {
      const version = current.get(upstreamId)?.dataVersion;
      if (version === undefined || version === read?.[upstreamId]) continue;
      if (read === undefined && upstream.kind !== "external") {
        return [{ category: "dependencies", reason: `it reads ${upstream.key} now`, dependency: upstream.key }];
      }
      changed.push({
        category: "data",
        reason: `${upstream.key} changed`,
        dependency: upstream.key,
        ...(upstream.partitions.kind === "none" ? {} : { dependencyPartition: upstreamId }),
      });
    }
    return changed;
  };
}

/** The upstream partitions that one of an asset's partitions reads, by id. */
function neededIds(
  graph: AssetGraph,
  asset: SnapshotAsset,
  dependency: SnapshotDependency,
  now: Moment,
): (id: PartitionId) => readonly PartitionId[] {
  const upstream = assetOf(graph, dependency.asset);
  const join = joinOf(graph, asset.partitions, dependency);
  if (isOneToOne(join)) return (id) => [id];
  const idsOf = (set: PartitionSet) => Array.from(partitionsIn(upstream.partitions, set), ({ id }) => id);
  let same: readonly PartitionId[] | undefined;
  return (id) => {
    if (same) return same;
    const partition = partitionById(asset.partitions, id);
    if (!partition) return [];
    const own = setOfPartitions(asset.partitions, [partition]);
    const ids = idsOf(upstreamPartitions(join, own, now));
    if (readsAlike(join)) same = ids;
    return ids;
  };
}

/** A partition by its id; undefined when the definition no longer has it. */
function partitionById(definition: PartitionsDefinition, id: PartitionId): Partition | undefined {
  switch (definition.kind) {
    case "time": {
      const start = Temporal.Instant.from(id);
      const window = windowAt(definition, start);
      return window?.start.equals(start) ? partitionOf(definition, id) : undefined;
    }
    case "fixed":
      return definition.keys.includes(id) ? partitionOf(definition, id) : undefined;
    case "dynamic":
      return partitionOf(definition, id);
    case "multi":
      try {
        return partitionOf(definition, id);
      } catch {
        return undefined;
      }
    case "none":
      return id === "" ? partitionOf(definition, id) : undefined;
  }
}
