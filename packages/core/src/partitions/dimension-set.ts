/**
 * Sets of partitions of one dimension: ranges of time, or keys. Their algebra costs the number of ranges or of keys, never
 * that of partitions.
 */
import type { IrokoError } from "../errors.ts";
import { compareInstants as compare } from "./compare-instants.ts";
import type { Partition, TimeWindow } from "./partitions-definition.ts";
import type { DimensionSet, KeySet, TimeSet } from "./partition-set.ts";
import { unlikeSets } from "./unlike-sets.ts";

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of any windows: sorted, and merged where they touch or overlap; empty ones vanish. */
export function timeSet(windows: Iterable<TimeWindow>): TimeSet {
  const sorted = [...windows]
    .filter(({ start, end }) => compare(start, end) < 0)
    .toSorted((a, b) => compare(a.start, b.start));
  const merged: TimeWindow[] = [];
  for (const { start, end } of sorted) {
    const last = merged.at(-1);
    if (!last || compare(last.end, start) < 0) merged.push({ start, end });
    else if (compare(last.end, end) < 0) merged[merged.length - 1] = { start: last.start, end };
  }
  return { kind: "time", windows: merged };
}

/** Of any keys: unique, in code-unit order. */
export function keySet(keys: Iterable<string>): KeySet {
  return { kind: "keys", keys: [...new Set(keys)].toSorted(byCodeUnit) };
}

export function emptyLike(set: DimensionSet): DimensionSet {
  return set.kind === "time" ? timeSet([]) : keySet([]);
}

export function unionDimension(a: DimensionSet, b: DimensionSet): DimensionSet {
  if (a.kind === "time" && b.kind === "time") return timeSet([...a.windows, ...b.windows]);
  if (a.kind === "keys" && b.kind === "keys") return keySet([...a.keys, ...b.keys]);
  throw unlike(a, b);
}

export function intersectDimension(a: DimensionSet, b: DimensionSet): DimensionSet {
  if (a.kind === "time" && b.kind === "time") return { kind: "time", windows: intersectWindows(a.windows, b.windows) };
  if (a.kind === "keys" && b.kind === "keys") {
    // Looked up, not gathered: a step's one key meets the ten thousand of its definition ten thousand times.
    const [few, many] = a.keys.length < b.keys.length ? [a.keys, b.keys] : [b.keys, a.keys];
    return { kind: "keys", keys: few.filter((key) => containsKey(many, key)) };
  }
  throw unlike(a, b);
}

/** What is in `a` and not in `b`. */
export function subtractDimension(a: DimensionSet, b: DimensionSet): DimensionSet {
  if (a.kind === "time" && b.kind === "time") return { kind: "time", windows: subtractWindows(a.windows, b.windows) };
  if (a.kind === "keys" && b.kind === "keys") {
    return { kind: "keys", keys: a.keys.filter((key) => !containsKey(b.keys, key)) };
  }
  throw unlike(a, b);
}

export function isEmptyDimension(set: DimensionSet): boolean {
  return set.kind === "time" ? set.windows.length === 0 : set.keys.length === 0;
}

export function equalInDimension(a: DimensionSet, b: DimensionSet): boolean {
  if (a.kind === "time" && b.kind === "time") {
    return (
      a.windows.length === b.windows.length &&
      a.windows.every(
        ({ start, end }, n) => compare(start, b.windows[n]!.start) === 0 && compare(end, b.windows[n]!.end) === 0,
      )
    );
  }
  if (a.kind === "keys" && b.kind === "keys") {
    return a.keys.length === b.keys.length && a.keys.every((key, n) => key === b.keys[n]);
  }
  throw unlike(a, b);
}

export function containsInDimension(set: DimensionSet, { id, window }: Partition): boolean {
  if (set.kind === "keys") return containsKey(set.keys, id);
  if (!window) throw unlikeSets(`The partition "${id}" has no window, but the set is one of time`);
  const range = set.windows[firstEndingAfter(set.windows, window.start)];
  return range !== undefined && compare(range.start, window.start) <= 0;
}

export function unlike(a: { readonly kind: string }, b: { readonly kind: string }): IrokoError {
  return unlikeSets(`A set of kind "${a.kind}" and one of kind "${b.kind}" are of different definitions`);
}

function containsKey(keys: readonly string[], wanted: string): boolean {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return keys[low] === wanted;
}

function firstEndingAfter(windows: readonly TimeWindow[], instant: Temporal.Instant): number {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(windows[middle]!.end, instant) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function intersectWindows(a: readonly TimeWindow[], b: readonly TimeWindow[]): TimeWindow[] {
  const common: TimeWindow[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [one, other] = [a[i]!, b[j]!];
    const start = later(one.start, other.start);
    const end = earlier(one.end, other.end);
    if (compare(start, end) < 0) common.push({ start, end });
    if (compare(one.end, other.end) <= 0) i += 1;
    else j += 1;
  }
  return common;
}

function subtractWindows(a: readonly TimeWindow[], b: readonly TimeWindow[]): TimeWindow[] {
  const left: TimeWindow[] = [];
  let j = 0;
  for (const { start, end } of a) {
    let from = start;
    while (j < b.length && compare(b[j]!.end, from) <= 0) j += 1;
    for (let k = j; k < b.length && compare(b[k]!.start, end) < 0; k += 1) {
      if (compare(from, b[k]!.start) < 0) left.push({ start: from, end: b[k]!.start });
      from = b[k]!.end;
    }
    if (compare(from, end) < 0) left.push({ start: from, end });
  }
  return left;
}

const later = (a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant => (compare(a, b) < 0 ? b : a);
const earlier = (a: Temporal.Instant, b: Temporal.Instant): Temporal.Instant => (compare(a, b) < 0 ? a : b);
