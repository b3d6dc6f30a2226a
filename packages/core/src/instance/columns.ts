/** How values of ours stand in columns. */
import type { PartitionSet } from "../partitions/partition-set.ts";
import { multiNotYet } from "../partitions/not-yet.ts";
import { fromMultirange, toMultirange } from "../partitions/set-codec.ts";

/** A set as the two columns that every table has for it; a gate has neither. */
export interface SetColumns {
  readonly windows: string | null;
  readonly keys: readonly string[] | null;
}

export function setColumns(set: PartitionSet): SetColumns {
  if (set.kind === "multi") throw multiNotYet("stored");
  return set.kind === "time" ? { windows: toMultirange(set), keys: null } : { windows: null, keys: set.keys };
}

export function setOfColumns({ windows, keys }: SetColumns): PartitionSet {
  if (windows !== null) return fromMultirange(windows);
  return { kind: "keys", keys: keys ?? [] };
}

/** A window as a tstzrange. */
export function rangeText(
  window: { readonly start: Temporal.Instant; readonly end: Temporal.Instant } | undefined,
): string | null {
  return window === undefined ? null : `[${window.start.toString()},${window.end.toString()})`;
}

/** A value for a jsonb column: Postgres holds neither NUL nor half a surrogate pair, which user code may well print. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(?:0000|d[89a-f])/.test(text)) return text;
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "string" ? part.toWellFormed().replaceAll("\0", "\ufffd") : part,
  );
}
