/** What of a run is chosen to be made again, row by row of a list, and the request that comes to. The address keeps both. */
import { selectionOfAll } from "../../parts/selection.ts";

export interface Choosable {
  /** In its list. */
  readonly id: string;
  readonly assets: readonly string[];
  /** In the text form; "" where unpartitioned. */
  readonly partitions: string;
  readonly status: string;
}

/** As a retry takes it. */
export interface Repetition {
  readonly select: string;
  readonly partitions: string;
  /** Also what has succeeded. */
  readonly fromStart: boolean;
}

/** All partitions of the rows for all assets of the rows: of a run that is what it has of these, and no more. */
export function repetitionOf(rows: readonly Choosable[]): Repetition {
  const assets = [...new Set(rows.flatMap((row) => row.assets))];
  const partitions = [...new Set(rows.map((row) => row.partitions).filter((text) => text !== ""))];
  return {
    select: selectionOfAll(assets),
    partitions: partitions.join(" or "),
    fromStart: rows.some(({ status }) => status === "succeeded"),
  };
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

export const queryOf = ({ select, partitions, fromStart }: Repetition): Readonly<Record<string, string>> => ({
  only: select,
  of: partitions,
  whole: fromStart ? "true" : "",
});

export const repetitionIn = (query: URLSearchParams): Repetition => ({
  select: query.get("only") ?? "",
  partitions: query.get("of") ?? "",
  fromStart: query.get("whole") === "true",
});

export const nothingChosen: Readonly<Record<string, null>> = { chosen: null, only: null, of: null, whole: null };
