/** The assets given to `materialize`, with those they depend on, in the order in which they can be made. */
import { assetSource, type AnyAsset, type AssetSource } from "../../definitions/asset-handle.ts";
import { placedMapping } from "../../definitions/custom-mapping.ts";
import { handleOfDependency } from "../../definitions/dependency.ts";
import type { ComputeDefinition, Definitions } from "../../definitions/model.ts";
import type { MultiAssetSource } from "../../definitions/multi-asset.ts";
import { IrokoError } from "../../errors.ts";
import { inferMapping } from "../../partitions/check-mapping.ts";
import type { Moment } from "../../partitions/moment.ts";
import { formatPartitions } from "../../partitions/format-partitions.ts";
import { upstreamOf } from "../../partitions/map-partitions.ts";
import type { PartitionSet } from "../../partitions/partition-set.ts";
import { isEmptySet } from "../../partitions/set-algebra.ts";
import type { Partition, PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import { partitionOf, partitionsIn, setOfPartitions, type PartitionName } from "../../partitions/partitions-in.ts";
import type { StoredAsset } from "./folder-store.ts";

export type GivenAsset = AnyAsset | MultiAssetSource;

export interface Upstream extends StoredAsset {
  readonly partitions: PartitionsDefinition;
}

export interface GivenAssets {
  /** Dependencies first. */
  readonly computes: readonly ComputeDefinition[];
  /** The outputs asked for. */
  readonly wanted: ReadonlySet<string>;
  /** Every asset given or depended on, by key. */
  readonly byKey: ReadonlyMap<string, Upstream>;
  readonly definitions: Definitions;
}

/** @param replaced keys of assets that are not made: their rows are given */
export function readGivenAssets(given: readonly GivenAsset[], replaced: ReadonlySet<string>): GivenAssets {
  const wanted = new Set<string>();
  const byKey = new Map<string, Upstream>();
  const sources = new Set<AssetSource>();
  const computes = new Set<ComputeDefinition>();
  const externals: Definitions["externals"][number][] = [];
  const know = (source: AssetSource): void => {
    if (sources.has(source)) return;
    sources.add(source);
    refuseMistakes(source);
    if (source.kind === "external") {
      byKey.set(source.definition.key, source.definition);
      externals.push(source.definition);
      return;
    }
    const { partitions } = source.definition;
    for (const { key, schema, io } of Object.values(source.definition.outputs))
      byKey.set(key, { key, schema, io, partitions });
    for (const dep of Object.values(source.definition.deps)) know(handleOfDependency(dep)[assetSource]);
  };
  for (const asset of given) {
    const source = asset[assetSource];
    know(source);
    if (source.kind === "external") continue;
    const keys = "key" in asset ? [asset.key] : Object.values(source.definition.outputs).map(({ key }) => key);
    const toMake = keys.filter((key) => !replaced.has(key));
    for (const key of toMake) wanted.add(key);
    if (toMake.length > 0) computes.add(source.definition);
  }
  const all = [...sources].flatMap((source) => (source.kind === "compute" ? [source.definition] : []));
  return {
    computes: inOrder([...computes]),
    wanted,
    byKey,
    definitions: { computes: all, externals, checks: [], jobs: [], schedules: [] },
  };
}

/**
 * The upstream partitions of one dependency, for some partitions of its dependant.
 *
 * @throws {IrokoError} PLAN_INPUT_MISSING when some that are needed do not exist: they are not cut silently
 */
export function upstreamPartitions(
  compute: ComputeDefinition,
  name: string,
  { key, partitions: upstream }: Upstream,
  set: PartitionSet,
  now: Moment,
): readonly Partition[] {
  const dep = compute.deps[name]!;
  const sides = { upstream, downstream: compute.partitions };
  const subject = `asset "${compute.name}", deps.${name}`;
  const given = dep.mapping ?? inferMapping(upstream, compute.partitions)!;
  const mapping = given.kind === "custom" ? placedMapping(given, subject, sides) : given;
  const needed = upstreamOf(mapping, { ...sides, set, now });
  if (!dep.weak && !isEmptySet(needed.nonexistent)) {
    const names = formatPartitions(upstream, needed.nonexistent);
    throw new IrokoError("PLAN_INPUT_MISSING", `${compute.name} reads ${key}@${names}, which does not exist.`, {
      hint: `Leave out the partitions of ${compute.name} that need them, or give another now.`,
      place: { subject },
    });
  }
  return [...partitionsIn(upstream, needed.set)];
}

/**
 * Which partitions of each compute are meant: those of the given keys; where a key is not one of its own, those from
 * which its dependants are made.
 */
export function partitionsWanted(
  { computes, byKey }: GivenAssets,
  keys: readonly PartitionName[] | undefined,
  now: Moment,
): ReadonlyMap<ComputeDefinition, readonly Partition[]> {
  const wanted = new Map<ComputeDefinition, readonly Partition[]>();
  for (const compute of computes.toReversed()) {
    const needed = new Map<string, Partition>();
    for (const [dependant, partitions] of wanted) {
      for (const [name, dep] of Object.entries(dependant.deps)) {
        if (!Object.values(compute.outputs).some(({ key }) => key === dep.asset)) continue;
        const set = setOfPartitions(dependant.partitions, partitions);
        for (const partition of upstreamPartitions(dependant, name, byKey.get(dep.asset)!, set, now))
          needed.set(partition.id, partition);
      }
    }
    wanted.set(compute, ownPartitions(compute, keys, [...needed.values()]));
  }
  return wanted;
}

function ownPartitions(
  { name, partitions }: ComputeDefinition,
  keys: readonly PartitionName[] | undefined,
  needed: readonly Partition[],
): readonly Partition[] {
  if (partitions.kind === "none") return [partitionOf(partitions, "")];
  if (keys === undefined) {
    if (needed.length > 0) return needed;
    throw new IrokoError("PARTITION_FORMAT", `Asset "${name}" is partitioned, and no partition was given.`, {
      hint: "Give { partition: key } or { partitions: [key, …] }.",
    });
  }
  try {
    const own = keys.map((key) => partitionOf(partitions, key));
    return [...partitionsIn(partitions, setOfPartitions(partitions, own))];
  } catch (error) {
    if (needed.length > 0) return needed;
    throw error;
  }
}

/** Handles refer to each other as values, so there is no circle among them. */
function inOrder(computes: readonly ComputeDefinition[]): readonly ComputeDefinition[] {
  const maker = new Map(
    computes.flatMap((compute) => Object.values(compute.outputs).map(({ key }) => [key, compute] as const)),
  );
  const ordered = new Set<ComputeDefinition>();
  const visit = (compute: ComputeDefinition): void => {
    if (ordered.has(compute)) return;
    for (const dep of Object.values(compute.deps)) {
      const upstream = maker.get(dep.asset);
      if (upstream) visit(upstream);
    }
    ordered.add(compute);
  };
  computes.forEach(visit);
  return [...ordered];
}

function refuseMistakes({ problems }: AssetSource): void {
  const [first] = problems;
  if (!first) return;
  const lines = problems.map(({ place, message, hint }) => `- ${place?.subject}: ${message} ${hint}`);
  throw new IrokoError("DEFINITIONS_INVALID", `The assets hold mistakes:\n${lines.join("\n")}`, {
    details: { problems },
  });
}
