/** Cuts what is wanted of each compute into steps, by its backfill policy: lists of pieces, not of steps. */
import type { BackfillPolicy } from "../definitions/model.ts";
import type { SnapshotAsset, SnapshotAssetCheck, SnapshotCompute } from "../definitions/snapshot.ts";
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { downstreamPartitions, joinOf } from "../graph/joins.ts";
import type { Moment } from "../partitions/moment.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import { coverIndex, sizeOf } from "./cover-index.ts";
import { pieceCutter, type Pieces } from "./pieces.ts";
import type { Plan, PlannedAsset, PlannedCheck, PlannedStep, PlanRequest } from "./plan.ts";
import type { WantedPart } from "./wanted.ts";

/** The steps of one computation that make, check or observe the same assets: one for each piece. */
export interface StepList extends Pick<PlannedStep, "kind" | "name" | "assets" | "pools"> {
  readonly partitions: PartitionsDefinition;
  readonly pieces: Pieces;
  readonly reasonOf: (position: number) => string;
}

/** What is cut, before its steps are counted. */
export interface PlannedSets {
  readonly assets: readonly Omit<PlannedAsset, "steps">[];
  readonly checks: readonly Omit<PlannedCheck, "steps">[];
  readonly backfill?: PlanRequest["backfill"];
}

/** Lists in the graph's order, checks behind what makes their asset. */
export function cutSteps(graph: AssetGraph, plan: PlannedSets, moment: Moment): readonly StepList[] {
  const cut = pieceCutter(moment);
  const wanted = partsByAsset(plan.assets);
  const checks = Map.groupBy(plan.checks, ({ asset }) => asset);
  const lists: StepList[] = [];
  const makers = new Set(Array.from(wanted.keys(), (key) => assetOf(graph, key).compute ?? key));
  for (const name of makers) {
    const compute = graph.computes.get(name);
    if (!compute) {
      lists.push(observation(assetOf(graph, name), wanted.get(name)!, cut));
      continue;
    }
    const policy = policyOf(plan.backfill) ?? compute.backfill;
    const keys = compute.outputs.map(({ asset }) => asset).filter((asset) => wanted.has(asset));
    for (const { set, assets } of regionsOf(keys, wanted)) {
      const parts = assets.flatMap((asset) => wanted.get(asset)!);
      lists.push(computeSteps(compute, assets, cut(compute.partitions, set, policy), parts, cut));
    }
    for (const asset of keys) lists.push(...(checks.get(asset) ?? []).map((check) => checkSteps(graph, check, cut)));
  }
  const alone = plan.checks.filter(({ asset }) => !wanted.has(asset));
  return [...lists, ...alone.map((check) => checkSteps(graph, check, cut))];
}

export const checkName = ({ asset, name }: Pick<SnapshotAssetCheck, "asset" | "name">): string => `${asset}:${name}`;

/** The standalone checks of what is made, each over its own partitions. */
export function checksOf(
  graph: AssetGraph,
  made: ReadonlyMap<string, { readonly set: PartitionSet }>,
  moment: Moment,
): readonly Omit<PlannedCheck, "steps">[] {
  return Array.from(made).flatMap(([asset, { set }]) =>
    (graph.checks.get(asset) ?? []).map((check) => {
      const self = check.deps.find((dependency) => dependency.asset === asset);
      const partitions = self ? downstreamPartitions(joinOf(graph, check.partitions, self), set, moment) : set;
      return { name: checkName(check), asset, partitions };
    }),
  );
}

/** The same plan with its steps counted; those of time by partition without a look at any. */
export function countSteps(
  graph: AssetGraph,
  sets: PlannedSets,
  moment: Moment,
): Pick<Plan, "assets" | "checks" | "stepCount"> {
  const lists = cutSteps(graph, sets, moment);
  const makers = new Map<string, StepList[]>();
  for (const list of lists) {
    for (const key of list.kind === "check" ? [list.name] : list.assets) {
      const known = makers.get(key);
      if (known) known.push(list);
      else makers.set(key, [list]);
    }
  }
  const total = (of: readonly StepList[]): number => of.reduce((sum, { pieces }) => sum + pieces.count, 0);
  const entries = Map.groupBy(sets.assets, ({ asset }) => asset);
  return {
    assets: sets.assets.map((entry) => {
      const of = makers.get(entry.asset)!;
      if (entries.get(entry.asset)!.length === 1) return { ...entry, steps: total(of) };
      const { partitions } = of[0]!;
      const isOneEach =
        total(of) ===
        countIn(
          partitions,
          entries
            .get(entry.asset)!
            .map((part) => part.partitions)
            .reduce(union),
        );
      const touched = of.reduce((sum, { pieces }) => sum + sizeOf(coverIndex(pieces)(entry.partitions)), 0);
      return { ...entry, steps: isOneEach ? countIn(partitions, entry.partitions) : touched };
    }),
    checks: sets.checks.map((check) => ({ ...check, steps: total(makers.get(check.name) ?? []) })),
    stepCount: total(lists),
  };
}

