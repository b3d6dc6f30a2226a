/**
 * What the steps of one computation are of: a set cut by a backfill policy, each piece a window of time, some keys, or both.
 * Pieces are positions, times are epoch seconds in typed arrays, cut as far as somebody has looked: a million of them are a
 * few megabytes. A piece never spans a gap in time, so that its window says what is in it.
 *
 * In several dimensions pieces run along time, the first dimension that has it; what a piece is in the others is a *lane*.
 */
import type { BackfillPolicy } from "../definitions/model.ts";
import { instantOfSeconds, secondsAtOrBefore } from "../partitions/epoch-seconds.ts";
import { dynamicKeysOf, type Moment } from "../partitions/moment.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { Box, DimensionSet, PartitionSet, TimeSet } from "../partitions/partition-set.ts";
import type {
  DimensionPartitions,
  MultiPartitions,
  PartitionsDefinition,
  TimePartitions,
} from "../partitions/partitions-definition.ts";
import { definitionKey } from "../partitions/same-definition.ts";
import { equalSets, keySet } from "../partitions/set-algebra.ts";
import { gridOf, lineAfter, type TimeGrid } from "../partitions/time-grid.ts";

export interface Pieces {
  readonly count: number;
  /** By which pieces are found and ordered; without time there is one lane, and its pieces stand in the keys' order. */
  readonly lanes: readonly Lane[];
  readonly isTimed: boolean;
  /** By name; "" where there is only one. Timed pieces run along the first one of time. */
  readonly dimensions: readonly { readonly name: string; readonly kind: DimensionSet["kind"] }[];
  setOf(position: number): PartitionSet;
  /** Where a timeless piece stands among others of its definition; of a timed one, its lane does. */
  rankOf(position: number): number;
  /** Of timeless pieces: what they are in each dimension, "" where there is only one. */
  readonly boxes?: readonly Box[];
}

export interface Lane {
  /** Position of its first piece; they follow each other. */
  readonly first: number;
  readonly count: number;
  readonly times?: TimePieces;
  /** What its pieces are in the other dimensions. */
  readonly box: Box;
}

interface Cutting {
  readonly set: PartitionSet;
  readonly pieces: Pieces;
}

/** Cuts sets, each only once: assets of one definition usually are wanted for the same partitions. */
export function pieceCutter(
  moment: Moment,
): (definition: PartitionsDefinition, set: PartitionSet, policy: BackfillPolicy) => Pieces {
  const known = new Map<string, Map<string, Cutting[]>>();
  return (definition, set, policy) => {
    const size = policy.kind === "batches" ? policy.size : policy.kind === "range" ? Infinity : 1;
    const ofDefinition = known.get(definitionKey(definition)) ?? new Map<string, Cutting[]>();
    known.set(definitionKey(definition), ofDefinition);
    const outline = `${size} ${outlineOf(set)}`;
    const alike = ofDefinition.get(outline) ?? [];
    const same = alike.find((one) => equalSets(one.set, set));
    if (same) return same.pieces;
    const pieces = cut(definition, set, size, moment);
    ofDefinition.set(outline, [...alike, { set, pieces }]);
    return pieces;
  };
}

function outlineOf(set: PartitionSet): string {
  if (set.kind === "keys") return `${set.keys.length} ${set.keys[0]}`;
  if (set.kind === "multi") return String(set.boxes.length);
  return `${set.windows.length} ${set.windows[0]?.start.epochMilliseconds} ${set.windows.at(-1)?.end.epochMilliseconds}`;
}

function cut(definition: PartitionsDefinition, set: PartitionSet, size: number, moment: Moment): Pieces {
  if (definition.kind === "multi") return cutBoxes(definition, set.kind === "multi" ? set.boxes : [], size, moment);
  if (definition.kind === "time" && set.kind === "time") {
    const times = new TimePieces(definition, set, size);
    return timed([{ times, box: {} }], dimensionsOf(definition), (_, window) => window);
  }
  const keys = set.kind === "keys" ? set.keys : [];
  const order = orderOf(definition, moment);
  const chunks = chunksOf(keys, order, size);
  return timeless(
    chunks.map((chunk) => ({ "": keySet(chunk) })),
    chunks.map((chunk) => (definition.kind === "none" ? -Infinity : order(chunk[0]!))),
    dimensionsOf(definition),
    (box) => box[""]!,
  );
}

