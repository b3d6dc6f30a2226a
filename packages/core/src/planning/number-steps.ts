/**
 * Gives every step its number, upstream first. As far as that leaves a choice, a partition is finished before the next is
 * begun: the first day's revenue is there while the others still wait, and what was just built is read while it is warm.
 *
 * Steps are visited in the order of their partitions: by the ends of their windows (newest first: by their starts), so that
 * an hour comes before the day that it is part of. Whatever a visited step waits for is numbered just before it. So the order
 * is right whatever the mappings are, the first steps are known long before the last, and a number per step is all that is kept.
 */
import { sizeOf, type Ranges } from "./cover-index.ts";
import type { StepList } from "./cut-steps.ts";
import type { Arrow } from "./join-steps.ts";
import type { Lane } from "./pieces.ts";
import type { PlanOrder } from "./plan.ts";
import { visitorOf } from "./visit-order.ts";

export interface NumberedStep {
  readonly n: number;
  /** Undefined: a gate, which does nothing. */
  readonly step?: { readonly list: StepList; readonly position: number };
  readonly reason?: string;
  /** Ascending, each once. */
  readonly after: readonly { readonly from: number; readonly weak: boolean }[];
}

/** One step never waits for more, nor a gate: beyond that, gates stand between. */
const mostArrows = 1_000;

/** Yields undefined where it has worked for a while without a result. */
export function* numberSteps(
  lists: readonly StepList[],
  arrows: readonly (readonly Arrow[])[],
  order: PlanOrder,
): Generator<NumberedStep | undefined, void, undefined> {
  const isNewest = order === "newest";
  if (order !== "oldest") {
    // Everything must be cut before the last is known.
    for (const { pieces } of lists) {
      for (const { times, count } of pieces.lanes) {
        for (let cut = 4096; times?.fill(Math.min(cut, count)); cut += 4096) yield undefined;
      }
    }
  }
  const bundles = new Map<Arrow, Bundles>();
  for (const [n, into] of arrows.entries()) {
    for (const arrow of into) bundles.set(arrow, yield* bundlesOf(arrow, lists[n]!));
  }

  const numbers = lists.map(({ pieces }) => new Uint32Array(pieces.count)); // 0: not numbered yet, else one more than its number
  let next = 0;

  const needsOf = (list: number, position: number): Need[] =>
    arrows[list]!.flatMap((arrow): readonly Need[] => {
      const { ranges, gate } = bundles.get(arrow)!(position);
      if (gate) return [{ gate, weak: arrow.weak }];
      return inParts({ list: arrow.from, ranges, weak: arrow.weak });
    });

  const missingOf = (frame: Frame): Node | undefined => {
    for (; frame.need < frame.needs.length; frame.need += 1, frame.range = 0, frame.at = -1) {
      const need = frame.needs[frame.need]!;
      if ("gate" in need) {
        if (need.gate.number === undefined) return { gate: need.gate };
        continue;
      }
      const done = numbers[need.list]!;
      for (; frame.range < need.ranges.length; frame.range += 1, frame.at = -1) {
        const range: number = isNewest ? need.ranges.length - 1 - frame.range : frame.range;
        const [first, last]: readonly [number, number] = need.ranges[range]!;
        for (frame.at = Math.max(frame.at, 0); first + frame.at <= last; frame.at += 1) {
          const position = isNewest ? last - frame.at : first + frame.at;
          if (done[position] === 0) return { list: need.list, position };
        }
      }
    }
    return undefined;
  };

  const open = (node: Node): Frame => ({
    node,
    needs: "gate" in node ? inParts(node.gate.need) : needsOf(node.list, node.position),
    need: 0,
    range: 0,
    at: -1,
  });

  const close = ({ node, needs }: Frame): NumberedStep => {
    const n = next;
    next += 1;
    const after = arrowsOf(needs, numbers);
    if ("gate" in node) {
      node.gate.number = n;
      return { n, reason: node.gate.reason, after };
    }
    numbers[node.list]![node.position] = n + 1;
    return { n, step: { list: lists[node.list]!, position: node.position }, after };
  };

  const stack: Frame[] = [];
  let worked = 0;
  for (const { list, position } of visitorOf(lists, arrows, order)) {
    if (numbers[list]![position] === 0) stack.push(open({ list, position }));
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      const missing = missingOf(frame);
      if (missing) stack.push(open(missing));
      else {
        stack.pop();
        yield close(frame);
      }
      worked += 1;
      if (worked % turn === 0) yield undefined;
    }
  }
}

/** So many steps are looked at in about a millisecond. */
const turn = 256;

type Node = { readonly list: number; readonly position: number } | { readonly gate: Gate };

interface Steps {
  readonly list: number;
  readonly ranges: Ranges;
  readonly weak: boolean;
}

type Need = Steps | { readonly gate: Gate; readonly weak: boolean };