function partsByAsset(assets: PlannedSets["assets"]): ReadonlyMap<string, readonly WantedPart[]> {
  const parts = new Map<string, WantedPart[]>();
  for (const { asset, partitions: set, reason } of assets) {
    const known = parts.get(asset);
    if (known) known.push({ set, reason });
    else parts.set(asset, [{ set, reason }]);
  }
  return parts;
}

type Cut = ReturnType<typeof pieceCutter>;

/** One look at an external asset, for all its partitions. */
function observation({ key, partitions }: SnapshotAsset, parts: readonly WantedPart[], cut: Cut): StepList {
  const set = parts.map((part) => part.set).reduce(union);
  const whole = cut(partitions, set, { kind: "range" });
  const pieces: Pieces = {
    ...whole,
    count: 1,
    lanes: [{ first: 0, count: 1, box: {} }],
    isTimed: false,
    setOf: () => set,
    rankOf: () => -Infinity,
    boxes: [],
  };
  const reason = parts.map((part) => part.reason).join("; ");
  return { kind: "observe", name: key, assets: [key], pools: [], partitions, pieces, reasonOf: () => reason };
}

function checkSteps(
  graph: AssetGraph,
  { name, asset, partitions: set }: PlannedSets["checks"][number],
  cut: Cut,
): StepList {
  const { partitions } = graph.checks.get(asset)!.find((one) => checkName(one) === name)!;
  const pieces = cut(partitions, set, { kind: "perPartition" });
  return { kind: "check", name, assets: [asset], pools: [], partitions, pieces, reasonOf: () => `checks ${asset}` };
}

function computeSteps(
  { name, partitions, pools }: SnapshotCompute,
  assets: readonly string[],
  pieces: Pieces,
  parts: readonly WantedPart[],
  cut: Cut,
): StepList {
  const common = { kind: "materialize", name, assets, pools, partitions, pieces } as const;
  const reasons = [...new Set(parts.map(({ reason }) => reason))];
  if (reasons.length === 1) return { ...common, reasonOf: () => reasons[0]! };
  const found = parts.map(({ set, reason }) => ({
    covers: coverIndex(cut(partitions, set, { kind: "range" })),
    reason,
  }));
  return {
    ...common,
    reasonOf(position) {
      const set = pieces.setOf(position);
      const touching = found.filter(({ covers }) => covers(set).length > 0);
      return [...new Set(touching.map(({ reason }) => reason))].join("; ");
    },
  };
}

interface Region {
  readonly set: PartitionSet;
  readonly assets: readonly string[];
}

/** Where different partitions are wanted of a compute's outputs: the disjoint sets of which the same outputs are. */
function regionsOf(keys: readonly string[], wanted: ReadonlyMap<string, readonly WantedPart[]>): readonly Region[] {
  let regions: readonly Region[] = [];
  for (const key of keys) {
    let rest = wanted
      .get(key)!
      .map(({ set }) => set)
      .reduce(union);
    const next: Region[] = [];
    for (const region of regions) {
      const common = intersect(region.set, rest);
      const other = subtract(region.set, common);
      if (!isEmptySet(common)) next.push({ set: common, assets: [...region.assets, key] });
      if (!isEmptySet(other)) next.push({ set: other, assets: region.assets });
      rest = subtract(rest, common);
    }
    if (!isEmptySet(rest)) next.push({ set: rest, assets: [key] });
    regions = next;
  }
  return regions;
}

function policyOf(backfill: PlanRequest["backfill"]): BackfillPolicy | undefined {
  if (backfill === undefined) return undefined;
  return typeof backfill === "string" ? { kind: backfill } : { kind: "batches", size: backfill.batches };
}
