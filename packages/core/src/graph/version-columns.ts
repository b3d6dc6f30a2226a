/**
 * What a million partitions were made from, in columns instead of objects, and which of them are worth a closer look: a
 * partition whose inputs are all current has read exactly what there is, and then the exclusive or of the hashes of what
 * it read is that of what it needs. Two numbers tell so, however much it reads.
 */
import { secondsAtOrAfter, secondsAtOrBefore, instantOfSeconds } from "../partitions/epoch-seconds.ts";
import type { Moment } from "../partitions/moment.ts";
import { partitionIfAny } from "../partitions/table-name.ts";
import type { PartitionId, PartitionsDefinition, TimeWindow } from "../partitions/partitions-definition.ts";
import { existing } from "../partitions/existing.ts";
import { upstreamSpans } from "../partitions/map-partitions.ts";
import { instantOf } from "../partitions/moment.ts";
import { partitionOf, setOfPartitions } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { gridOf, isWithin, lineAfter, lineAtOrAfter } from "../partitions/time-grid.ts";
import { existingSpan } from "../partitions/time-windows.ts";
import type { ChangedInputs } from "./asset-state.ts";
import { neededPartitions } from "./changed-inputs.ts";
import { isOneToOne, readsAlike, upstreamPartitions, type Join } from "./joins.ts";

/** Of the made partitions of one origin, a value each, in one order. */
export interface VersionColumns {
  /** When windows start, in epoch seconds; or names, of partitions that have more to them than a window. */
  readonly partitions: Float64Array | readonly string[];
  /** Hashes of (name, data version), in two halves. */
  readonly versions: Int32Array;
  /** The assets read, and of each the exclusive or of the hashes of what was read of it, in two halves, and how many. */
  readonly reads: readonly string[];
  readonly readVersions: Int32Array;
}

export interface Suspects {
  /** Those that need and have read at most one upstream partition, and whose hash is another: for these that is all there is to it. */
  readonly certain: readonly ChangedInputs[];
  /** Those that must be compared version by version. */
  readonly names: readonly PartitionId[];
}

/** Which partitions may have read something else than what is current of one upstream asset. */
export function suspectsOf(
  join: Join,
  dependency: string,
  downstream: readonly VersionColumns[],
  upstream: VersionIndex,
  now: Moment,
): Suspects {
  const names: PartitionId[] = [];
  const [changed, changes] = [gathered(join.downstream), gathered(join.upstream)];
  const neededOf = neededIn(join, upstream, now);
  for (const { partitions, reads, readVersions } of downstream) {
    const place = reads.indexOf(dependency);
    const isThere = membership(join.downstream);
    for (let at = 0; at < partitions.length; at += 1) {
      const partition = partitions[at]!;
      if (!isThere(partition)) continue;
      const needed = neededOf(partition);
      const of = 3 * (at * reads.length + place);
      const [high, low, count] =
        place === -1 ? [0, 0, 0] : [readVersions[of]!, readVersions[of + 1]!, readVersions[of + 2]!];
      if (needed.count === 0 || (needed.high === high && needed.low === low)) continue;
      if (needed.count === 1 && count <= 1 && needed.only !== undefined) {
        changed.add(partition);
        changes.add(needed.only);
      } else names.push(nameOf(partition));
    }
  }
  const certain = changed.isEmpty() ? [] : [{ partitions: changed.set(), upstream: changes.set() }];
  return { certain, names };
}

/** What is current of an asset, to be asked for what it has of a set: how many, and the exclusive or of their hashes. */
export interface VersionIndex {
  /** Sorted starts of windows that the definition has, with the exclusive or of all hashes before each. */
  readonly starts: Float64Array;
  readonly before: Int32Array;
  /** Of what has names: their hashes. */
  readonly byName: ReadonlyMap<string, readonly [high: number, low: number]>;
}

