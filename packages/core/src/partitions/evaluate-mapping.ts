/**
 * Asks a user's mapping function, partition by partition, and reads what it answers. Only where definitions are loaded: in
 * a worker's child, and in users' tests.
 */
import { IrokoError } from "../errors.ts";
import { secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { compactSet, joinRelations, type MappingImage, type MappingRelation } from "./mapping-relation.ts";
import type { CustomMapping, CustomMappingCode } from "./mapping.ts";
import type { PartitionSet } from "./partition-set.ts";
import type { Partition, PartitionsDefinition, TimePartitions, TimeWindow } from "./partitions-definition.ts";
import { partitionOf, partitionsIn, setOfPartitions, type PartitionName } from "./partitions-in.ts";
import { emptySetOf, keySet, timeSet, union } from "./set-algebra.ts";
import { gridOf, lineAtOrAfter, lineAtOrBefore } from "./time-grid.ts";
import { stretchesIn } from "./time-windows.ts";

/** What a mapping function is asked between. */
export interface EvaluatedSides {
  readonly upstream: PartitionsDefinition;
  readonly downstream: PartitionsDefinition;
  /** Of downstream. */
  readonly set: PartitionSet;
}

/**
 * The answers for every partition of a set.
 *
 * @throws {IrokoError} MAPPING_FAILED when the function throws, or answers with what is no upstream partition
 */
export function evaluateMapping(mapping: CustomMapping, sides: EvaluatedSides): MappingRelation {
  const batches = evaluateInBatches(mapping, sides, Infinity);
  return [...batches].reduce(joinRelations, { asked: emptySetOf(sides.downstream), images: [] });
}

/** The same in parts of so many partitions, as they come; together they answer for the whole set. */
export function* evaluateInBatches(
  mapping: CustomMapping,
  { upstream, downstream, set }: EvaluatedSides,
  size: number,
): Generator<MappingRelation, void, undefined> {
  const code = mapping.code?.();
  if (!code) throw new TypeError(`The function of ${mapping.subject} is not loaded here.`);
  let batch: Partition[] = [];
  for (const partition of partitionsIn(downstream, set)) {
    batch.push(partition);
    if (batch.length < size) continue;
    yield answersOf(mapping, code, upstream, downstream, batch);
    batch = [];
  }
  if (batch.length > 0) yield answersOf(mapping, code, upstream, downstream, batch);
}

function answersOf(
  mapping: CustomMapping,
  code: CustomMappingCode,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
  partitions: readonly Partition[],
): MappingRelation {
  const images = new Map<string, { readonly downstream: (number | string)[]; readonly image: MappingImage }>();
  for (const partition of partitions) {
    const answer = compactSet(imageOf(mapping, code, upstream, partition));
    const name = JSON.stringify(answer);
    let same = images.get(name);
    if (!same) {
      const list: (number | string)[] = [];
      // Of one kind: what a definition has are windows, or ids.
      same = {
        downstream: list,
        image: { downstream: list as readonly number[] | readonly string[], upstream: answer },
      };
      images.set(name, same);
    }
    if (partition.window) {
      const [start, end] = [secondsAtOrBefore(partition.window.start), secondsAtOrAfter(partition.window.end)];
      if (same.downstream.at(-1) === start) same.downstream.pop();
      else same.downstream.push(start);
      same.downstream.push(end);
    } else same.downstream.push(partition.id);
  }
  return {
    asked: setOfPartitions(downstream, partitions),
    images: Array.from(images.values(), ({ image }) => image),
  };
}

function imageOf(
  mapping: CustomMapping,
  { evaluate, writtenAt }: CustomMappingCode,
  upstream: PartitionsDefinition,
  partition: Partition,
): PartitionSet {
  const subject = mapping.subject === "" ? "A dependency" : mapping.subject;
  const of = partition.key === "" ? "" : ` for the partition "${partition.key}"`;
  let answer: unknown;
  try {
    answer = evaluate(partition);
  } catch (thrown) {
    const title = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : shown(thrown);
    throw new IrokoError("MAPPING_FAILED", `The mapping function of ${subject} threw ${title}${of}.`, {
      hint: "It is asked about each partition of the asset: it has to answer for all of them, the first one too.",
      details: { partition: partition.key },
      cause: thrown instanceof Error ? thrown : writtenAt,
    });
  }
  try {
    return readAnswer(upstream, answer);
  } catch (error) {
    if (!(error instanceof IrokoError)) throw error;
    throw new IrokoError(
      "MAPPING_FAILED",
      `The mapping function of ${subject} gave ${shown(answer)}${of}. ${error.message}`,
      {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        details: { partition: partition.key, returned: shown(answer) },
        cause: writtenAt,
      },
    );
  }
}

/** A key, a range of keys, a window, a partition, or several of them; or a set. */
function readAnswer(upstream: PartitionsDefinition, answer: unknown): PartitionSet {
  if (isSet(answer)) return checkedSet(upstream, answer);
  const items: readonly unknown[] = Array.isArray(answer) ? answer : [answer];
  const sets: PartitionSet[] = [];
  const named: Partition[] = [];
  for (const item of items) {
    if (typeof item === "string") named.push(partitionOf(upstream, item));
    else if (typeof item !== "object" || item === null || item instanceof Promise) throw unreadable(upstream);
    else if (isPartition(item)) named.push(partitionOf(upstream, item.id));
    else if (upstream.kind === "time" && isWindow(item)) sets.push(overlapping(upstream, item));
    else if (upstream.kind !== "multi" && isRange(item)) sets.push(rangeOf(upstream, item));
    else if (upstream.kind === "multi") named.push(partitionOf(upstream, item as PartitionName));
    else throw unreadable(upstream);
  }
  return sets.reduce(union, setOfPartitions(upstream, named));
}

function checkedSet(upstream: PartitionsDefinition, set: PartitionSet): PartitionSet {
  if (set.kind !== emptySetOf(upstream).kind) throw unreadable(upstream);
  if (set.kind === "time" && upstream.kind === "time") {
    return set.windows.map((window) => overlapping(upstream, window)).reduce<PartitionSet>(union, timeSet([]));
  }
  return set.kind === "keys" ? keySet(set.keys.map((key) => partitionOf(upstream, key).id)) : set;
}

/** The windows that overlap a stretch of time, as far as the definition goes. */
function overlapping(upstream: TimePartitions, { start, end }: TimeWindow): PartitionSet {
  const grid = gridOf(upstream);
  const from = Math.max(secondsAtOrBefore(start), grid.first);
  const until = Math.min(secondsAtOrAfter(end), grid.bound);
  if (until <= from) return timeSet([]);
  return timeSet(stretchesIn(grid, lineAtOrBefore(grid, from), lineAtOrAfter(grid, until)));
}

/** From one key to another, both included, in the definition's order. */
function rangeOf(upstream: PartitionsDefinition, { from, to }: KeyRange): PartitionSet {
  const [first, last] = [partitionOf(upstream, from), partitionOf(upstream, to)];
  if (upstream.kind === "fixed") {
    return keySet(upstream.keys.slice(upstream.keys.indexOf(first.key), upstream.keys.indexOf(last.key) + 1));
  }
  if (upstream.kind !== "time") throw unreadable(upstream);
  return overlapping(upstream, { start: first.window!.start, end: last.window!.end });
}

interface KeyRange {
  readonly from: string;
  readonly to: string;
}

function unreadable(upstream: PartitionsDefinition): IrokoError {
  return new IrokoError("MAPPING_FAILED", "That is no partition of the upstream asset.", {
    hint: `Return ${
      {
        time: "a key, { from, to } by keys, or a window { start, end }",
        fixed: "a key, or { from, to } by keys",
        dynamic: "a key",
        multi: "the key in each dimension, { region: …, day: … }",
        none: '""',
      }[upstream.kind]
    }; several in a list, none as [].`,
  });
}

const isSet = (value: unknown): value is PartitionSet =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  (("windows" in value && Array.isArray(value.windows)) ||
    ("keys" in value && Array.isArray(value.keys)) ||
    ("boxes" in value && Array.isArray(value.boxes)));

const isPartition = (value: object): value is Partition => "id" in value && "key" in value;

const isWindow = (value: object): value is TimeWindow =>
  "start" in value && "end" in value && isInstant(value.start) && isInstant(value.end);

/** Also of a polyfill's. */
const isInstant = (value: unknown): value is Temporal.Instant =>
  typeof value === "object" && value !== null && "epochMilliseconds" in value && !("timeZoneId" in value);

const isRange = (value: object): value is KeyRange =>
  "from" in value && "to" in value && typeof value.from === "string" && typeof value.to === "string";

/** As JSON, of bounded length. */
function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value instanceof Promise) return "a promise";
  try {
    const text = JSON.stringify(value) ?? `a ${typeof value}`;
    return text.length > 200 ? `${text.slice(0, 200)}…` : text;
  } catch {
    return `a ${typeof value} that has no text`; // a circle, or a bigint
  }
}
