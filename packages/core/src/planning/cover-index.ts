/**
 * Finds among pieces those that share a partition with a set, without a walk through all of them. Of a dimension that is not
 * spoken of, anything is meant.
 */
import type { Box, DimensionSet, PartitionSet } from "../partitions/partition-set.ts";
import { secondsAtOrBefore } from "../partitions/epoch-seconds.ts";
import { intersect, isEmptySet } from "../partitions/set-algebra.ts";
import type { Pieces } from "./pieces.ts";

/** Positions, as inclusive ranges, ascending: what many neighbours share compares in one glance. */
export type Ranges = readonly (readonly [first: number, last: number])[];

export type Cover = (needed: PartitionSet) => Ranges;

export function coverIndex(pieces: Pieces): Cover {
  const found = pieces.isTimed ? lanesFinder(pieces) : boxesFinder(pieces);
  return (needed) => merged(boxesOf(needed).flatMap(found));
}

/** The same with a set of any other definition: what is in it by a dimension of the same name, or of the same kind. */
export function kindredCover(pieces: Pieces): Cover {
  const found = pieces.isTimed ? lanesFinder(pieces) : boxesFinder(pieces);
  return (set) => {
    const boxes = boxesOf(set).map((box): Box => {
      const isSingle = set.kind !== "multi" || pieces.dimensions.length === 1;
      const parts = pieces.dimensions.flatMap(({ name, kind }) => {
        const part = box[name] ?? (isSingle ? Object.values(box).find((one) => one.kind === kind) : undefined);
        return part?.kind === kind ? [[name, part] as const] : [];
      });
      return Object.fromEntries(parts);
    });
    return merged(boxes.flatMap(found));
  };
}

const boxesOf = (set: PartitionSet): readonly Box[] => (set.kind === "multi" ? set.boxes : [{ "": set }]);

export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

function lanesFinder({ lanes, dimensions }: Pieces): (needed: Box) => Ranges {
  const { name } = dimensions.find(({ kind }) => kind === "time")!;
  const boxes = lanes.map(({ box }) => box);
  const candidates = finderByKey(boxes);
  return (needed) =>
    candidates(needed).flatMap((n): Ranges => {
      const { first, count, times, box } = lanes[n]!;
      if (!overlaps(box, needed)) return [];
      const along = needed[name];
      if (along === undefined) return [[first, first + count - 1]];
      return (along.kind === "time" ? along.windows : []).flatMap(({ start, end }) => {
        const range = times!.overlapping(secondsAtOrBefore(start), secondsAtOrBefore(end));
        return range ? [[first + range[0], first + range[1]] as const] : [];
      });
    });
}

function boxesFinder({ boxes = [] }: Pieces): (needed: Box) => Ranges {
  const candidates = finderByKey(boxes);
  return (needed) =>
    candidates(needed)
      .filter((n) => overlaps(boxes[n]!, needed))
      .map((n) => [n, n] as const);
}

/** Narrows boxes down by their first dimension of keys; where there is none, to all of them. */
function finderByKey(boxes: readonly Box[]): (needed: Box) => readonly number[] {
  const all = boxes.map((_, n) => n);
  const by = Object.entries(boxes[0] ?? {}).find(([, set]) => set.kind === "keys")?.[0];
  if (by === undefined || boxes.length === 1) return () => all;
  const owners = new Map<string, number[]>();
  boxes.forEach((box, n) => {
    for (const key of keysOf(box[by])) {
      const list = owners.get(key);
      if (list) list.push(n);
      else owners.set(key, [n]);
    }
  });
  return (needed) => {
    const wanted = needed[by];
    return wanted ? [...new Set(keysOf(wanted).flatMap((key) => owners.get(key) ?? []))] : all;
  };
}

const keysOf = (set: DimensionSet | undefined): readonly string[] => (set?.kind === "keys" ? set.keys : []);

/** In every dimension that the box has. */
function overlaps(box: Box, needed: Box): boolean {
  return Object.entries(box).every(([name, set]) => {
    const other = needed[name];
    return other === undefined || !isEmptySet(intersect(set, other));
  });
}

/** In order, those joined that touch or overlap. */
function merged(ranges: Ranges): Ranges {
  if (ranges.length < 2) return ranges;
  const result: [number, number][] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const previous = result.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else result.push([first, last]);
  }
  return result;
}
