/**
 * What of the assets that a plan makes or reads is stale by their own code, schema or list of dependencies, and what becomes
 * of it: whether the plan makes it again, and what of the plan fails on a schema that cannot be read.
 */
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import { downstreamPartitions, joinOf } from "../graph/joins.ts";
import { staleCausesOf, strongDependencies, type StaleCause } from "../graph/staleness.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { Moment } from "../partitions/moment.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import type { BasisPart } from "./plan-basis.ts";
import type { Plan } from "./plan.ts";
import { remakeCommand } from "./request-text.ts";

export interface StaleHistory {
  readonly asset: string;
  /** `2026-11-01..2026-11-07`; "" where unpartitioned. */
  readonly partitions: string;
  readonly count: number;
  /** `its schema changed`, `its code changed` … */
  readonly reasons: readonly string[];
  /** Why what reads these fails with SCHEMA_OLD until they are made again; null: they can be read. */
  readonly breaking: string | null;
  /** Whether the plan makes them again. */
  readonly planned: boolean;
  /** What of the plan fails with SCHEMA_OLD: it reads these. */
  readonly fails: readonly { readonly asset: string; readonly partitions: string }[];
  /** What makes them again; null where the plan does. */
  readonly command: string | null;
}

/**
 * @param selected of these all that is stale is told; of what the plan only reads, what it reads
 * @param state of both, their `origins`
 */
export function staleHistory(
  graph: AssetGraph,
  plan: Pick<Plan, "assets">,
  selected: readonly string[],
  reads: readonly BasisPart[],
  state: PlanningState,
  now: Moment,
): readonly StaleHistory[] {
  const made = new Map<string, PartitionSet>();
  for (const { asset, partitions } of plan.assets)
    made.set(asset, made.has(asset) ? union(made.get(asset)!, partitions) : partitions);
  const read = new Map(reads.map(({ asset, partitions }) => [asset, partitions]));
  const isSelected = new Set(selected);

  return Array.from(graph.assets.values()).flatMap((asset): readonly StaleHistory[] => {
    const { key, partitions: definition } = asset;
    const within = isSelected.has(key) ? undefined : read.get(key);
    if (!isSelected.has(key) && within === undefined) return [];
    const { stale, causes } = staleCausesOf(graph, asset, state, now);
    const told = within === undefined ? stale : intersect(stale, within);
    const planned = intersect(told, made.get(key) ?? emptySetOf(definition));
    const groups = [
      ...alike(asset, causes, planned).map((group) => ({ ...group, planned: true })),
      ...alike(asset, causes, subtract(told, planned)).map((group) => ({ ...group, planned: false })),
    ];
    return groups.map(({ set, reasons, breaking, planned: isPlanned }): StaleHistory => {
      const partitions = formatPartitions(definition, set);
      return {
        asset: key,
        partitions,
        count: countIn(definition, set),
        reasons,
        breaking: breaking ?? null,
        planned: isPlanned,
        fails:
          breaking === undefined
            ? []
            : isPlanned
              ? readsItself(graph, asset, partitions)
              : readers(graph, key, set, made, now),
        command: isPlanned ? null : remakeCommand(key, partitions),
      };
    });
  });
}

interface Alike {
  readonly set: PartitionSet;
  readonly reasons: readonly string[];
  readonly breaking: string | undefined;
}

/** Disjoint: for each thing that breaks what it breaks, and what can be read. */
function alike({ partitions }: SnapshotAsset, causes: readonly StaleCause[], among: PartitionSet): readonly Alike[] {
  if (isEmptySet(among)) return [];
  let rest = among;
  const take = (whole: PartitionSet, breaking: string | undefined): readonly Alike[] => {
    const set = intersect(rest, whole);
    rest = subtract(rest, set);
    if (isEmptySet(set)) return [];
    const reasons = causes.filter((cause) => !isEmptySet(intersect(cause.partitions, set))).map(({ reason }) => reason);
    return [{ set, reasons: [...new Set(reasons)], breaking }];
  };
  const breaking = causes.flatMap((cause) =>
    cause.breaking === undefined ? [] : take(cause.partitions, cause.breaking),
  );
  return [...breaking, ...take(rest, undefined)].toSorted(
    (a, b) => countIn(partitions, b.set) - countIn(partitions, a.set),
  );
}

function readers(
  graph: AssetGraph,
  key: string,
  set: PartitionSet,
  made: ReadonlyMap<string, PartitionSet>,
  now: Moment,
): StaleHistory["fails"] {
  return Array.from(made).flatMap(([asset, planned]) => {
    const { partitions } = assetOf(graph, asset);
    const failing = strongDependencies(graph, asset)
      .filter((dependency) => dependency.asset === key)
      .map((dependency) => downstreamPartitions(joinOf(graph, partitions, dependency), set, now))
      .reduce((all, one) => union(all, intersect(one, planned)), emptySetOf(partitions));
    return isEmptySet(failing) ? [] : [{ asset, partitions: formatPartitions(partitions, failing) }];
  });
}

/** An asset that builds on its own earlier version has to read it to be made again. */
function readsItself(graph: AssetGraph, { key, compute }: SnapshotAsset, partitions: string): StaleHistory["fails"] {
  return compute !== undefined && graph.computes.get(compute)?.readsPrevious === true
    ? [{ asset: key, partitions }]
    : [];
}
