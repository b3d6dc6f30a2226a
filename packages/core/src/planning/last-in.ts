/** The last partition of a set: of time the latest, else the last of the definition's order. No list is made of a million. */
import { emptySetOf } from "../partitions/set-algebra.ts";
import { partitionsIn } from "../partitions/partitions-in.ts";
import type { Box, DimensionSet, PartitionSet } from "../partitions/partition-set.ts";
import type { Partition, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { windowAt } from "../partitions/time-windows.ts";

/** @param set not empty */
export function lastIn(definition: PartitionsDefinition, set: PartitionSet): Partition {
  const few = narrowed(definition, set);
  let last: Partition | undefined;
  for (const partition of partitionsIn(definition, few)) last = partition;
  if (last !== undefined) return last;
  throw new RangeError(`no partition in an empty set (${emptySetOf(definition).kind})`);
}

/** To the last window of each range that is the last one. */
function narrowed(definition: PartitionsDefinition, set: PartitionSet): PartitionSet {
  if (definition.kind === "multi" && set.kind === "multi") {
    const box = set.boxes.at(-1)!;
    const last: Box = Object.fromEntries(
      definition.dimensions.map(({ name, partitions }) => [name, narrowed(partitions, box[name]!) as DimensionSet]),
    );
    return { kind: "multi", boxes: [last] };
  }
  if (definition.kind !== "time" || set.kind !== "time") return set;
  const { end } = set.windows.at(-1)!;
  const window = windowAt(definition, end.subtract({ nanoseconds: 1 }));
  return window === undefined ? set : { kind: "time", windows: [window] };
}