function timed(
  lanes: readonly { readonly times: TimePieces; readonly box: Box; readonly rank?: number }[],
  dimensions: Pieces["dimensions"],
  setOf: (box: Box, window: TimeSet) => PartitionSet,
): Pieces {
  let count = 0;
  const placed = lanes.map(({ times, box }): Lane => {
    const lane = { first: count, count: times.count, times, box };
    count += times.count;
    return lane;
  });
  const laneOf = (position: number): number => lastAtMost(placed, position);
  return {
    count,
    lanes: placed,
    isTimed: true,
    dimensions,
    setOf(position) {
      const { first, times, box } = placed[laneOf(position)]!;
      return setOf(box, times!.windowOf(position - first));
    },
    rankOf: (position) => lanes[laneOf(position)]!.rank ?? 0,
  };
}

function timeless(
  boxes: readonly Box[],
  ranks: readonly number[],
  dimensions: Pieces["dimensions"],
  setOf: (box: Box) => PartitionSet,
): Pieces {
  return {
    count: boxes.length,
    lanes: [{ first: 0, count: boxes.length, box: {} }],
    isTimed: false,
    dimensions,
    boxes,
    setOf: (position) => setOf(boxes[position]!),
    rankOf: (position) => ranks[position]!,
  };
}

function dimensionsOf(definition: PartitionsDefinition): Pieces["dimensions"] {
  const kindOf = ({ kind }: PartitionsDefinition): DimensionSet["kind"] => (kind === "time" ? "time" : "keys");
  if (definition.kind !== "multi") return [{ name: "", kind: kindOf(definition) }];
  return definition.dimensions.map(({ name, partitions }) => ({ name, kind: kindOf(partitions) }));
}

/** A range of several dimensions is one box whose time is unbroken; a batch goes along time, or else along the last keys. */
function cutBoxes(definition: MultiPartitions, boxes: readonly Box[], size: number, moment: Moment): Pieces {
  const { dimensions } = definition;
  const along = dimensions.find(({ partitions }) => partitions.kind === "time") ?? dimensions.at(-1)!;
  const others = dimensions.filter((dimension) => dimension !== along);
  const orders = new Map(dimensions.map(({ name, partitions }) => [name, orderOf(partitions, moment)]));
  const unitSize = size === Infinity ? Infinity : 1;
  const lanes = boxes.flatMap((box) => {
    const run = box[along.name]!;
    const times =
      run.kind === "time" && along.partitions.kind === "time" ? new TimePieces(along.partitions, run, size) : undefined;
    let combined: readonly Box[] = [{}];
    for (const { name, partitions } of others) {
      const units = unitsOf(partitions, box[name]!, unitSize, orders.get(name)!);
      combined = combined.flatMap((left) => units.map((unit) => ({ ...left, [name]: unit })));
    }
    return combined.map((lane) => ({ times, box: lane, run }));
  });
  const rankOf = (box: Box): number =>
    dimensions.reduce((rank, { name, partitions }) => {
      const unit = box[name];
      if (!unit) return rank;
      return (
        rank * spanOf(partitions, moment) +
        (unit.kind === "time" ? unit.windows[0]!.start.epochMilliseconds / 6e4 : orders.get(name)!(unit.keys[0]!))
      );
    }, 0);
  if (along.partitions.kind === "time") {
    const ranked = lanes.map(({ times, box }) => ({ times: times!, box, rank: rankOf(box) }));
    return timed(
      ranked.toSorted((a, b) => a.rank - b.rank),
      dimensionsOf(definition),
      (box, window) => ({ kind: "multi", boxes: [{ ...box, [along.name]: window }] }),
    );
  }
  const pieces = lanes
    .flatMap(({ box, run }) =>
      unitsOf(along.partitions, run, size, orders.get(along.name)!).map((unit) => ({ ...box, [along.name]: unit })),
    )
    .map((box) => ({ box, rank: rankOf(box) }))
    .toSorted((a, b) => a.rank - b.rank);
  return timeless(
    pieces.map(({ box }) => box),
    pieces.map(({ rank }) => rank),
    dimensionsOf(definition),
    (box) => ({ kind: "multi", boxes: [box] }),
  );
}

/** A dimension's set in parts of at most so many partitions; keys wherever they stand, time without gaps. */
function unitsOf(
  definition: DimensionPartitions,
  set: DimensionSet,
  size: number,
  order: (key: string) => number,
): readonly DimensionSet[] {
  if (set.kind === "keys") {
    return size === Infinity ? [set] : chunksOf(set.keys, order, size, true).map((chunk) => keySet(chunk));
  }
  if (definition.kind !== "time") return [];
  const times = new TimePieces(definition, set, size);
  return Array.from({ length: times.count }, (_, position) => times.windowOf(position));
}

