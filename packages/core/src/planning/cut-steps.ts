/** Cuts what is wanted of each compute into steps, by its backfill policy. */
import type { BackfillPolicy } from "../definitions/model.ts";
import type { SnapshotAsset, SnapshotAssetCheck, SnapshotCompute } from "../definitions/snapshot.ts";
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { downstreamPartitions, joinOf, sameDefinition } from "../graph/joins.ts";
import type { Moment } from "../partitions/moment.ts";
import { instantOfSeconds, secondsAtOrBefore } from "../partitions/epoch-seconds.ts";
import { partitionsIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type {
  Partition,
  PartitionsDefinition,
  TimePartitions,
  TimeWindow,
} from "../partitions/partitions-definition.ts";
import { equalSets, intersect, isEmptySet, keySet, subtract } from "../partitions/set-algebra.ts";
import { multiNotYet } from "../partitions/not-yet.ts";
import { gridOf, lineAfter } from "../partitions/time-grid.ts";
import { coverIndex } from "./cover-index.ts";
import type { PlannedStep, PlanRequest } from "./plan.ts";
import { remadeAboveReason, type Wanted, type WantedPart } from "./wanted.ts";

/** A step before it has its number. One of time partitions always is one unbroken window. */
export interface StepDraft extends Omit<PlannedStep, "n"> {
  /** Who makes it: drafts of one maker stand together, upstream makers first. */
  readonly maker: Maker;
  /** Where its first partition stands among the others, whichever their definition: what the order goes by. */
  readonly rank: number;
}

/** A compute, a standalone check or an external asset. */
export interface Maker {
  readonly name: string;
  readonly kind: "compute" | "check" | "external";
  readonly partitions: PartitionsDefinition;
}

/** The drafts of every maker, upstream first, each list in the order of its partitions. */
export function cutSteps(
  graph: AssetGraph,
  wanted: Wanted,
  { backfill }: Pick<PlanRequest, "backfill">,
  now: Moment,
): ReadonlyMap<Maker, readonly StepDraft[]> {
  const cut = rememberPieces();
  const drafts = new Map<Maker, readonly StepDraft[]>();
  const add = ({ maker, steps }: MadeSteps): void => void drafts.set(maker, steps);
  for (const name of makersInOrder(graph, wanted)) {
    const compute = graph.computes.get(name);
    if (!compute) {
      add(observation(assetOf(graph, name), wanted));
      continue;
    }
    add(computeSteps(compute, wanted, policyOf(backfill) ?? compute.backfill, cut));
    for (const { asset } of compute.outputs) {
      const set = wanted.assets.get(asset)?.set;
      if (set) for (const check of graph.checks.get(asset) ?? []) add(checkSteps(graph, check, set, cut, now));
    }
  }
  return drafts;
}

interface MadeSteps {
  readonly maker: Maker;
  readonly steps: readonly StepDraft[];
}

function makersInOrder(graph: AssetGraph, wanted: Wanted): Iterable<string> {
  return new Set(Array.from(wanted.assets.keys(), (key) => graph.assets.get(key)!.compute ?? key));
}

/** One look at an external asset, for all its partitions. */
function observation({ key, partitions }: SnapshotAsset, wanted: Wanted): MadeSteps {
  const maker: Maker = { name: key, kind: "external", partitions };
  const { set, parts } = wanted.assets.get(key)!;
  const reason = parts.map((part) => part.reason).join("; ");
  const common = { name: key, assets: [key], pools: [], maker, rank: -Infinity };
  return { maker, steps: [{ kind: "observe", partitions: set, reason, ...common }] };
}

function computeSteps(compute: SnapshotCompute, wanted: Wanted, policy: BackfillPolicy, cut: CutPieces): MadeSteps {
  const { name, partitions: definition, pools } = compute;
  const maker: Maker = { name, kind: "compute", partitions: definition };
  const rankOf = rankerOf(definition);
  const keys = compute.outputs.map(({ asset }) => asset);
  const steps = regionsOf(keys, wanted).flatMap(({ set, assets }) => {
    const reasonOf = reasonsFor(assets.flatMap((asset) => wanted.assets.get(asset)!.parts));
    return cut(definition, set, policy).map((partitions): StepDraft => {
      const [reason, rank] = [reasonOf(partitions), rankOf(partitions)];
      const onlyIfChanged = reason === remadeAboveReason;
      return { kind: "materialize", name, assets, partitions, reason, onlyIfChanged, pools, maker, rank };
    });
  });
  return { maker, steps: steps.toSorted((a, b) => a.rank - b.rank) };
}

/** A standalone check comes along with the asset that it checks: a step for each of its own partitions. */
function checkSteps(
  graph: AssetGraph,
  check: SnapshotAssetCheck,
  made: PartitionSet,
  cut: CutPieces,
  now: Moment,
): MadeSteps {
  const { asset, partitions: definition } = check;
  const name = `${asset}:${check.name}`;
  const maker: Maker = { name, kind: "check", partitions: definition };
  const self = check.deps.find((dependency) => dependency.asset === asset);
  const set = self ? downstreamPartitions(joinOf(graph, definition, self), made, now) : made;
  const rankOf = rankerOf(definition);
  const common = { kind: "check", name, assets: [asset], reason: `checks ${asset}`, pools: [], maker } as const;
  const pieces = cut(definition, set, { kind: "perPartition" });
  return { maker, steps: pieces.map((partitions) => ({ ...common, partitions, rank: rankOf(partitions) })) };
}

interface Region {
  readonly set: PartitionSet;
  readonly assets: readonly string[];
}

/** Where different partitions are wanted of a compute's outputs: the disjoint sets of which the same outputs are. */
function regionsOf(keys: readonly string[], wanted: Wanted): readonly Region[] {
  let regions: readonly Region[] = [];
  for (const key of keys) {
    let rest = wanted.assets.get(key)?.set;
    if (!rest) continue;
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

type CutPieces = typeof cutPieces;

/** Assets of one definition usually are wanted for the same partitions: cut once, and share the pieces. */
function rememberPieces(): CutPieces {
  const known: { readonly of: Parameters<CutPieces>; readonly pieces: readonly PartitionSet[] }[] = [];
  return (definition, set, policy) => {
    const same = known.find(
      ({ of }) => sameDefinition(of[0], definition) && equalSets(of[1], set) && samePolicy(of[2], policy),
    );
    if (same) return same.pieces;
    const pieces = cutPieces(definition, set, policy);
    known.push({ of: [definition, set, policy], pieces });
    return pieces;
  };
}

function samePolicy(a: BackfillPolicy, b: BackfillPolicy): boolean {
  return a.kind === b.kind && (a.kind !== "batches" || (b.kind === "batches" && a.size === b.size));
}

/** Ascending. A batch never spans a gap, so that its first and last window say what is in it. */
function cutPieces(
  definition: PartitionsDefinition,
  set: PartitionSet,
  policy: BackfillPolicy,
): readonly PartitionSet[] {
  if (set.kind === "multi") throw multiNotYet("planned");
  if (set.kind === "time" && definition.kind === "time") {
    const size = policy.kind === "batches" ? policy.size : policy.kind === "range" ? Infinity : 1;
    return set.windows.flatMap((range) => {
      const cuts =
        size === Infinity
          ? [range.end]
          : linesIn(definition, range).filter((_, n, all) => (n + 1) % size === 0 || n + 1 === all.length);
      return cuts.map((end, n) => ({
        kind: "time" as const,
        windows: [{ start: n === 0 ? range.start : cuts[n - 1]!, end }],
      }));
    });
  }
  if (policy.kind === "perPartition") return Array.from(partitionsIn(definition, set), ({ id }) => keySet([id]));
  const size = policy.kind === "batches" ? policy.size : Infinity;
  return unbrokenKeys(definition, set).flatMap((run) =>
    chunks(run, size).map((chunk) => keySet(chunk.map(({ id }) => id))),
  );
}

/** Where the windows of a range end. */
function linesIn(definition: TimePartitions, { start, end }: TimeWindow): readonly Temporal.Instant[] {
  const grid = gridOf(definition);
  const lines: Temporal.Instant[] = [];
  const last = secondsAtOrBefore(end);
  for (let line = secondsAtOrBefore(start); line < last;) {
    line = lineAfter(grid, line);
    lines.push(instantOfSeconds(line));
  }
  return lines;
}

/** Runs of keys that follow each other in the definition. */
function unbrokenKeys(definition: PartitionsDefinition, set: PartitionSet): readonly (readonly Partition[])[] {
  const order = new Map(definition.kind === "fixed" ? definition.keys.map((key, index) => [key, index]) : []);
  const runs: Partition[][] = [];
  let last = NaN;
  for (const partition of partitionsIn(definition, set)) {
    const index = order.get(partition.key) ?? 0;
    if (index === last + 1) runs.at(-1)!.push(partition);
    else runs.push([partition]);
    last = index;
  }
  return runs;
}

/** Time by its start, keys by their place in the definition, what has no partitions before all. */
function rankerOf(definition: PartitionsDefinition): (set: PartitionSet) => number {
  if (definition.kind === "none") return () => -Infinity;
  const order = new Map(definition.kind === "fixed" ? definition.keys.map((key, index) => [key, index]) : []);
  return (set) => {
    if (set.kind === "multi") throw multiNotYet("planned");
    if (set.kind === "time") return set.windows[0]!.start.epochMilliseconds;
    return Math.min(...set.keys.map((key) => order.get(key) ?? Infinity));
  };
}

function reasonsFor(parts: readonly WantedPart[]): (set: PartitionSet) => string {
  const reasons = new Set(parts.map(({ reason }) => reason));
  if (reasons.size === 1) return () => parts[0]!.reason;
  const found = parts.map(({ set, reason }) => ({ covers: coverIndex([set]), reason }));
  return (set) => {
    const touching = found.filter(({ covers }) => covers(set).length > 0);
    return [...new Set(touching.map(({ reason }) => reason))].join("; ");
  };
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  if (size >= list.length) return list.length === 0 ? [] : [list];
  const cut: T[][] = [];
  for (let at = 0; at < list.length; at += size) cut.push(list.slice(at, at + size));
  return cut;
}
