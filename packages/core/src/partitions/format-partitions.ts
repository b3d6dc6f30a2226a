import type { DimensionSet, PartitionSet } from "./partition-set.ts";
import type {
  DimensionPartitions,
  PartitionsDefinition,
  TimePartitions,
  Unpartitioned,
} from "./partitions-definition.ts";
import { secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { quoteKey } from "./quoted-text.ts";
import { gridOf, keyOfLine, startAtOrAfter, startAtOrBefore } from "./time-grid.ts";
import { setOfAnotherKind } from "./unlike-sets.ts";

/**
 * A set as people read it, and `parsePartitions` reads it back: `2026-11-01..2026-11-07, 2026-11-09`. Windows outside
 * the definition are named too, so that an error can say what is missing; an unpartitioned asset's set is "". Of several
 * dimensions a box at a time: `region=LA|AB,day=2026-11-01..2026-11-07 or region=KN,day=2026-11-01`.
 */
export function formatPartitions(definition: PartitionsDefinition, set: PartitionSet): string {
  if (set.kind !== "multi") {
    if (definition.kind === "multi") throw setOfAnotherKind(set, definition);
    // What dynamic keys there are changes, so that no list of them tells where one of theirs ends.
    return itemsOf(definition, set, definition.kind === "dynamic" ? quoteKey : (key) => key).join(", ");
  }
  if (definition.kind !== "multi") throw setOfAnotherKind(set, definition);
  return set.boxes
    .map((box) =>
      definition.dimensions
        .map(({ name, partitions }) => `${name}=${itemsOf(partitions, box[name]!, quoteKey).join("|")}`)
        .join(","),
    )
    .join(" or ");
}

function itemsOf(
  definition: DimensionPartitions | Unpartitioned,
  set: DimensionSet,
  write: (key: string) => string,
): string[] {
  if (set.kind === "keys") return keyRuns(definition, set.keys, write);
  if (definition.kind !== "time") throw setOfAnotherKind(set, definition);
  return set.windows.map(({ start, end }) => windowRun(definition, start, end).map(write).join(".."));
}

/** The first and the last key, or the only one. */
function windowRun(definition: TimePartitions, start: Temporal.Instant, end: Temporal.Instant): string[] {
  const grid = gridOf(definition);
  const first = startAtOrAfter(grid, secondsAtOrBefore(start));
  const last = startAtOrBefore(grid, secondsAtOrAfter(end) - 1);
  return (first >= last ? [last] : [first, last]).map((line) => keyOfLine(grid, line));
}

/** In the definition's order, three or more in a row as a range; keys that it does not have come last. */
function keyRuns(
  definition: DimensionPartitions | Unpartitioned,
  keys: readonly string[],
  write: (key: string) => string,
): string[] {
  const order = definition.kind === "fixed" ? definition.keys : definition.kind === "dynamic" ? [] : [""];
  const wanted = new Set(keys);
  const runs: string[][] = [[]];
  for (const key of order) {
    if (wanted.delete(key)) runs.at(-1)!.push(write(key));
    else runs.push([]);
  }
  const shown = runs.flatMap((run) => (run.length < 3 ? run : [`${run[0]}..${run.at(-1)}`]));
  return [...shown, ...Array.from(wanted, write)];
}
