/**
 * In which order a plan's steps would come if they did not wait for each other: by partition, those of one partition in the
 * graph's order. What waits for all of a list comes behind all of it, so that a total is no reason to make one asset whole
 * before the next is begun.
 */
import type { PartitionSet } from "../partitions/partition-set.ts";
import { kindredCover } from "./cover-index.ts";
import type { StepList } from "./cut-steps.ts";
import type { Arrow } from "./join-steps.ts";
import type { Lane, Pieces } from "./pieces.ts";
import type { PlanOrder } from "./plan.ts";

export interface Visit {
  readonly list: number;
  readonly position: number;
}

export function* visitorOf(
  lists: readonly StepList[],
  arrows: readonly (readonly Arrow[])[],
  order: PlanOrder,
): Generator<Visit, void, undefined> {
  const floors = floorsOf(lists, arrows, order);
  const heap = new Heap();
  lists.forEach(({ pieces }, list) => {
    const natural = keysOf(pieces, order);
    for (const lane of pieces.lanes) {
      if (lane.count === 0) continue;
      const sequence = sequenceOf(pieces, lane, order);
      heap.push(new Cursor(list, lane, sequence, natural, floors[list]!));
    }
  });
  for (let least = heap.least; least; least = heap.least) {
    yield { list: least.list, position: least.position };
    if (least.advance()) heap.sink();
    else heap.pop();
  }
}

interface Keys {
  /** What a piece is ordered by. */
  readonly key: (lane: Lane, position: number) => number;
  /** Where that is equal. */
  readonly second: (lane: Lane, position: number) => number;
  readonly rank: (position: number) => number;
}

function keysOf(pieces: Pieces, order: PlanOrder): Keys {
  const isNewest = order === "newest";
  const sign = isNewest ? -1 : 1;
  const rank = (position: number): number => signed(pieces.rankOf(position), sign);
  const start = ({ times, first }: Lane, position: number): number => sign * times!.startOf(position - first);
  const end = ({ times, first }: Lane, position: number): number => sign * times!.endOf(position - first);
  const natural = pieces.isTimed ? (isNewest ? start : end) : (_: Lane, position: number): number => rank(position);
  const second = pieces.isTimed ? (isNewest ? end : start) : (): number => 0;
  if (typeof order === "string") return { key: natural, second, rank };
  const terms = termsOf(pieces, order);
  return { key: (lane, position) => terms[position]! * termWidth + natural(lane, position), second, rank };
}

/** What has no partitions comes first in either direction. */
const signed = (rank: number, sign: 1 | -1): number => (rank === -Infinity ? rank : sign * rank);

/** More than any time in seconds: what is asked for first comes first, whenever it was. */
const termWidth = 2 ** 40;

const knownTerms = new WeakMap<object, WeakMap<Pieces, Uint32Array>>();

/** For each piece the first of the sets asked for that it has a part in. */
function termsOf(pieces: Pieces, order: { readonly list: readonly PartitionSet[] }): Uint32Array {
  const known = knownTerms.get(order)?.get(pieces);
  if (known) return known;
  const terms = new Uint32Array(pieces.count).fill(order.list.length);
  const cover = kindredCover(pieces);
  for (const [term, set] of order.list.entries()) {
    for (const [first, last] of cover(set)) {
      for (let position = first; position <= last; position += 1) terms[position] = Math.min(terms[position]!, term);
    }
  }
  knownTerms.set(order, (knownTerms.get(order) ?? new WeakMap<Pieces, Uint32Array>()).set(pieces, terms));
  return terms;
}

/** The positions of a lane as they come; undefined where that is as they are. */
function sequenceOf(pieces: Pieces, { first, count }: Lane, order: PlanOrder): Uint32Array | undefined {
  if (order === "oldest") return undefined;
  const positions = Uint32Array.from({ length: count }, (_, at) => first + at);
  if (order === "newest") return positions.toReversed();
  const terms = termsOf(pieces, order);
  return positions.sort((a, b) => terms[a]! - terms[b]! || a - b);
}

