/**
 * Joins the steps of a plan: a step waits for those that make what it reads, found by the dependencies' mappings, and for
 * the blocking checks of what it reads. Arrows are between lists, and answered for one step at a time: none is kept.
 */
import type { SnapshotAssetCheck, SnapshotDependency } from "../definitions/snapshot.ts";
import { reach, type AssetGraph } from "../graph/asset-graph.ts";
import { isOneToOne, joinOf, readsAlike, sameDefinition, upstreamPartitions, type Join } from "../graph/joins.ts";
import { instantOfSeconds } from "../partitions/epoch-seconds.ts";
import type { Moment } from "../partitions/moment.ts";
import type { TimeSet } from "../partitions/partition-set.ts";
import { gridOf, lineAtOrAfter, lineAtOrBefore, shiftLine, withoutExcluded } from "../partitions/time-grid.ts";
import { coverIndex, type Cover, type Ranges } from "./cover-index.ts";
import { checkName, type StepList } from "./cut-steps.ts";

/** From the steps of one list to those of another. */
export interface Arrow {
  /** The upstream list. */
  readonly from: number;
  readonly weak: boolean;
  /** All steps wait for the same ones. */
  readonly isAlike: boolean;
  /** The positions in the upstream list that a step waits for. */
  readonly needs: (position: number) => Ranges;
}

/** For each list the arrows into it, strong ones first; one of each kind from a list. */
export function joinSteps(
  graph: AssetGraph,
  lists: readonly StepList[],
  moment: Moment,
): readonly (readonly Arrow[])[] {
  const producers = producersIn(graph, lists);
  const checks = new Map([...graph.checks.values()].flat().map((check) => [checkName(check), check]));
  const readBy = new Map<SnapshotAssetCheck, ReadonlySet<string>>();
  /** A check keeps back what reads its asset, but neither other checks nor what it reads itself. */
  const holdsBack = (check: SnapshotAssetCheck, { kind, name }: StepList): boolean => {
    if (kind !== "materialize") return false;
    let reads = readBy.get(check);
    if (!reads) {
      const others = check.deps.map(({ asset }) => asset).filter((asset) => asset !== check.asset);
      readBy.set(check, (reads = reach(others, graph.upstream)));
    }
    return !graph.computes.get(name)!.outputs.some(({ asset }) => reads.has(asset));
  };
  return lists.map((list) => {
    const arrows = new Map<string, Arrow>();
    const add = (arrow: Arrow, how: string): void => {
      const name = `${arrow.from} ${how}`;
      if (!arrows.has(name)) arrows.set(name, arrow);
    };
    const dependencies = dependenciesOf(graph, checks, list).toSorted((a, b) => Number(a.weak) - Number(b.weak));
    for (const dependency of dependencies) {
      const { weak, mapping } = dependency;
      const join = joinOf(graph, list.partitions, dependency);
      for (const { from, check, cover } of producers.get(dependency.asset) ?? []) {
        const upstream = lists[from]!;
        const arrow = (isWeak: boolean): Arrow => ({
          from,
          weak: isWeak,
          ...answersOf(join, list, upstream, cover, moment),
        });
        if (!check) {
          // An observation that fails leaves nothing known, which is no reason to make nothing.
          if (upstream.kind === "observe") add({ ...arrow(true), ...everyStepOf(upstream) }, "observation");
          else add(arrow(weak), JSON.stringify(mapping));
        } else if (check.blocking && holdsBack(check, list)) {
          if (sameDefinition(check.partitions, join.upstream)) add(arrow(weak), JSON.stringify(mapping));
          else add({ from, weak, ...everyStepOf(upstream) }, "check");
        }
      }
    }
    return [...arrows.values()].toSorted((a, b) => Number(a.weak) - Number(b.weak));
  });
}

/** The steps that make, check or observe one asset. */
interface Producer {
  readonly from: number;
  readonly check: SnapshotAssetCheck | undefined;
  readonly cover: () => Cover;
}

function producersIn(graph: AssetGraph, lists: readonly StepList[]): ReadonlyMap<string, readonly Producer[]> {
  const producers = new Map<string, Producer[]>();
  lists.forEach(({ kind, name, assets, pieces }, from) => {
    let known: Cover | undefined;
    const cover = (): Cover => (known ??= coverIndex(pieces));
    for (const key of assets) {
      const check = kind === "check" ? graph.checks.get(key)!.find((one) => checkName(one) === name) : undefined;
      const list = producers.get(key);
      if (list) list.push({ from, check, cover });
      else producers.set(key, [{ from, check, cover }]);
    }
  });
  return producers;
}

function dependenciesOf(
  graph: AssetGraph,
  checks: ReadonlyMap<string, SnapshotAssetCheck>,
  { kind, name }: StepList,
): readonly SnapshotDependency[] {
  if (kind === "check") return checks.get(name)!.deps;
  if (kind !== "materialize") return [];
  const compute = graph.computes.get(name)!;
  const own = new Set(compute.outputs.map(({ asset }) => asset));
  return compute.deps.filter(({ asset }) => graph.assets.has(asset) && !own.has(asset));
}

type Answers = Pick<Arrow, "isAlike" | "needs">;

function everyStepOf({ pieces }: StepList): Answers {
  const all: Ranges = pieces.count === 0 ? [] : [[0, pieces.count - 1]];
  return { isAlike: true, needs: () => all };
}

function answersOf(join: Join, list: StepList, upstream: StepList, cover: () => Cover, moment: Moment): Answers {
  const { pieces } = list;
  if (readsAlike(join)) {
    let known: Ranges | undefined;
    return { isAlike: true, needs: () => (known ??= cover()(upstreamPartitions(join, pieces.setOf(0), moment))) };
  }
  const { mapping } = join;
  if (isOneToOne(join)) {
    const isSame = pieces === upstream.pieces;
    return { isAlike: false, needs: (position) => (isSame ? [[position, position]] : cover()(pieces.setOf(position))) };
  }
  const isByTime = join.upstream.kind === "time" && join.downstream.kind === "time";
  if (isByTime && (mapping.kind === "identity" || mapping.kind === "timeWindow")) {
    const spans = spansOf(join, list);
    return { isAlike: false, needs: (position) => cover()(spans(position)) };
  }
  return { isAlike: false, needs: (position) => cover()(upstreamPartitions(join, pieces.setOf(position), moment)) };
}

/** What a step by time reads of another by time: whatever overlaps its window, the ends moved by the mapping's offsets. */
function spansOf({ mapping, downstream }: Join, { pieces }: StepList): (position: number) => TimeSet {
  const times = pieces.lanes[0]!.times!;
  if (mapping.kind !== "timeWindow" || downstream.kind !== "time") return (position) => times.windowOf(position);
  const grid = gridOf(downstream);
  const { startOffset, endOffset } = mapping;
  return (position) => {
    const start = shiftLine(grid, lineAtOrBefore(grid, times.startOf(position)), startOffset);
    const end = shiftLine(grid, lineAtOrAfter(grid, times.endOf(position)), endOffset);
    return {
      kind: "time",
      windows: withoutExcluded(grid, start, end).map(([from, until]) => ({
        start: instantOfSeconds(from),
        end: instantOfSeconds(until),
      })),
    };
  };
}
