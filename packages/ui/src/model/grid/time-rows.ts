/**
 * Cells of time. They stand where the calendar has them: the third of a month is always the third cell. Where they stand and
 * what they are called depends on what exists alone, so it is kept: most looks find the same, and only the letters are new.
 */
import {
  equalSets,
  formatPartitions,
  intersect,
  partitionsIn,
  type PartitionSet,
  type TimePartitions,
} from "@iroko/core";
import type { GridRow } from "@iroko/core/client";
import type { GridSets } from "./letters.ts";
import { overlaps, rangesOf, type Range } from "./ranges.ts";
import { rowUnitOf, type Unit } from "./units.ts";

/** @param unit of a cell; undefined: a partition each */
export function timeRows(
  definition: TimePartitions,
  sets: GridSets,
  wanted: PartitionSet,
  unit: Unit | undefined,
): readonly GridRow[] {
  const { rows, cells } = layoutOf(definition, wanted, unit);
  const lengthIn = (set: PartitionSet): ((span: Range) => number) => {
    const look = overlaps(rangesOf(intersect(set, wanted)));
    return (span) => look(span).length;
  };
  const [failed, running, stale, made] = [sets.failed, sets.running, sets.stale, sets.made].map(lengthIn) as Lengths;
  const letters = rows.map(({ keys }) => keys.map(() => "-"));
  for (const { row, at, span, length } of cells) {
    const share = made(span);
    const rest = share === length ? "m" : share === 0 ? "." : "p";
    letters[row]![at] = failed(span) > 0 ? "f" : running(span) > 0 ? "r" : stale(span) > 0 ? "s" : rest;
  }
  return rows.map(({ label, keys }, row) => ({ label, key: null, cells: letters[row]!.join(""), keys }));
}

type Length = (span: Range) => number;
type Lengths = [failed: Length, running: Length, stale: Length, made: Length];

interface Layout {
  readonly unit: Unit | undefined;
  readonly wanted: PartitionSet;
  /** Keys as the answer has them: of each place, "" where no cell is. */
  readonly rows: readonly Pick<GridRow, "label" | "keys">[];
  /** In the order of time. */
  readonly cells: readonly Cell[];
}

interface Cell {
  readonly row: number;
  /** Its place in the row. */
  readonly at: number;
  readonly span: Range;
  /** How much of the span is wanted. */
  readonly length: number;
}

/** The whole of an asset, and where people look closer. */
const layoutsKept = 4;
const kept = new WeakMap<TimePartitions, readonly Layout[]>();

function layoutOf(definition: TimePartitions, wanted: PartitionSet, unit: Unit | undefined): Layout {
  const known = kept.get(definition) ?? [];
  const same = known.find((layout) => layout.unit === unit && equalSets(layout.wanted, wanted));
  const layout = same ?? layOut(definition, wanted, unit);
  kept.set(definition, [layout, ...known.filter((each) => each !== same)].slice(0, layoutsKept));
  return layout;
}

/** Cadences of which no window lies in two days. */
const meetsMidnight: ReadonlySet<string> = new Set(["hour", "day"]);

function layOut(definition: TimePartitions, wanted: PartitionSet, unit: Unit | undefined): Layout {
  const { cadence, timezone } = definition;
  const places =
    unit !== undefined && meetsMidnight.has(cadence)
      ? calendarPlaces(definition, wanted, unit)
      : partitionPlaces(definition, wanted, unit);
  const rowUnit = rowUnitOf(cadence, unit);
  const rows: { readonly label: string; readonly keys: string[] }[] = [];
  const rowOf = new Map<string, number>();
  const wantedIn = overlaps(rangesOf(wanted));
  const cells = Array.from(places, ({ key, begin, span }): Cell => {
    const local = Temporal.Instant.fromEpochMilliseconds(begin).toZonedDateTimeISO(timezone);
    const [label, place] = placeOf(rowUnit, unit ?? cadence, local);
    const row = rowOf.get(label) ?? rows.push({ label, keys: [] }) - 1;
    rowOf.set(label, row);
    const { keys } = rows[row]!;
    // An hour that the clock has twice stands in the next cell that is free.
    let at = place;
    while (keys[at] !== undefined) at += 1;
    keys[at] = key;
    return { row, at, span, length: wantedIn(span).length };
  });
  return {
    unit,
    wanted,
    cells,
    rows: rows.map(({ label, keys }) => ({ label, keys: Array.from(keys, (key: string | undefined) => key ?? "") })),
  };
}

