/** How much of a set lies in a span of time, span after span: from its ranges alone, none of its partitions is looked at. */
import type { PartitionSet } from "@iroko/core";

/** Epoch milliseconds, the end excluded. */
export type Range = readonly [from: number, until: number];

export interface Overlap {
  readonly length: number;
  /** Between where; nothing has its end before its beginning. */
  readonly from: number;
  readonly until: number;
}

export function rangesOf(set: PartitionSet): readonly Range[] {
  if (set.kind !== "time") return [];
  return set.windows.map(({ start, end }) => [start.epochMilliseconds, end.epochMilliseconds]);
}

/** Of ascending ranges. Spans are asked for in ascending order. */
export function overlaps(ranges: readonly Range[]): (span: Range) => Overlap {
  let at = 0;
  return ([from, until]) => {
    while (at < ranges.length && ranges[at]![1] <= from) at += 1;
    const found = { length: 0, from: until, until: from };
    for (let each = at; each < ranges.length && ranges[each]![0] < until; each += 1) {
      const [start, end] = [Math.max(from, ranges[each]![0]), Math.min(until, ranges[each]![1])];
      found.length += end - start;
      found.from = Math.min(found.from, start);
      found.until = Math.max(found.until, end);
    }
    return found;
  };
}
