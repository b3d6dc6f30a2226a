/**
 * A snapshot seen as a graph. Assets are what people name; *makers* are what runs: a compute makes one asset or several at
 * once, and so two of its outputs never depend on each other.
 */
import { didYouMeanHint } from "../did-you-mean.ts";
import type {
  SnapshotAsset,
  SnapshotAssetCheck,
  SnapshotCompute,
  SnapshotDependency,
  Snapshot,
} from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";

export interface AssetGraph {
  /** In topological order, upstream first; among equals by name. */
  readonly assets: ReadonlyMap<string, SnapshotAsset>;
  /** In topological order too. */
  readonly computes: ReadonlyMap<string, SnapshotCompute>;
  /** What an asset is made from. External assets are made from nothing that we know of. */
  readonly dependencies: ReadonlyMap<string, readonly SnapshotDependency[]>;
  /** The dependencies turned round: which asset reads it, and how. */
  readonly dependants: ReadonlyMap<string, readonly Dependant[]>;
  /** Standalone checks by the asset that they check. */
  readonly checks: ReadonlyMap<string, readonly SnapshotAssetCheck[]>;
  /** Adjacent keys, each once. */
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly downstream: ReadonlyMap<string, readonly string[]>;
}

/** An asset that reads another one, and its dependency on it. */
export interface Dependant {
  readonly asset: string;
  readonly dependency: SnapshotDependency;
}

// A snapshot never changes: that of ten thousand assets is understood once, and not at each look at it.
const graphs = new WeakMap<Snapshot, AssetGraph>();

/** @throws {IrokoError} DEFINITIONS_INVALID when the dependencies run in a circle */
export function assetGraph(snapshot: Snapshot): AssetGraph {
  let graph = graphs.get(snapshot);
  if (graph === undefined) graphs.set(snapshot, (graph = graphOf(snapshot)));
  return graph;
}

function graphOf(snapshot: Snapshot): AssetGraph {
  const computes = new Map(snapshot.computes.map((compute) => [compute.name, compute]));
  const byKey = new Map(snapshot.assets.map((asset) => [asset.key, asset]));
  const makers = topologicalOrder(makersOf(snapshot));
  const assets = new Map<string, SnapshotAsset>();
  for (const { keys } of makers) for (const key of keys) assets.set(key, byKey.get(key)!);

  const dependencies = new Map<string, readonly SnapshotDependency[]>();
  const dependants = new Map<string, Dependant[]>();
  for (const key of assets.keys()) dependants.set(key, []);
  for (const asset of assets.values()) {
    const deps = asset.compute === undefined ? [] : (computes.get(asset.compute)?.deps ?? []);
    // What a compute reads of its own earlier versions (`readsPrevious`) is no arrow of the graph.
    const outer = deps.filter((dep) => byKey.has(dep.asset) && byKey.get(dep.asset)!.compute !== asset.compute);
    const known = asset.kind === "external" ? [] : outer.length === deps.length ? deps : outer;
    dependencies.set(asset.key, known);
    for (const dependency of known) dependants.get(dependency.asset)!.push({ asset: asset.key, dependency });
  }
  const checks = new Map<string, SnapshotAssetCheck[]>();
  for (const check of snapshot.checks) pushTo(checks, check.asset, check);

  return {
    assets,
    computes: new Map(makers.flatMap(({ name }) => (computes.has(name) ? [[name, computes.get(name)!]] : []))),
    dependencies,
    dependants,
    checks,
    upstream: mapValues(dependencies, (deps) => unique(deps.map(({ asset }) => asset))),
    downstream: mapValues(dependants, (deps) => unique(deps.map(({ asset }) => asset))),
  };
}

/** @throws {IrokoError} ASSET_NOT_FOUND, with the nearest key that there is */
export function assetOf(graph: Pick<AssetGraph, "assets">, key: string): SnapshotAsset {
  const asset = graph.assets.get(key);
  if (asset) return asset;
  throw new IrokoError("ASSET_NOT_FOUND", `There is no asset "${key}".`, {
    hint: didYouMeanHint(key, [...graph.assets.keys()], "assets"),
  });
}

/** Everything within so many steps along `adjacent`, the start included. */
export function reach(
  start: Iterable<string>,
  adjacent: ReadonlyMap<string, readonly string[]>,
  depth: number = Infinity,
): Set<string> {
  const found = new Set(start);
  let edge: readonly string[] = [...found];
  for (let step = 0; step < depth && edge.length > 0; step += 1) {
    const next: string[] = [];
    let size = found.size;
    for (const key of edge) {
      for (const neighbour of adjacent.get(key) ?? []) {
        // A set says whether it is new by its size: asking it first would look it up twice.
        if (found.add(neighbour).size === size) continue;
        size += 1;
        next.push(neighbour);
      }
    }
    edge = next;
  }
  return found;
}

/** A compute with its outputs, or an external asset, which is its own. */
interface Maker {
  readonly name: string;
  readonly keys: readonly string[];
  readonly needs: readonly string[];
}

function makersOf({ assets, computes }: Snapshot): readonly Maker[] {
  const makerOf = new Map<string, string>();
  for (const asset of assets) makerOf.set(asset.key, asset.compute ?? asset.key);
  const madeBy = computes.map(({ name, outputs, deps }) => {
    const needs = unique(deps.flatMap(({ asset }) => makerOf.get(asset) ?? []));
    return { name, keys: outputs.map(({ asset }) => asset), needs: needs.filter((need) => need !== name) };
  });
  const external = assets.filter(({ compute }) => compute === undefined);
  return [...madeBy, ...external.map(({ key }) => ({ name: key, keys: [key], needs: [] }))];
}

/** By depth, then by name: the same whatever the order of the definitions. */
function topologicalOrder(makers: readonly Maker[]): readonly Maker[] {
  const depths = new Map<string, number>();
  const waiting = new Map(makers.map(({ name, needs }) => [name, needs.length]));
  const neededBy = new Map<string, string[]>();
  for (const { name, needs } of makers) {
    for (const need of needs) pushTo(neededBy, need, name);
  }
  const ready = makers.filter(({ needs }) => needs.length === 0).map(({ name }) => name);
  for (const name of ready) depths.set(name, 0);
  for (let at = 0; at < ready.length; at += 1) {
    const name = ready[at]!;
    for (const dependant of neededBy.get(name) ?? []) {
      depths.set(dependant, Math.max(depths.get(dependant) ?? 0, depths.get(name)! + 1));
      const left = waiting.get(dependant)! - 1;
      waiting.set(dependant, left);
      if (left === 0) ready.push(dependant);
    }
  }
  const stuck = makers.filter(({ name }) => waiting.get(name)! > 0).map(({ name }) => name);
  if (stuck.length > 0) {
    throw new IrokoError("DEFINITIONS_INVALID", `The dependencies of ${stuck.join(", ")} run in a circle.`, {
      hint: "Break the circle: an asset may read its own earlier versions by ctx.previous, without a dependency.",
    });
  }
  return makers.toSorted((a, b) => depths.get(a.name)! - depths.get(b.name)! || (a.name < b.name ? -1 : 1));
}

function pushTo<Value>(lists: Map<string, Value[]>, key: string, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, change: (value: A) => B): ReadonlyMap<string, B> {
  return new Map(Array.from(map, ([key, value]) => [key, change(value)]));
}

function unique(keys: readonly string[]): readonly string[] {
  return [...new Set(keys)];
}
