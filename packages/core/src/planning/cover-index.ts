/** Finds in a list of disjoint sets those that share a partition with another set, without a walk through the list. */
import type { PartitionSet } from "../partitions/partition-set.ts";

/** Positions in the list, as inclusive ranges, ascending: what many neighbours share compares in one glance. */
export type Ranges = readonly (readonly [first: number, last: number])[];

/** @param sets disjoint; of time: in the order of their windows, none lying between the windows of another */
export function coverIndex(sets: readonly PartitionSet[]): (needed: PartitionSet) => Ranges {
  return sets[0]?.kind === "keys" ? keyCover(sets) : windowCover(sets);
}

export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function windowCover(sets: readonly PartitionSet[]): (needed: PartitionSet) => Ranges {
  const starts: number[] = [];
  const ends: number[] = [];
  const owners: number[] = [];
  sets.forEach((set, owner) => {
    for (const { start, end } of set.kind === "time" ? set.windows : []) {
      starts.push(start.epochMilliseconds);
      ends.push(end.epochMilliseconds);
      owners.push(owner);
    }
  });
  return (needed) => {
    const ranges: (readonly [number, number])[] = [];
    for (const { start, end } of needed.kind === "time" ? needed.windows : []) {
      const first = countBelow(ends, start.epochMilliseconds + 1);
      const last = countBelow(starts, end.epochMilliseconds) - 1;
      if (first <= last) ranges.push([owners[first]!, owners[last]!]);
    }
    return merged(ranges);
  };
}

function keyCover(sets: readonly PartitionSet[]): (needed: PartitionSet) => Ranges {
  const owners = new Map<string, number>();
  sets.forEach((set, owner) => {
    for (const key of set.kind === "keys" ? set.keys : []) owners.set(key, owner);
  });
  return (needed) => {
    const found = (needed.kind === "keys" ? needed.keys : []).flatMap((key) => owners.get(key) ?? []);
    return merged(found.toSorted((a, b) => a - b).map((owner) => [owner, owner] as const));
  };
}

/** Joins ranges that touch or overlap; given by their first, ascending. */
function merged(ranges: Ranges): Ranges {
  if (ranges.length < 2) return ranges;
  const result: [number, number][] = [];
  for (const [first, last] of ranges) {
    const previous = result.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return result;
}

/** How many of the ascending values lie below a bound. */
function countBelow(values: readonly number[], bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