/** Where a cell is, and what it is called. */
interface Place {
  readonly key: string;
  /** By what it is placed, in epoch milliseconds. */
  readonly begin: number;
  readonly span: Range;
}

/** A cell for each partition; or for those that begin in the same unit of the calendar. */
function* partitionPlaces(definition: TimePartitions, wanted: PartitionSet, unit: Unit | undefined): Generator<Place> {
  let last: { first: string; last: string; name: string; begin: number; until: number } | undefined;
  const place = ({ first, last: end, begin, until }: NonNullable<typeof last>): Place => ({
    key: first === end ? first : `${first}..${end}`,
    begin,
    span: [begin, until],
  });
  for (const { key, window } of partitionsIn(definition, wanted)) {
    const [begin, until] = [window!.start.epochMilliseconds, window!.end.epochMilliseconds];
    const name =
      unit === undefined ? key : unitName(window!.start.toZonedDateTimeISO(definition.timezone).toPlainDate(), unit);
    if (last?.name === name) {
      last.last = key;
      last.until = until;
    } else {
      if (last !== undefined) yield place(last);
      last = { first: key, last: key, name, begin, until };
    }
  }
  if (last !== undefined) yield place(last);
}

/** The same from ranges alone: of a hundred thousand hours none is looked at by itself. */
function* calendarPlaces(definition: TimePartitions, wanted: PartitionSet, unit: Unit): Generator<Place> {
  const windows = rangesOf(wanted);
  if (windows.length === 0) return;
  const there = overlaps(windows);
  const zone = definition.timezone;
  const [begin, end] = [windows[0]![0], windows.at(-1)![1]];
  const firstDay = Temporal.Instant.fromEpochMilliseconds(begin).toZonedDateTimeISO(zone).toPlainDate();
  let date =
    unit === "day" ? firstDay : unit === "month" ? firstDay.with({ day: 1 }) : firstDay.with({ month: 1, day: 1 });
  let from = date.toZonedDateTime(zone).epochMilliseconds;
  while (from < end) {
    date = date.add({ [`${unit}s`]: 1 });
    const span: Range = [from, date.toZonedDateTime(zone).epochMilliseconds];
    const found = there(span);
    if (found.length > 0) yield { key: formatPartitions(definition, timeRange(found)), begin: from, span };
    from = span[1];
  }
}

function timeRange({ from, until }: { readonly from: number; readonly until: number }): PartitionSet {
  const instant = (at: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(at);
  return { kind: "time", windows: [{ start: instant(from), end: instant(until) }] };
}

function placeOf(rowUnit: Unit, cell: string, local: Temporal.ZonedDateTime): readonly [label: string, at: number] {
  const date = local.toPlainDate();
  switch (rowUnit) {
    case "day":
      return [date.toString(), local.hour];
    case "month":
      return [unitName(date, "month"), local.day - 1];
    case "year": {
      if (cell === "year") return [`${Math.floor(local.year / 10)}0s`, local.year % 10];
      return [unitName(date, "year"), cell === "week" ? Math.floor((local.dayOfYear - 1) / 7) : local.month - 1];
    }
  }
}

export const unitName = (date: Temporal.PlainDate, unit: Unit): string =>
  date.toString().slice(0, { day: 10, month: 7, year: 4 }[unit]);
