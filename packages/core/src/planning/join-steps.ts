/**
 * Joins the steps of a plan: a step waits for those that make what it reads, found by the dependencies' mappings, and for
 * the blocking checks of what it reads. Where many steps all wait for the same many, a gate stands between.
 */
import type { SnapshotAssetCheck, SnapshotDependency } from "../definitions/snapshot.ts";
import { reach, type AssetGraph } from "../graph/asset-graph.ts";
import { isOneToOne, joinOf, readsAlike, sameDefinition, upstreamPartitions, type Join } from "../graph/joins.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { coverIndex, sizeOf, type Ranges } from "./cover-index.ts";
import type { Maker, StepDraft } from "./cut-steps.ts";

/** Nodes are numbered in the order of the drafts, gates after them. */
export interface JoinedSteps {
  readonly drafts: readonly StepDraft[];
  /** For each gate, the first of the drafts behind it. */
  readonly gates: readonly number[];
  readonly edges: readonly DraftEdge[];
}

export interface DraftEdge {
  readonly from: number;
  readonly to: number;
  readonly weak: boolean;
}

export function joinSteps(
  graph: AssetGraph,
  steps: ReadonlyMap<Maker, readonly StepDraft[]>,
  now: Moment,
): JoinedSteps {
  const drafts = [...steps.values()].flat();
  const gates: number[] = [];
  const edges: DraftEdge[] = [];
  const producers = producersIn(graph, steps);

  let first = 0;
  for (const [maker, list] of steps) {
    const arrows = arrowsInto(graph, maker, producers).toSorted((a, b) => Number(a.weak) - Number(b.weak));
    // Two arrows from the same drafts would double an edge: the strong one, which comes first, counts.
    const seen = arrows.length > 1 ? new Set<number>() : undefined;
    const addEdge = (from: number, to: number, weak: boolean): void => {
      const name = from * 2 ** 26 + to;
      if (seen?.has(name)) return;
      seen?.add(name);
      edges.push({ from, to, weak });
    };
    for (const { producer, join, weak, covers } of arrows) {
      for (const { ranges, members } of bundlesOf(list, join, covers, now)) {
        const width = sizeOf(ranges);
        if (width > 1 && members.length > 1 && width * members.length > width + members.length) {
          const gate = drafts.length + gates.length;
          gates.push(first + members[0]!);
          for (const position of positionsIn(ranges)) edges.push({ from: producer.nodes[position]!, to: gate, weak });
          for (const member of members) edges.push({ from: gate, to: first + member, weak });
        } else {
          for (const member of members) {
            for (const position of positionsIn(ranges)) addEdge(producer.nodes[position]!, first + member, weak);
          }
        }
      }
    }
    first += list.length;
  }
  return { drafts, gates, edges };
}

/** The steps that make, check or observe one asset. */
interface Producer {
  readonly nodes: readonly number[];
  readonly cover: (needed: PartitionSet) => Ranges;
  readonly check?: SnapshotAssetCheck;
  readonly observes: boolean;
}

interface Arrow {
  readonly producer: Producer;
  readonly join: Join;
  readonly weak: boolean;
  readonly covers: Covers;
}

/** Whether the producer's steps are found by the partitions needed, or all of them are meant. */
type Covers = ((needed: PartitionSet) => Ranges) | Ranges;

function producersIn(
  graph: AssetGraph,
  steps: ReadonlyMap<Maker, readonly StepDraft[]>,
): ReadonlyMap<string, readonly Producer[]> {
  const producers = new Map<string, Producer[]>();
  let first = 0;
  for (const [{ kind, name }, list] of steps) {
    for (const key of new Set(list.flatMap(({ assets }) => assets))) {
      const making = list.flatMap((draft, index) => (draft.assets.includes(key) ? [index] : []));
      const check = kind === "check" ? graph.checks.get(key)?.find((one) => `${key}:${one.name}` === name) : undefined;
      const producer = {
        nodes: making.map((index) => first + index),
        cover: coverIndex(making.map((index) => list[index]!.partitions)),
        observes: kind === "external",
        ...(check ? { check } : {}),
      };
      producers.set(key, [...(producers.get(key) ?? []), producer]);
    }
    first += list.length;
  }
  return producers;
}