interface Gate {
  readonly need: Steps;
  readonly reason: string;
  number?: number;
}

/** A step that is to be numbered once all that it waits for is, and how far that has been looked through. */
interface Frame {
  readonly node: Node;
  readonly needs: readonly Need[];
  need: number;
  range: number;
  at: number;
}

/** What a step waits for along an arrow, or the gate that stands between. */
type Bundles = (position: number) => { readonly ranges: Ranges; readonly gate?: Gate };

/**
 * Steps that all wait for the same many share a gate. Neighbours in time are compared with each other; what has no time,
 * or several dimensions, with all others.
 */
function* bundlesOf(arrow: Arrow, list: StepList): Generator<undefined, Bundles, undefined> {
  const { pieces } = list;
  if (arrow.isAlike) {
    let known: ReturnType<Bundles> | undefined;
    return (position) => (known ??= bundle(arrow, arrow.needs(position), pieces.count));
  }
  if (pieces.isTimed && pieces.lanes.length === 1) return neighbours(arrow, pieces.lanes[0]!);
  const members = new Map<string, number>();
  for (let position = 0; position < pieces.count; position += 1) {
    const ranges = arrow.needs(position);
    if (sizeOf(ranges) > 1) members.set(ranges.join(" "), (members.get(ranges.join(" ")) ?? 0) + 1);
    if (position % 256 === 255) yield undefined;
  }
  const known = new Map<string, ReturnType<Bundles>>();
  return (position) => {
    const ranges = arrow.needs(position);
    const name = ranges.join(" ");
    const count = members.get(name) ?? 1;
    if (count === 1) return { ranges };
    let found = known.get(name);
    if (!found) known.set(name, (found = bundle(arrow, ranges, count)));
    return found;
  };
}

function neighbours(arrow: Arrow, { count }: Lane): Bundles {
  const gates = new Map<number, Gate>();
  let last: { readonly from: number; readonly until: number; readonly found: ReturnType<Bundles> } | undefined;
  return (position) => {
    if (last && position >= last.from && position < last.until) return last.found;
    const ranges = arrow.needs(position);
    if (sizeOf(ranges) < 2) return { ranges };
    const name = ranges.join(" ");
    const isAlike = (other: number): boolean => arrow.needs(other).join(" ") === name;
    let [from, until] = [position, position + 1];
    while (from > 0 && isAlike(from - 1)) from -= 1;
    while (until < count && isAlike(until)) until += 1;
    const found = bundle(arrow, ranges, until - from, gates.get(from));
    if (found.gate) gates.set(from, found.gate);
    last = { from, until, found };
    return found;
  };
}

function bundle({ from: list, weak }: Arrow, ranges: Ranges, members: number, known?: Gate): ReturnType<Bundles> {
  if (known) return { ranges, gate: known };
  const width = sizeOf(ranges);
  if (width < 2 || members < 2 || width * members <= width + members) return { ranges };
  return { ranges, gate: { need: { list, ranges, weak }, reason: `${members} steps wait for the same ${width}` } };
}

/** What is too much for one step to wait for is waited for by gates, each for a part of it. */
function inParts(steps: Steps): readonly Need[] {
  if (sizeOf(steps.ranges) <= mostArrows) return [steps];
  const parts: Ranges[] = [];
  let open: [number, number][] = [];
  let room = mostArrows;
  for (const [first, last] of steps.ranges) {
    for (let at = first; at <= last;) {
      const end = Math.min(last, at + room - 1);
      open.push([at, end]);
      room -= end - at + 1;
      at = end + 1;
      if (room === 0) {
        parts.push(open);
        open = [];
        room = mostArrows;
      }
    }
  }
  if (open.length > 0) parts.push(open);
  const { weak } = steps;
  const gates = parts.map((ranges): Gate => ({
    need: { ...steps, ranges },
    reason: `${sizeOf(ranges)} of many that others wait for`,
  }));
  return gates.map((gate) => ({ gate, weak }));
}

/** By number; of two arrows between the same steps the strong one counts. */
function arrowsOf(needs: readonly Need[], numbers: readonly Uint32Array[]): NumberedStep["after"] {
  const after: { readonly from: number; readonly weak: boolean }[] = [];
  for (const need of needs) {
    if ("gate" in need) after.push({ from: need.gate.number!, weak: need.weak });
    else {
      const done = numbers[need.list]!;
      for (const [first, last] of need.ranges) {
        for (let position = first; position <= last; position += 1)
          after.push({ from: done[position]! - 1, weak: need.weak });
      }
    }
  }
  if (after.length < 2) return after;
  const sorted = after.toSorted((a, b) => a.from - b.from || Number(a.weak) - Number(b.weak));
  return sorted.filter(({ from }, at) => at === 0 || sorted[at - 1]!.from !== from);
}
