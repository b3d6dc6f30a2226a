/**
 * What a mapping function has answered: a relation between downstream partitions and sets of upstream ones, those with the
 * same answer together. Compact, since it is stored and sent: windows are numbers of seconds, ranges where they touch.
 */
import { instantOfSeconds, secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import type { CustomMapping } from "./mapping.ts";
import type { Moment } from "./moment.ts";
import { multiSet } from "./multi-set.ts";
import type { PartitionSet, PartitionSetJson, TimeSet } from "./partition-set.ts";
import type { PartitionsDefinition } from "./partitions-definition.ts";
import { partitionOf, partitionsIn, setOfPartitions } from "./partitions-in.ts";
import { intersect, isEmptySet, keySet, union } from "./set-algebra.ts";
import { setFromJson, setToJson } from "./set-codec.ts";

/** By the mapping's hash. */
export type MappingAnswers = Map<string, MappingRelation>;

export interface MappingRelation {
  /** The downstream partitions that have been asked about. */
  readonly asked: PartitionSet;
  readonly images: readonly MappingImage[];
}

/** Downstream partitions that are all made from the same upstream ones. */
export interface MappingImage {
  /** Windows as seconds, from and until in turn; other partitions by their ids. */
  readonly downstream: readonly number[] | readonly string[];
  readonly upstream: CompactSet;
}

/** Windows as seconds, from and until in turn; keys; of several dimensions as JSON. */
export type CompactSet = readonly number[] | readonly string[] | PartitionSetJson;

/** Downstream partitions about which a mapping function has not been asked. Whoever asked for a plan has it answered. */
export class MappingQuestion extends Error {
  readonly mapping: CustomMapping;
  readonly upstream: PartitionsDefinition;
  readonly downstream: PartitionsDefinition;
  readonly set: PartitionSet;
  readonly now: Moment;
  constructor(
    mapping: CustomMapping,
    upstream: PartitionsDefinition,
    downstream: PartitionsDefinition,
    set: PartitionSet,
    now: Moment,
  ) {
    super(`The mapping function of ${mapping.subject} has not been asked about these partitions.`);
    this.mapping = mapping;
    this.upstream = upstream;
    this.downstream = downstream;
    this.set = set;
    this.now = now;
  }
}

/** What both say together. */
export function joinRelations(a: MappingRelation | undefined, b: MappingRelation): MappingRelation {
  return a ? { asked: union(a.asked, b.asked), images: [...a.images, ...b.images] } : b;
}

/** Every upstream partition of some downstream ones that have been asked about. */
export function imageOfSet(
  relation: MappingRelation,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
  set: PartitionSet,
): PartitionSet {
  const places = new Set<number>();
  const index = indexOf(relation);
  if (set.kind === "time") {
    for (const { start, end } of set.windows) {
      const until = secondsAtOrAfter(end);
      for (let at = firstAbove(index.ends, secondsAtOrBefore(start)); at < index.starts.length; at += 1) {
        if (index.starts[at]! >= until) break;
        places.add(index.images[at]!);
      }
    }
  } else {
    const ids = set.kind === "keys" ? set.keys : Array.from(partitionsIn(downstream, set), ({ id }) => id);
    for (const id of ids) {
      const place = index.byId.get(id);
      if (place !== undefined) places.add(place);
    }
  }
  return unionOf(
    upstream,
    Array.from(places, (place) => relation.images[place]!.upstream),
  );
}

/** The downstream partitions, among those asked about, that are made from any of some upstream ones. */
export function preimageOfSet(
  relation: MappingRelation,
  downstream: PartitionsDefinition,
  set: PartitionSet,
): PartitionSet {
  const touches = touching(set);
  const found = relation.images.filter(({ upstream }) => touches(upstream)).map((image) => image.downstream);
  if (downstream.kind === "time") return compactToTime(found as readonly (readonly number[])[]);
  const ids = found.flat() as string[];
  return downstream.kind === "multi"
    ? setOfPartitions(
        downstream,
        ids.map((id) => partitionOf(downstream, id)),
      )
    : keySet(ids);
}

export function compactSet(set: PartitionSet): CompactSet {
  switch (set.kind) {
    case "time":
      return set.windows.flatMap(({ start, end }) => [secondsAtOrBefore(start), secondsAtOrAfter(end)]);
    case "keys":
      return set.keys;
    case "multi":
      return setToJson(set);
  }
}

interface Index {
  /** Of windows, or ranges of them, ascending and disjoint: from, until, and the place of what they map to. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly images: readonly number[];
  readonly byId: ReadonlyMap<string, number>;
}

const indexes = new WeakMap<MappingRelation, Index>();

function indexOf(relation: MappingRelation): Index {
  let index = indexes.get(relation);
  if (!index) indexes.set(relation, (index = makeIndex(relation.images)));
  return index;
}

function makeIndex(images: readonly MappingImage[]): Index {
  const ranges: (readonly [start: number, end: number, place: number])[] = [];
  const byId = new Map<string, number>();
  images.forEach(({ downstream }, place) => {
    for (let at = 0; at < downstream.length; at += 1) {
      const value = downstream[at]!;
      if (typeof value === "string") byId.set(value, place);
      else ranges.push([value, downstream[(at += 1)] as number, place]);
    }
  });
  ranges.sort(([a], [b]) => a - b);
  return {
    starts: ranges.map(([start]) => start),
    ends: ranges.map(([, end]) => end),
    images: ranges.map(([, , place]) => place),
    byId,
  };
}

function unionOf(definition: PartitionsDefinition, sets: readonly CompactSet[]): PartitionSet {
  if (definition.kind === "time") return compactToTime(sets as readonly (readonly number[])[]);
  if (definition.kind !== "multi") return keySet((sets as readonly (readonly string[])[]).flat());
  return multiSet(sets.flatMap((set) => multiOf(set).boxes));
}

function touching(set: PartitionSet): (compact: CompactSet) => boolean {
  switch (set.kind) {
    case "time": {
      const [starts, ends] = [
        set.windows.map(({ start }) => secondsAtOrBefore(start)),
        set.windows.map(({ end }) => secondsAtOrAfter(end)),
      ];
      return (compact) => {
        const ranges = compact as readonly number[];
        for (let at = 0; at < ranges.length; at += 2) {
          const place = firstAbove(ends, ranges[at]!);
          if (place < starts.length && starts[place]! < ranges[at + 1]!) return true;
        }
        return false;
      };
    }
    case "keys": {
      const keys = new Set(set.keys);
      return (compact) => (compact as readonly string[]).some((key) => keys.has(key));
    }
    case "multi":
      return (compact) => !isEmptySet(intersect(multiOf(compact), set));
  }
}

const multiSets = new WeakMap<object, PartitionSet & { readonly kind: "multi" }>();

function multiOf(compact: CompactSet): PartitionSet & { readonly kind: "multi" } {
  let set = multiSets.get(compact);
  if (!set) {
    const read = setFromJson(compact as PartitionSetJson);
    if (read.kind !== "multi") throw new TypeError("A set of several dimensions was expected.");
    multiSets.set(compact, (set = read));
  }
  return set;
}

/** Merged as numbers: a million windows as instants would take a second by themselves. */
function compactToTime(sets: readonly (readonly number[])[]): TimeSet {
  const ranges: (readonly [start: number, end: number])[] = [];
  for (const set of sets) for (let at = 0; at < set.length; at += 2) ranges.push([set[at]!, set[at + 1]!]);
  ranges.sort(([a], [b]) => a - b);
  const merged: [start: number, end: number][] = [];
  for (const [start, end] of ranges) {
    const last = merged.at(-1);
    if (!last || last[1] < start) merged.push([start, end]);
    else if (last[1] < end) last[1] = end;
  }
  return {
    kind: "time",
    windows: merged.map(([start, end]) => ({ start: instantOfSeconds(start), end: instantOfSeconds(end) })),
  };
}

/** The first place, among ascending numbers, of one above another. */
function firstAbove(numbers: readonly number[], bound: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