function arrowsInto(graph: AssetGraph, maker: Maker, producers: ReadonlyMap<string, readonly Producer[]>): Arrow[] {
  return dependenciesOf(graph, maker).flatMap((dependency) => {
    const join = joinOf(graph, maker.partitions, dependency);
    return (producers.get(dependency.asset) ?? []).flatMap((producer): Arrow[] => {
      const { check, observes } = producer;
      if (!check) {
        // An observation that fails leaves nothing known, which is no reason to make nothing.
        return [{ producer, join, weak: dependency.weak || observes, covers: producer.cover }];
      }
      if (!check.blocking || !holdsBack(graph, check, maker)) return [];
      const alike = sameDefinition(check.partitions, join.upstream);
      const covers = alike ? producer.cover : ([[0, producer.nodes.length - 1]] as const);
      return [{ producer, join, weak: dependency.weak, covers }];
    });
  });
}

function dependenciesOf(graph: AssetGraph, { kind, name }: Maker): readonly SnapshotDependency[] {
  switch (kind) {
    case "external":
      return [];
    case "compute": {
      const compute = graph.computes.get(name)!;
      const own = new Set(compute.outputs.map(({ asset }) => asset));
      return compute.deps.filter(({ asset }) => graph.assets.has(asset) && !own.has(asset));
    }
    case "check": {
      const checks = [...graph.checks.values()].flat();
      return checks.find((check) => `${check.asset}:${check.name}` === name)!.deps;
    }
  }
}

/** A check keeps back what reads its asset, but neither other checks nor what it reads itself. */
function holdsBack(graph: AssetGraph, check: SnapshotAssetCheck, { kind, name }: Maker): boolean {
  if (kind !== "compute") return false;
  const reads = reach(
    check.deps.map(({ asset }) => asset).filter((asset) => asset !== check.asset),
    graph.upstream,
  );
  return !graph.computes.get(name)!.outputs.some(({ asset }) => reads.has(asset));
}

interface Bundle {
  readonly ranges: Ranges;
  /** Positions among the drafts. */
  readonly members: number[];
}

/** The drafts, those together that wait for the same steps. */
function bundlesOf(drafts: readonly StepDraft[], join: Join, covers: Covers, now: Moment): readonly Bundle[] {
  const everyMember = () => drafts.map((_, member) => member);
  if (typeof covers !== "function") return [{ ranges: covers, members: everyMember() }];
  if (drafts.length > 0 && readsAlike(join)) {
    const needed = upstreamPartitions(join, drafts[0]!.partitions, now);
    return [{ ranges: covers(needed), members: everyMember() }];
  }
  const overlaps = isOneToOne(join) || (join.mapping.kind === "identity" && join.upstream.kind === "time");
  const bundles: Bundle[] = [];
  const wide = new Map<string, Bundle>();
  drafts.forEach(({ partitions }, member) => {
    const ranges = covers(overlaps ? partitions : upstreamPartitions(join, partitions, now));
    if (ranges.length === 0) return;
    const name = sizeOf(ranges) > 1 ? ranges.join(" ") : undefined;
    const bundle = name === undefined ? undefined : wide.get(name);
    if (bundle) {
      bundle.members.push(member);
      return;
    }
    const fresh = { ranges, members: [member] };
    bundles.push(fresh);
    if (name !== undefined) wide.set(name, fresh);
  });
  return bundles;
}

function* positionsIn(ranges: Ranges): Generator<number, void, undefined> {
  for (const [first, last] of ranges) for (let position = first; position <= last; position += 1) yield position;
}