export function versionIndex(definition: PartitionsDefinition, columns: readonly VersionColumns[]): VersionIndex {
  if (definition.kind === "time") return indexByTime(definition, columns);
  const byName = new Map<string, readonly [number, number]>();
  for (const { partitions, versions } of columns) {
    if (partitions instanceof Float64Array) continue;
    for (const [at, name] of partitions.entries()) byName.set(name, [versions[2 * at]!, versions[2 * at + 1]!]);
  }
  return { starts: new Float64Array(), before: new Int32Array(2), byName };
}

function indexByTime(definition: PartitionsDefinition, columns: readonly VersionColumns[]): VersionIndex {
  const isThere = membership(definition);
  const size = columns.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const all = new Float64Array(size);
  const hashes = new Int32Array(2 * size);
  let found = 0;
  let isSorted = true;
  for (const { partitions, versions } of columns) {
    for (let at = 0; at < partitions.length; at += 1) {
      const start = partitions[at]!;
      if (typeof start === "string" || !isThere(start)) continue;
      if (found > 0 && all[found - 1]! > start) isSorted = false;
      all[found] = start;
      hashes[2 * found] = versions[2 * at]!;
      hashes[2 * found + 1] = versions[2 * at + 1]!;
      found += 1;
    }
  }
  const order = isSorted
    ? undefined
    : Uint32Array.from({ length: found }, (_, n) => n).sort((a, b) => all[a]! - all[b]!);
  const starts = new Float64Array(found);
  const before = new Int32Array(2 * (found + 1));
  for (let n = 0; n < found; n += 1) {
    const at = order ? order[n]! : n;
    starts[n] = all[at]!;
    before[2 * n + 2] = before[2 * n]! ^ hashes[2 * at]!;
    before[2 * n + 3] = before[2 * n + 1]! ^ hashes[2 * at + 1]!;
  }
  return { starts, before, byName: new Map() };
}

interface Needed {
  high: number;
  low: number;
  count: number;
  /** Where it is just one. */
  only: number | string | undefined;
}

/** What a partition needs of the upstream asset and is current there. The answer is overwritten by the next one. */
function neededIn(join: Join, index: VersionIndex, now: Moment): (partition: number | string) => Needed {
  const needed: Needed = { high: 0, low: 0, count: 0, only: undefined };
  const clear = (): void => {
    [needed.high, needed.low, needed.count, needed.only] = [0, 0, 0, undefined];
  };
  const addName = (name: string): void => {
    const hash = index.byName.get(name);
    if (!hash) return;
    needed.high ^= hash[0];
    needed.low ^= hash[1];
    needed.count += 1;
    needed.only = name;
  };
  const { starts, before } = index;
  const find = finder(starts);
  const addSpan = (from: number, until: number): void => {
    const [first, end] = [find(from), find(until)];
    if (first === end) return;
    needed.high ^= before[2 * end]! ^ before[2 * first]!;
    needed.low ^= before[2 * end + 1]! ^ before[2 * first + 1]!;
    needed.count += end - first;
    needed.only = starts[first]!;
  };
  if (isOneToOne(join)) {
    return (partition) => {
      clear();
      if (typeof partition === "string") addName(partition);
      else addSpan(partition, partition + 1);
      return needed;
    };
  }
  const spansOf = spansNeeded(join, now);
  if (spansOf) {
    return (partition) => {
      clear();
      let done = -Infinity;
      // Spans that two windows share are counted once.
      for (const [from, until] of typeof partition === "number" ? spansOf(partition) : []) {
        if (until > done) addSpan(Math.max(from, done), until);
        done = Math.max(done, until);
      }
      return needed;
    };
  }
  const neededBy = neededPartitions(join, now);
  const addNeeded = (partition: number | string): void => {
    if (join.upstream.kind === "time" && readsAlike(join)) {
      // All of a million, it may be: as ranges.
      const set = upstreamPartitions(join, existing(join.downstream, now), now);
      if (set.kind !== "time") return;
      for (const { start, end } of set.windows) addSpan(secondsAtOrBefore(start), secondsAtOrAfter(end));
      return;
    }
    for (const { id, window } of neededBy(partitionOf(join.downstream, nameOf(partition)))) {
      if (join.upstream.kind !== "time") addName(id);
      else addSpan(secondsAtOrBefore(window!.start), secondsAtOrBefore(window!.start) + 1);
    }
  };
  let isKnown = false;
  return (partition) => {
    if (isKnown) return needed;
    clear();
    addNeeded(partition);
    isKnown = readsAlike(join);
    return needed;
  };
}

