/**
 * How partitions stand in rows. One of several dimensions has the window of its first one by time (by name, which no
 * reordering of the definition changes) and the rest of its name apart, so that a million of them come out of a table as
 * a few ranges for each rest.
 */
import { multiSet } from "./multi-set.ts";
import { multiIdOf, readMultiId } from "./multi-partition.ts";
import type { Box, DimensionSet, PartitionSet, TimeSet } from "./partition-set.ts";
import type { MultiPartitions, Partition, PartitionsDefinition, TimeWindow } from "./partitions-definition.ts";
import { partitionOf, setOfPartitions } from "./partitions-in.ts";
import { emptySetOf, keySet } from "./set-algebra.ts";

/** A window, and the name without its dimension where there are others. */
export interface WindowAndRest {
  readonly window?: TimeWindow;
  readonly rest?: string;
}

export function windowAndRestOf({ window, dimensions }: Partition): WindowAndRest {
  if (!dimensions) return window ? { window } : {};
  const inTime = Object.keys(dimensions)
    .toSorted()
    .find((name) => dimensions[name]!.window !== undefined);
  if (inTime === undefined) return {};
  const { [inTime]: first, ...others } = dimensions;
  return { window: first!.window!, rest: multiIdOf(others) };
}

/** What rows of an asset hold together: windows by rest, or names where nothing has a window. */
export interface RowsOfSet {
  readonly windows: readonly { readonly rest: string | null; readonly windows: TimeSet }[];
  readonly names: readonly string[];
}

/** Rows as a set; what the definition does not have any more is passed over. */
export function setOfRows(definition: PartitionsDefinition, { windows, names }: RowsOfSet): PartitionSet {
  switch (definition.kind) {
    case "time":
      return windows.find(({ rest }) => rest === null)?.windows ?? emptySetOf(definition);
    case "multi":
      if (timeDimensionOf(definition) === undefined)
        return setOfPartitions(
          definition,
          names.flatMap((name) => partitionIfAny(definition, name) ?? []),
        );
      return multiSet(
        windows.flatMap(({ rest, windows: set }) => {
          const box = boxOfRest(definition, rest ?? "", set);
          return box ? [box] : [];
        }),
      );
    default:
      return keySet(names);
  }
}

function boxOfRest(definition: MultiPartitions, rest: string, windows: TimeSet): Box | undefined {
  const inTime = timeDimensionOf(definition)!;
  const others = definition.dimensions.filter(({ name }) => name !== inTime);
  const names = readMultiId(rest);
  if (names.size !== others.length) return undefined;
  const box: Record<string, DimensionSet> = { [inTime]: windows };
  for (const { name, partitions } of others) {
    const partition = names.has(name) ? partitionIfAny(partitions, names.get(name)!) : undefined;
    if (!partition) return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a dimension's partitions, a set of one dimension
    box[name] = setOfPartitions(partitions, [partition]) as DimensionSet;
  }
  return box;
}

function timeDimensionOf({ dimensions }: MultiPartitions): string | undefined {
  return dimensions
    .filter(({ partitions }) => partitions.kind === "time")
    .map(({ name }) => name)
    .toSorted()[0];
}

/** A partition by its name in tables; undefined when the definition has none of that name (any more). */
export function partitionIfAny(definition: PartitionsDefinition, id: string): Partition | undefined {
  try {
    const partition = partitionOf(definition, id);
    // A key may be written as another partition's name; what tables hold is never a key.
    return partition.id === id ? partition : undefined;
  } catch {
    return undefined;
  }
}
