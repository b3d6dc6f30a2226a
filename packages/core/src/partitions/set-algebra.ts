/**
 * Partition sets as sets: union, intersection, difference. Of time sets in the number of ranges, of key sets in the
 * number of keys; never in the number of partitions. Both operands belong to one definition.
 */
import {
  containsInDimension,
  equalInDimension,
  intersectDimension,
  isEmptyDimension,
  keySet,
  subtractDimension,
  timeSet,
  unionDimension,
  unlike,
} from "./dimension-set.ts";
import { combineMulti, containsMulti, equalMulti, type SetOperation } from "./multi-set.ts";
import type { DimensionSet, PartitionSet } from "./partition-set.ts";
import type { Partition, PartitionsDefinition } from "./partitions-definition.ts";

export { keySet, timeSet } from "./dimension-set.ts";
export { multiSet } from "./multi-set.ts";

/** The set without partitions, of the kind that the definition has. */
export function emptySetOf(definition: PartitionsDefinition): PartitionSet {
  switch (definition.kind) {
    case "time":
      return timeSet([]);
    case "multi":
      return { kind: "multi", boxes: [] };
    case "fixed":
    case "dynamic":
    case "none":
      return keySet([]);
  }
}

export function union(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine("union", unionDimension, a, b);
}

export function intersect(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine("intersect", intersectDimension, a, b);
}

/** What is in `a` and not in `b`. */
export function subtract(a: PartitionSet, b: PartitionSet): PartitionSet {
  return combine("subtract", subtractDimension, a, b);
}

function combine(
  operation: SetOperation,
  inDimension: (a: DimensionSet, b: DimensionSet) => DimensionSet,
  a: PartitionSet,
  b: PartitionSet,
): PartitionSet {
  if (a.kind !== "multi" && b.kind !== "multi") return inDimension(a, b);
  if (a.kind === "multi" && b.kind === "multi") return combineMulti(operation, a, b);
  throw unlike(a, b);
}

export function isEmptySet(set: PartitionSet): boolean {
  return set.kind === "multi" ? set.boxes.length === 0 : isEmptyDimension(set);
}

export function equalSets(a: PartitionSet, b: PartitionSet): boolean {
  if (a.kind !== "multi" && b.kind !== "multi") return equalInDimension(a, b);
  if (a.kind === "multi" && b.kind === "multi") return equalMulti(a, b);
  throw unlike(a, b);
}

export function containsPartition(set: PartitionSet, partition: Partition): boolean {
  return set.kind === "multi" ? containsMulti(set, partition) : containsInDimension(set, partition);
}
