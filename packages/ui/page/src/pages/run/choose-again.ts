/** What of a run is chosen to be made again, row by row of a list, and the request that comes to. The address keeps both. */
import type { RetryPart } from "@iroko/core/client";
import { selectionOf, selectionOfAll } from "../../parts/selection.ts";

export interface Choosable {
  /** In its list. */
  readonly id: string;
  readonly assets: readonly string[];
  /** In the text form; "" where unpartitioned. */
  readonly partitions: string;
  readonly status: string;
  /** Absent: an asset's. */
  readonly kind?: string;
}

/** As a retry takes it. */
export interface Repetition {
  readonly select: string;
  readonly partitions: string;
  /** Where assets are chosen with partitions that differ: each with its own, in place of the two above. */
  readonly only: readonly RetryPart[];
  /** Also what has succeeded. */
  readonly fromStart: boolean;
}

/** Of each asset the partitions of its rows, and no others. */
export function repetitionOf(rows: readonly Choosable[]): Repetition {
  const texts = new Map<string, Set<string>>();
  for (const { assets, partitions } of rows)
    for (const key of assets) texts.set(key, (texts.get(key) ?? new Set<string>()).add(partitions));
  const parts = Array.from(texts, ([key, sets]) => ({ key, partitions: [...sets].filter(Boolean).join(" or ") }));
  const fromStart = rows.some(({ status }) => status === "succeeded");
  const [first] = parts;
  if (first === undefined || parts.every(({ partitions }) => partitions === first.partitions))
    return {
      select: selectionOfAll(parts.map(({ key }) => key)),
      partitions: first?.partitions ?? "",
      only: [],
      fromStart,
    };
  const only = parts.map(({ key, partitions }) => ({
    select: selectionOf(key),
    ...(partitions === "" ? {} : { partitions }),
  }));
  return { select: "", partitions: "", only, fromStart };
}

export const chosenIn = (query: URLSearchParams): ReadonlySet<string> =>
  new Set((query.get("chosen") ?? "").split(" ").filter((id) => id !== ""));

/** How the query changes when a row is chosen, or no longer. */
export function toggled(
  rows: readonly Choosable[],
  chosen: ReadonlySet<string>,
  id: string,
): Readonly<Record<string, string>> {
  const left = rows.filter((row) => (row.id === id ? !chosen.has(id) : chosen.has(row.id)));
  return { chosen: left.map((row) => row.id).join(" "), ...queryOf(repetitionOf(left)) };
}

export const queryOf = ({ select, partitions, only, fromStart }: Repetition): Readonly<Record<string, string>> => ({
  only: select,
  of: partitions,
  parts: only.length === 0 ? "" : JSON.stringify(only),
  whole: fromStart ? "true" : "",
});

export const repetitionIn = (query: URLSearchParams): Repetition => ({
  select: query.get("only") ?? "",
  partitions: query.get("of") ?? "",
  only: partsIn(query.get("parts")),
  fromStart: query.get("whole") === "true",
});

/** What somebody has written into an address may be anything. */
function partsIn(text: string | null): readonly RetryPart[] {
  try {
    const parts = JSON.parse(text ?? "[]") as unknown;
    return Array.isArray(parts) ? (parts as readonly RetryPart[]) : [];
  } catch {
    return [];
  }
}

export const nothingChosen: Readonly<Record<string, null>> = {
  chosen: null,
  only: null,
  of: null,
  parts: null,
  whole: null,
};