/** Between windows of time: which stretches of epoch seconds a window needs, ascending; undefined of other mappings. */
function spansNeeded(
  { mapping, upstream, downstream }: Join,
  now: Moment,
): ((start: number) => readonly (readonly [from: number, until: number])[]) | undefined {
  if (upstream.kind !== "time" || downstream.kind !== "time") return undefined;
  if (mapping.kind !== "identity" && mapping.kind !== "timeWindow") return undefined;
  const offsets = mapping.kind === "timeWindow" ? mapping : { startOffset: 0, endOffset: 0 };
  const span = existingSpan(upstream, instantOf(now));
  if (!span) return () => [];
  const [first, last] = [secondsAtOrBefore(span.start), secondsAtOrBefore(span.end)];
  const grid = gridOf(downstream);
  return (start) =>
    upstreamSpans(upstream, downstream, offsets, start, lineAfter(grid, start)).map(
      ([from, until]) => [Math.max(from, first), Math.min(until, last)] as const,
    );
}

/** Whether the definition still has a partition of that start or name. */
function membership(definition: PartitionsDefinition): (partition: number | string) => boolean {
  if (definition.kind === "time") {
    const grid = gridOf(definition);
    let next = Number.NaN;
    return (start) => {
      if (typeof start === "string") return false;
      // Windows mostly follow each other: then the end of the last one is the start of this.
      const isLine = start === next || lineAtOrAfter(grid, start) === start;
      if (isLine) next = lineAfter(grid, start);
      return isLine && isWithin(grid, start);
    };
  }
  return (name) => typeof name === "string" && partitionIfAny(definition, name) !== undefined;
}

/** Gathers partitions, in any order, into a set. */
function gathered(definition: PartitionsDefinition): {
  add(partition: number | string): void;
  isEmpty(): boolean;
  set(): PartitionSet;
} {
  const starts: number[] = [];
  const names = new Set<string>();
  return {
    add: (partition) => void (typeof partition === "string" ? names.add(partition) : starts.push(partition)),
    isEmpty: () => starts.length + names.size === 0,
    set: () =>
      definition.kind === "time"
        ? { kind: "time", windows: windowsOfStarts(definition, starts) }
        : setOfPartitions(
            definition,
            [...names].map((name) => partitionOf(definition, name)),
          ),
  };
}

function windowsOfStarts(definition: Extract<PartitionsDefinition, { kind: "time" }>, starts: number[]): TimeWindow[] {
  const grid = gridOf(definition);
  const spans: [from: number, until: number][] = [];
  for (const start of Float64Array.from(starts).sort()) {
    const last = spans.at(-1);
    if (last && start < last[1]) continue;
    const end = lineAfter(grid, start);
    if (last?.[1] === start) last[1] = end;
    else spans.push([start, end]);
  }
  return spans.map(([from, until]) => ({ start: instantOfSeconds(from), end: instantOfSeconds(until) }));
}

/** Where the first start at or after a time is. Times mostly come in order: the place asked for last is looked at first. */
function finder(starts: Float64Array): (wanted: number) => number {
  let at = 0;
  return (wanted) => {
    let [low, high] = at === 0 || starts[at - 1]! < wanted ? [at, starts.length] : [0, at];
    // In longer and longer steps, until one is too long.
    for (let step = 1; low + step <= high; step *= 2) {
      if (starts[low + step - 1]! >= wanted) high = low + step - 1;
      else low += step;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return (at = low);
  };
}

const nameOf = (partition: number | string): PartitionId =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- names come out of tables
  (typeof partition === "string" ? partition : instantOfSeconds(partition).toString()) as PartitionId;
