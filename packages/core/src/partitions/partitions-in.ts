/** Between sets and single partitions: one at a time, on demand. */
import { didYouMeanHint } from "../did-you-mean.ts";
import { IrokoError } from "../errors.ts";
import { instantOfSeconds, secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { containsInDimension, unionDimension } from "./dimension-set.ts";
import { keyProblem } from "./key-problem.ts";
import { multiPartition, readMultiKey } from "./multi-partition.ts";
import { multiSetOfPartitions } from "./multi-set.ts";
import type { Box, PartitionSet } from "./partition-set.ts";
import type {
  DynamicPartitions,
  FixedPartitions,
  MultiPartitions,
  Partition,
  PartitionId,
  PartitionsDefinition,
  Unpartitioned,
} from "./partitions-definition.ts";
import { containsPartition, keySet, timeSet } from "./set-algebra.ts";
import { countTicks } from "./ticks.ts";
import { gridOf, isWithin, keyOfLine, lineAfter, lineAtOrAfter, withoutExcluded, type TimeGrid } from "./time-grid.ts";
import { windowOf } from "./time-windows.ts";
import { setOfAnotherKind } from "./unlike-sets.ts";

/**
 * The partitions of a set, made as they are asked for: time ones ascending, fixed ones in the definition's order. What the
 * definition does not have (any more) is passed over.
 */
export function* partitionsIn(
  definition: PartitionsDefinition,
  set: PartitionSet,
): Generator<Partition, void, undefined> {
  if (definition.kind === "time") {
    const grid = gridOf(definition);
    for (const [from, until] of spansIn(grid, set)) {
      for (let line = lineAtOrAfter(grid, from); line < until;) {
        const end = lineAfter(grid, line);
        yield timePartition(grid, line, end);
        line = end;
      }
    }
    return;
  }
  if (definition.kind === "multi") {
    yield* multiPartitionsIn(definition, set.kind === "multi" ? set.boxes : []);
    return;
  }
  for (const key of knownKeys(definition, set)) {
    const partition = keyPartition(key);
    if (containsPartition(set, partition)) yield partition;
  }
}

/** In the order of the first dimension, then of the second; boxes are disjoint, so that none comes twice. */
function* multiPartitionsIn(
  definition: MultiPartitions,
  boxes: readonly Box[],
  chosen: Readonly<Record<string, Partition>> = {},
): Generator<Partition, void, undefined> {
  const dimension = definition.dimensions[Object.keys(chosen).length];
  if (!dimension) {
    yield multiPartition(definition, chosen);
    return;
  }
  const { name, partitions } = dimension;
  const sets = boxes.map((box) => box[name]!);
  const [first, ...others] = sets;
  if (!first) return;
  for (const partition of partitionsIn(partitions, others.reduce(unionDimension, first))) {
    const holding = boxes.filter((_, n) => containsInDimension(sets[n]!, partition));
    yield* multiPartitionsIn(definition, holding, { ...chosen, [name]: partition });
  }
}

/** Which keys of dynamic partitions exist the definition cannot tell: all in the set are taken. */
function knownKeys(
  definition: FixedPartitions | DynamicPartitions | Unpartitioned,
  set: PartitionSet,
): readonly string[] {
  switch (definition.kind) {
    case "fixed":
      return definition.keys;
    case "dynamic":
      return set.kind === "keys" ? set.keys : [];
    case "none":
      return [""];
  }
}

/** How many partitions a set holds; of time ones, without walking through them. */
export function countIn(definition: PartitionsDefinition, set: PartitionSet): number {
  if (definition.kind === "time") {
    const grid = gridOf(definition);
    return spansIn(grid, set).reduce(
      (sum, [from, until]) => sum + countTicks(grid.cron, grid.timezone, from, until),
      0,
    );
  }
  if (definition.kind === "multi") {
    if (set.kind !== "multi") throw setOfAnotherKind(set, definition);
    const sizeOf = (box: Box): number =>
      definition.dimensions.reduce((size, { name, partitions }) => size * countIn(partitions, box[name]!), 1);
    return set.boxes.reduce((sum, box) => sum + sizeOf(box), 0);
  }
  if (set.kind !== "keys") throw setOfAnotherKind(set, definition);
  const known = new Set(knownKeys(definition, set));
  return set.keys.reduce((sum, key) => sum + (known.has(key) ? 1 : 0), 0);
}

/** The set of these partitions. */
export function setOfPartitions(definition: PartitionsDefinition, partitions: Iterable<Partition>): PartitionSet {
  if (definition.kind === "multi") return multiSetOfPartitions([...partitions]);
  if (definition.kind !== "time") return keySet([...partitions].map(({ id }) => id));
  return timeSet([...partitions].map(({ id, window }) => window ?? partitionOf(definition, id).window!));
}

/**
 * A partition by its id (as in tables) or its key (as people write it, or of several dimensions as an object), ended or not;
 * whether the instance has a dynamic key is not looked up.
 *
 * @throws {IrokoError} PARTITION_FORMAT or PARTITION_NOT_FOUND
 */
export function partitionOf(definition: PartitionsDefinition, idOrKey: PartitionName): Partition {
  if (definition.kind === "multi") {
    const names = readMultiKey(definition, idOrKey);
    const dimensions = definition.dimensions.map(
      ({ name, partitions }) => [name, partitionOf(partitions, names[name]!)] as const,
    );
    return multiPartition(definition, Object.fromEntries(dimensions));
  }
  if (typeof idOrKey !== "string") {
    throw new IrokoError("PARTITION_FORMAT", `The partition key ${JSON.stringify(idOrKey)} is not a text.`, {
      hint: "Only partitions of several dimensions have keys by dimension.",
    });
  }
  switch (definition.kind) {
    case "time": {
      const grid = gridOf(definition);
      const line = lineOfId(idOrKey);
      if (line !== undefined && isWithin(grid, line) && lineAtOrAfter(grid, line) === line) {
        return timePartition(grid, line, lineAfter(grid, line));
      }
      const { start, end } = windowOf(definition, idOrKey);
      return timePartition(grid, secondsAtOrBefore(start), secondsAtOrBefore(end));
    }
    case "fixed": {
      if (definition.keys.includes(idOrKey)) return keyPartition(idOrKey);
      throw new IrokoError("PARTITION_NOT_FOUND", `There is no partition ${JSON.stringify(idOrKey)}.`, {
        hint: didYouMeanHint(idOrKey, definition.keys, "partitions"),
        details: { key: idOrKey },
      });
    }
    case "dynamic": {
      const wrong = keyProblem(idOrKey);
      if (!wrong) return keyPartition(idOrKey);
      throw new IrokoError("PARTITION_FORMAT", `There can be no such partition: ${wrong.problem}.`, {
        hint: wrong.hint,
        details: { key: idOrKey },
      });
    }
    case "none": {
      if (idOrKey === "") return keyPartition("");
      throw new IrokoError(
        "PARTITION_NOT_FOUND",
        `There is no partition ${JSON.stringify(idOrKey)}: there are no partitions.`,
        {
          hint: "Leave the partition out.",
          details: { key: idOrKey },
        },
      );
    }
  }
}

/** An id, a key, or the key in each dimension. */
export type PartitionName = string | Readonly<Record<string, string>>;

/** The name in tables of a partition given by its key. */
export function partitionIdOf(definition: PartitionsDefinition, key: PartitionName): PartitionId {
  return partitionOf(definition, key).id;
}

/** The parts of a set in which the definition has windows, and none that is left out, in epoch seconds. */
function spansIn(grid: TimeGrid, set: PartitionSet): (readonly [from: number, until: number])[] {
  if (set.kind !== "time") throw setOfAnotherKind(set, { kind: "time" });
  return set.windows.flatMap(({ start, end }) =>
    withoutExcluded(grid, Math.max(secondsAtOrAfter(start), grid.first), Math.min(secondsAtOrAfter(end), grid.bound)),
  );
}

function lineOfId(text: string): number | undefined {
  if (!/^[+-]?\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return undefined;
  try {
    return secondsAtOrBefore(Temporal.Instant.from(text));
  } catch {
    return undefined;
  }
}

function timePartition(grid: TimeGrid, line: number, end: number): Partition {
  const known = made.get(grid)?.get(line);
  if (known) return known;
  const window = Object.freeze({ start: instantOfSeconds(line), end: instantOfSeconds(end) });
  const partition = Object.freeze({ id: idOf(window.start.toString()), key: keyOfLine(grid, line), window });
  remember(grid, line, partition);
  return partition;
}

/** Steps of a run ask for the same partitions one after the other, and the calendar is slow: the last ones are kept. */
const made = new WeakMap<TimeGrid, Map<number, Partition>>();
const mostRemembered = 2048;

function remember(grid: TimeGrid, line: number, partition: Partition): void {
  let lines = made.get(grid);
  if (!lines || lines.size >= mostRemembered) made.set(grid, (lines = new Map()));
  lines.set(line, partition);
}

function keyPartition(key: string): Partition {
  return { id: idOf(key), key };
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand is given
const idOf = (text: string): PartitionId => text as PartitionId;
