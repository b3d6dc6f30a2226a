/** Finds the rows of a set in a table of partitions: by window, by window and the rest of the name, or by name. */
import { multiIdOf } from "../partitions/multi-partition.ts";
import type { Box, PartitionSet } from "../partitions/partition-set.ts";
import type { Partition, PartitionId } from "../partitions/partitions-definition.ts";
import { union } from "../partitions/set-algebra.ts";
import { toMultirange } from "../partitions/set-codec.ts";

/** A row is found by its window (and its rest, where that is given) or by its name. */
export interface RowFilter {
  /** tstzmultirange text. */
  readonly windows: string | null;
  /** Whatever the rest of the name, where null. */
  readonly rests: readonly string[] | null;
  readonly keys: readonly string[] | null;
}

/** More names than this are not spelled out: then all rows within the windows are meant. */
const mostRests = 10_000;

export function rowFilters(set: PartitionSet): readonly RowFilter[] {
  switch (set.kind) {
    case "time":
      return [{ windows: toMultirange(set), rests: null, keys: null }];
    case "keys":
      return [{ windows: null, rests: null, keys: set.keys }];
    case "multi": {
      const filters = set.boxes.map(boxFilter);
      // A row is found once: boxes whose rest is not spelled out may share rows.
      if (filters.every(({ names }) => names !== null)) return filters.map(asRow);
      return [asRow({ windows: filters.map(({ windows }) => windows!).reduce(union), names: null })];
    }
  }
}

interface BoxFilter {
  /** Of the first dimension by time, by name; undefined where there is none. */
  readonly windows: PartitionSet | undefined;
  readonly names: readonly string[] | null;
}

function asRow({ windows, names }: BoxFilter): RowFilter {
  if (windows?.kind !== "time") return { windows: null, rests: null, keys: names };
  return { windows: toMultirange(windows), rests: names, keys: null };
}

function boxFilter(box: Box): BoxFilter {
  const inTime = Object.keys(box)
    .toSorted()
    .find((name) => box[name]!.kind === "time");
  if (inTime === undefined) return { windows: undefined, names: namesOf(box, Infinity) };
  const { [inTime]: windows, ...others } = box;
  return { windows, names: namesOf(others, mostRests) };
}

/** The names of every combination of keys; null where there are windows among them, or too many. */
function namesOf(box: Box, most: number): readonly string[] | null {
  let combinations: readonly Readonly<Record<string, Partition>>[] = [{}];
  for (const [name, set] of Object.entries(box)) {
    if (set.kind === "time" || set.keys.length * combinations.length > most) return null;
    combinations = combinations.flatMap((combination) =>
      set.keys.map((key) => ({ ...combination, [name]: partitionNamed(key) })),
    );
  }
  return combinations.map(multiIdOf);
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of fixed or dynamic partitions is its own name
const partitionNamed = (key: string): Partition => ({ id: key as PartitionId, key });
