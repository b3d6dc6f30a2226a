/** How values of ours stand in columns. */
import type { BoxJson, PartitionSet } from "../partitions/partition-set.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { windowAndRestOf } from "../partitions/table-name.ts";
import { boxesToJson, fromMultirange, setFromJson, toMultirange } from "../partitions/set-codec.ts";

/** A set as the three columns that every table has for it, all but one of them null; a gate has none. */
export interface SetColumns {
  readonly windows: string | null;
  readonly keys: readonly string[] | null;
  readonly boxes: readonly BoxJson[] | null;
}

export const noSet: SetColumns = { windows: null, keys: null, boxes: null };

export function setColumns(set: PartitionSet): SetColumns {
  switch (set.kind) {
    case "time":
      return { ...noSet, windows: toMultirange(set) };
    case "keys":
      return { ...noSet, keys: set.keys };
    case "multi":
      return { ...noSet, boxes: boxesToJson(set) };
  }
}

export function setOfColumns({ windows, keys, boxes }: SetColumns): PartitionSet {
  if (windows !== null) return fromMultirange(windows);
  if (boxes !== null) return setFromJson({ boxes });
  return { kind: "keys", keys: keys ?? [] };
}

/** What every table that names partitions one by one has of one. */
export interface PartitionColumns {
  readonly partition: string;
  /** tstzrange text of a time partition; of several dimensions, of the first one by time. */
  readonly window: string | null;
  /** Of several dimensions, the name without that one. */
  readonly rest: string | null;
}

export function partitionColumns(partition: Partition): PartitionColumns {
  const { window, rest = null } = windowAndRestOf(partition);
  return {
    partition: partition.id,
    window: window === undefined ? null : `[${window.start.toString()},${window.end.toString()})`,
    rest,
  };
}

/** A value for a jsonb column: Postgres holds neither NUL nor half a surrogate pair, which user code may well print. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part,
  );
}