/** Keys in their order; only what follows each other in the definition comes together, unless gaps do not matter. */
function chunksOf(
  keys: readonly string[],
  order: (key: string) => number,
  size: number,
  overGaps: boolean = false,
): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let last = NaN;
  for (const { key, place } of keys
    .map((each) => ({ key: each, place: order(each) }))
    .toSorted((a, b) => a.place - b.place)) {
    const open = chunks.at(-1);
    if (open && open.length < size && (overGaps || place === last + 1)) open.push(key);
    else chunks.push([key]);
    last = place;
  }
  return chunks;
}

/** Where a key stands: as written in the definition, as added to the instance. What neither has comes last. */
function orderOf(definition: PartitionsDefinition, moment: Moment): (key: string) => number {
  const keys = keysOf(definition, moment);
  const places = new Map(keys.map((key, place) => [key, place]));
  return (key) => places.get(key) ?? keys.length;
}

function keysOf(definition: PartitionsDefinition, moment: Moment): readonly string[] {
  if (definition.kind === "fixed") return definition.keys;
  return definition.kind === "dynamic" ? dynamicKeysOf(moment, definition.name) : [""];
}

const spanOf = (definition: DimensionPartitions, moment: Moment): number =>
  definition.kind === "time" ? 2 ** 24 : keysOf(definition, moment).length + 1;

/** Windows of time, ascending, cut as far as somebody has looked. */
export class TimePieces {
  readonly count: number;
  /** From the first start to the last end, in epoch seconds. */
  readonly from: number;
  readonly until: number;
  readonly #grid: TimeGrid;
  readonly #size: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #windows: readonly (readonly [from: number, until: number])[];
  #filled = 0;
  #window = 0;

  constructor(definition: TimePartitions, set: TimeSet, size: number) {
    this.#grid = gridOf(definition);
    this.#size = size;
    this.#windows = set.windows.map(({ start, end }) => [secondsAtOrBefore(start), secondsAtOrBefore(end)]);
    this.count =
      size === Infinity
        ? set.windows.length
        : size === 1
          ? countIn(definition, set)
          : set.windows.reduce(
              (sum, window) => sum + Math.ceil(countIn(definition, { kind: "time", windows: [window] }) / size),
              0,
            );
    this.#starts = new Float64Array(this.count);
    this.#ends = new Float64Array(this.count);
    this.from = this.#windows[0]?.[0] ?? Infinity;
    this.until = this.#windows.at(-1)?.[1] ?? -Infinity;
  }

  startOf(position: number): number {
    this.fill(position + 1);
    return this.#starts[position]!;
  }

  endOf(position: number): number {
    this.fill(position + 1);
    return this.#ends[position]!;
  }

  windowOf(position: number): TimeSet {
    const window = { start: instantOfSeconds(this.startOf(position)), end: instantOfSeconds(this.endOf(position)) };
    return { kind: "time", windows: [window] };
  }

  /** The pieces that overlap [from, until), the first and the last; undefined where none does. */
  overlapping(from: number, until: number): readonly [first: number, last: number] | undefined {
    while (this.#filled < this.count && (this.#filled === 0 || this.#ends[this.#filled - 1]! < until)) {
      this.fill(this.#filled + 64);
    }
    const first = countBelow(this.#ends, this.#filled, from + 1);
    const last = countBelow(this.#starts, this.#filled, until) - 1;
    return first <= last ? [first, last] : undefined;
  }

  /** Cuts on until so many are there. False: it was all done before. */
  fill(wanted: number): boolean {
    const target = Math.min(wanted, this.count);
    if (this.#filled >= target) return false;
    while (this.#filled < target) {
      const [from, until] = this.#windows[this.#window]!;
      const start = this.#filled > 0 && this.#ends[this.#filled - 1]! > from ? this.#ends[this.#filled - 1]! : from;
      let end = this.#size === Infinity ? until : lineAfter(this.#grid, start);
      for (let more = 1; more < this.#size && end < until; more += 1) end = lineAfter(this.#grid, end);
      this.#starts[this.#filled] = start;
      this.#ends[this.#filled] = end;
      this.#filled += 1;
      if (end >= until) this.#window += 1;
    }
    return true;
  }
}

/** How many of the first so many ascending values lie below a bound. */
function countBelow(values: Float64Array, length: number, bound: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last lane that begins at or before a position. */
function lastAtMost(lanes: readonly Lane[], position: number): number {
  let low = 0;
  let high = lanes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lanes[middle]!.first <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