/** Before what nothing of a list can come, since all of it waits for something that comes then. */
function floorsOf(
  lists: readonly StepList[],
  arrows: readonly (readonly Arrow[])[],
  order: PlanOrder,
): readonly number[] {
  const floors = lists.map((): number | undefined => undefined);
  const lastKeyOf = ({ pieces }: StepList): number => {
    if (pieces.count === 0) return -Infinity;
    const terms = typeof order === "string" ? 0 : order.list.length * termWidth;
    if (!pieces.isTimed) {
      return terms + (order === "newest" ? signed(pieces.rankOf(0), -1) : pieces.rankOf(pieces.count - 1));
    }
    return terms + Math.max(...pieces.lanes.map(({ times }) => (order === "newest" ? -times!.from : times!.until)));
  };
  const floorOf = (list: number): number =>
    arrows[list]!.reduce((floor, { from, isAlike }) => {
      const isBehindAll = isAlike || (lists[from]!.pieces.isTimed && !lists[list]!.pieces.isTimed);
      return Math.max(floor, floors[from]!, isBehindAll ? lastKeyOf(lists[from]!) : -Infinity);
    }, -Infinity);
  for (const list of lists.keys()) {
    // Almost always the lists above come before; a check may read what comes later.
    for (const stack = [list]; stack.length > 0;) {
      const top = stack.at(-1)!;
      const above = floors[top] === undefined ? arrows[top]!.find(({ from }) => floors[from] === undefined) : undefined;
      if (above) stack.push(above.from);
      else {
        floors[top] ??= floorOf(top);
        stack.pop();
      }
    }
  }
  return floors.map((floor) => floor!);
}

/** The next piece of a lane. */
class Cursor {
  readonly list: number;
  position: number;
  key = 0;
  second = 0;
  rank = 0;
  readonly #lane: Lane;
  readonly #sequence: Uint32Array | undefined;
  readonly #keys: Keys;
  readonly #floor: number;
  #at = 0;

  constructor(list: number, lane: Lane, sequence: Uint32Array | undefined, keys: Keys, floor: number) {
    this.list = list;
    this.#lane = lane;
    this.#sequence = sequence;
    this.#keys = keys;
    this.#floor = floor;
    this.position = sequence?.[0] ?? lane.first;
    this.#look();
  }

  advance(): boolean {
    this.#at += 1;
    if (this.#at >= this.#lane.count) return false;
    this.position = this.#sequence?.[this.#at] ?? this.#lane.first + this.#at;
    this.#look();
    return true;
  }

  isBefore(other: Cursor): boolean {
    if (this.key !== other.key) return this.key < other.key;
    if (this.second !== other.second) return this.second < other.second;
    if (this.rank !== other.rank) return this.rank < other.rank;
    return this.list < other.list;
  }

  #look(): void {
    this.key = Math.max(this.#floor, this.#keys.key(this.#lane, this.position));
    this.second = this.#keys.second(this.#lane, this.position);
    this.rank = this.#keys.rank(this.position);
  }
}

/** A binary heap, the first to come on top. */
class Heap {
  readonly #cursors: Cursor[] = [];

  get least(): Cursor | undefined {
    return this.#cursors[0];
  }

  push(cursor: Cursor): void {
    const cursors = this.#cursors;
    let at = cursors.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!cursor.isBefore(cursors[parent]!)) break;
      cursors[at] = cursors[parent]!;
      at = parent;
    }
    cursors[at] = cursor;
  }

  pop(): void {
    const last = this.#cursors.pop()!;
    if (this.#cursors.length === 0) return;
    this.#cursors[0] = last;
    this.sink();
  }

  /** Puts the top where it belongs, now that it has moved on. */
  sink(): void {
    const cursors = this.#cursors;
    const cursor = cursors[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < cursors.length && cursors[child + 1]!.isBefore(cursors[child]!)) child += 1;
      if (child >= cursors.length || !cursors[child]!.isBefore(cursor)) break;
      cursors[at] = cursors[child]!;
      at = child;
    }
    cursors[at] = cursor;
  }
}
