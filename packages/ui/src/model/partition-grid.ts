/** An asset's partitions as a grid of cells, coarser where there are more than anybody could look at. */
import {
  containsPartition,
  countIn,
  formatPartitions,
  intersect,
  parsePartitions,
  quoteKey,
  partitionsIn,
  type MomentWithKeys,
  type MultiPartitions,
  type Partition,
  type PartitionSet,
  type SnapshotAsset,
  type TimePartitions,
} from "@iroko/core";
import type { GridCell, GridInput, GridRow, PartitionGrid } from "@iroko/core/client";
import type { AssetStatus } from "./asset-status.ts";

export interface GridSets extends Pick<AssetStatus, "exists" | "made" | "missing" | "failed" | "running"> {
  readonly stale: PartitionSet;
}

/** More cells than this are too small to be seen, and too many to be sent, unless somebody asks for them. */
const mostCells = 5_000;
const mostAsked = 20_000;
/** Crossed ones have no keys of their own. */
const mostCrossed = 100_000;
const keysInRow = 50;

type Unit = "day" | "month" | "year";

/** How coarse a cell may become, from each cadence on; and what a row of such cells is. */
const coarser: Readonly<Record<string, readonly Unit[]>> = {
  hour: ["day", "month", "year"],
  cron: ["day", "month", "year"],
  day: ["month", "year"],
  week: ["year"],
  month: ["year"],
};
const rowOf: Readonly<Record<string, Unit>> = { hour: "day", cron: "day", day: "month", week: "year", month: "year" };
const parentOf: Readonly<Partial<Record<Unit, Unit>>> = { day: "month", month: "year" };

/** @throws {IrokoError} as `parsePartitions` */
export function gridOf(
  { partitions: definition }: SnapshotAsset,
  sets: GridSets,
  { within, cell }: Omit<GridInput, "key">,
  now: MomentWithKeys,
): PartitionGrid {
  const wanted =
    within === undefined ? sets.exists : intersect(sets.exists, parsePartitions(definition, within, { now }));
  const count = countIn(definition, wanted);
  const of = { count, within: within ?? null };
  const letter = (partition: Partition): string => letterOf(sets, partition);
  if (definition.kind === "time") {
    const unit = unitOf(definition.cadence, wanted, count, cell);
    const rows =
      unit !== undefined && meetsMidnight.has(definition.cadence)
        ? coarseRows(definition, sets, wanted, unit)
        : timeRows(partitionsIn(definition, wanted), letter, definition.timezone, unit, definition.cadence);
    const mayBe = unitsFrom(definition.cadence);
    return { ...of, cell: unit ?? "partition", mayBe, rows, columns: [], crossed: null, left: 0 };
  }
  if (definition.kind === "multi") return { ...of, ...crossed(definition, wanted, letter, count, cell) };
  const rows = keyRows(partitionsIn(definition, wanted), letter);
  const left = count - rows.reduce((sum, { cells }) => sum + cells.length, 0);
  return { ...of, cell: "partition", mayBe: ["partition"], rows, columns: [], crossed: null, left };
}

const worst = "frs.pm-";

function letterOf({ failed, running, stale, made }: GridSets, partition: Partition): string {
  if (containsPartition(failed, partition)) return "f";
  if (containsPartition(running, partition)) return "r";
  if (containsPartition(stale, partition)) return "s";
  return containsPartition(made, partition) ? "m" : ".";
}

/** Of several: failure over all, then what runs, is stale, is partly there. */
function joined(a: string, b: string): string {
  if (a === b) return a;
  const both = a + b;
  if (/^[m.p]{2}$/.test(both)) return "p";
  return worst.indexOf(a) < worst.indexOf(b) ? a : b;
}

const unitsFrom = (cadence: string): readonly GridCell[] => [
  ...(coarser[cadence] ?? ["year"]).toReversed(),
  "partition",
];

/** What was asked for, where there are few enough of it; undefined: each partition has its cell. */
function unitOf(cadence: string, wanted: PartitionSet, count: number, asked: GridCell | undefined): Unit | undefined {
  const units = coarser[cadence] ?? ["year"];
  const most = asked === undefined ? mostCells : mostAsked;
  const finest = count <= most ? undefined : unitFor(units, wanted, most);
  const chosen = units.find((unit) => unit === asked);
  if (chosen === undefined) return finest;
  return finest !== undefined && units.indexOf(finest) > units.indexOf(chosen) ? finest : chosen;
}

/** The finest of which there are few enough; a window's span says how many there can be. */
function unitFor(units: readonly Unit[], wanted: PartitionSet, most: number): Unit {
  if (wanted.kind !== "time" || wanted.windows.length === 0) return units[0]!;
  const days = wanted.windows[0]!.start.until(wanted.windows.at(-1)!.end).total("hours") / 24;
  const perUnit: Readonly<Record<Unit, number>> = { day: 1, month: 30.4, year: 365.2 };
  return units.find((unit) => days / perUnit[unit] <= most) ?? units.at(-1)!;
}

interface Cell {
  letter: string;
  first: string;
  last: string;
}

/** Cells of time stand where the calendar has them: the third of a month is always the third cell. */
function timeRows(
  partitions: Iterable<Partition>,
  letter: (partition: Partition) => string,
  timezone: string,
  unit: Unit | undefined,
  cadence: string,
): readonly GridRow[] {
  const rowUnit = unit === undefined ? rowOf[cadence]! : (parentOf[unit] ?? "year");
  const rows = new Map<string, (Cell | undefined)[]>();
  for (const partition of partitions) {
    const local = partition.window!.start.toZonedDateTimeISO(timezone);
    const date = local.toPlainDate().toString();
    const [label, place] = placeOf(rowUnit, unit ?? cadence, date, local);
    let row = rows.get(label);
    if (row === undefined) rows.set(label, (row = []));
    // An hour that the clock has twice stands in the next cell that is free.
    let at = place;
    if (unit === undefined) while (row[at] !== undefined) at += 1;
    const cell = row[at];
    if (cell === undefined) row[at] = { letter: letter(partition), first: partition.key, last: partition.key };
    else {
      cell.letter = joined(cell.letter, letter(partition));
      cell.last = partition.key;
    }
  }
  return Array.from(rows, ([label, cells]) => rowFrom(label, cells));
}

/** Cadences of which no window lies in two days. */
const meetsMidnight: ReadonlySet<string> = new Set(["hour", "day"]);

/** The same from the sets' ranges alone, a cell at a time: of a hundred thousand hours none is looked at by itself. */
function coarseRows(definition: TimePartitions, sets: GridSets, wanted: PartitionSet, unit: Unit): readonly GridRow[] {
  const windows = rangesOf(wanted);
  const there = overlaps(windows);
  const [failed, running, stale, made] = [sets.failed, sets.running, sets.stale, sets.made].map((set) =>
    overlaps(rangesOf(intersect(set, wanted))),
  ) as [Overlaps, Overlaps, Overlaps, Overlaps];
  const rows = new Map<string, (Cell | undefined)[]>();
  const zone = definition.timezone;
  const [begin, end] = [windows[0]![0], windows.at(-1)![1]];
  const firstDay = Temporal.Instant.fromEpochMilliseconds(begin).toZonedDateTimeISO(zone).toPlainDate();
  let date =
    unit === "day" ? firstDay : unit === "month" ? firstDay.with({ day: 1 }) : firstDay.with({ month: 1, day: 1 });
  let local = date.toZonedDateTime(zone);
  while (local.epochMilliseconds < end) {
    const nextDate = date.add({ [`${unit}s`]: 1 });
    const next = nextDate.toZonedDateTime(zone);
    const span: Range = [local.epochMilliseconds, next.epochMilliseconds];
    const exists = there(span);
    if (exists.length > 0) {
      const any = (of: Overlaps): boolean => of(span).length > 0;
      const share = made(span).length;
      const rest = share === exists.length ? "m" : share === 0 ? "." : "p";
      const [label, at] = placeOf(parentOf[unit] ?? "year", unit, date.toString(), local);
      const row = rows.get(label) ?? [];
      rows.set(label, row);
      const key = formatPartitions(definition, timeRange(exists.from, exists.until));
      row[at] = {
        letter: any(failed) ? "f" : any(running) ? "r" : any(stale) ? "s" : rest,
        first: key,
        last: key,
      };
    }
    [date, local] = [nextDate, next];
  }
  return Array.from(rows, ([label, cells]) => rowFrom(label, cells));
}

/** Epoch milliseconds, the end excluded. */
type Range = readonly [from: number, until: number];
type Overlaps = (span: Range) => { readonly length: number; readonly from: number; readonly until: number };

function rangesOf(set: PartitionSet): readonly Range[] {
  if (set.kind !== "time") return [];
  return set.windows.map(({ start, end }) => [start.epochMilliseconds, end.epochMilliseconds]);
}

/** How much of ascending ranges lies in a span, and between where. Spans are asked for in ascending order. */
function overlaps(ranges: readonly Range[]): Overlaps {
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

function timeRange(from: number, until: number): PartitionSet {
  const instant = (at: number): Temporal.Instant => Temporal.Instant.fromEpochMilliseconds(at);
  return { kind: "time", windows: [{ start: instant(from), end: instant(until) }] };
}

function placeOf(
  rowUnit: Unit,
  cellUnit: string,
  date: string,
  local: Temporal.ZonedDateTime,
): readonly [string, number] {
  switch (rowUnit) {
    case "day":
      return [date, local.hour];
    case "month":
      return [date.slice(0, 7), local.day - 1];
    case "year": {
      if (cellUnit === "year") return [`${Math.floor(local.year / 10)}0s`, local.year % 10];
      return [date.slice(0, 4), cellUnit === "week" ? Math.floor((local.dayOfYear - 1) / 7) : local.month - 1];
    }
  }
}

function rowFrom(label: string, cells: readonly (Cell | undefined)[]): GridRow {
  const all = Array.from(cells, (cell) => cell); // holes become undefined
  return {
    label,
    key: null,
    cells: all.map((cell) => cell?.letter ?? "-").join(""),
    keys: all.map((cell) =>
      cell === undefined ? "" : cell.first === cell.last ? cell.first : `${cell.first}..${cell.last}`,
    ),
  };
}

function keyRows(partitions: Iterable<Partition>, letter: (partition: Partition) => string): readonly GridRow[] {
  const rows: GridRow[] = [];
  let cells: Cell[] = [];
  const flush = (): void => {
    if (cells.length > 0) rows.push(rowFrom(cells[0]!.first, cells));
    cells = [];
  };
  for (const partition of partitions) {
    if (rows.length * keysInRow >= mostCells) break;
    cells.push({ letter: letter(partition), first: partition.key, last: partition.key });
    if (cells.length === keysInRow) flush();
  }
  flush();
  return rows;
}

interface CrossedRow {
  readonly key: string;
  readonly letters: string[];
}

/** Two dimensions crossed: the last across, the others down. One of time may be coarser where it goes across. */
function crossed(
  { dimensions }: MultiPartitions,
  wanted: PartitionSet,
  letter: (partition: Partition) => string,
  count: number,
  cell: GridCell | undefined,
): Omit<PartitionGrid, "count" | "within"> {
  const last = dimensions.at(-1)!;
  const others = dimensions.slice(0, -1);
  const time = last.partitions.kind === "time" ? last.partitions : undefined;
  const unit = time === undefined ? undefined : (coarser[time.cadence] ?? ["year"]).find((each) => each === cell);
  const columns = new Map<string, { readonly at: number; readonly first: string; last: string }>();
  const rows = new Map<string, CrossedRow>();
  let seen = 0;
  for (const partition of partitionsIn({ kind: "multi", dimensions }, wanted)) {
    if (seen === mostCrossed) break;
    seen += 1;
    const keys = partition.dimensions!;
    const across = keys[last.name]!;
    const name = unit === undefined ? across.key : unitName(across, unit, time!.timezone);
    const column = columns.get(name) ?? { at: columns.size, first: across.key, last: across.key };
    column.last = across.key;
    columns.set(name, column);
    const label = others.map((dimension) => keys[dimension.name]!.key).join(" ");
    const row = rows.get(label) ?? {
      key: others
        .map(({ name: each }) => `${others.length > 1 ? `${each}=` : ""}${quoteKey(keys[each]!.key)}`)
        .join(","),
      letters: [],
    };
    rows.set(label, row);
    const own = letter(partition);
    const before = row.letters[column.at];
    row.letters[column.at] = before === undefined ? own : joined(before, own);
  }
  return {
    cell: unit ?? "partition",
    mayBe: time === undefined ? ["partition"] : unitsFrom(time.cadence),
    rows: Array.from(rows, ([label, { key, letters }]) => ({
      label,
      key,
      cells: Array.from(letters, (each: string | undefined) => each ?? "-").join(""),
      keys: [],
    })),
    columns: [...columns.keys()],
    crossed: {
      across: last.name,
      down: others.length === 1 ? others[0]!.name : null,
      keys: Array.from(columns.values(), (column) =>
        column.first === column.last ? quoteKey(column.first) : `${column.first}..${column.last}`,
      ),
      isTime: time !== undefined,
    },
    left: count - seen,
  };
}

function unitName({ window }: Pick<Partition, "window">, unit: Unit, timezone: string): string {
  const date = window!.start.toZonedDateTimeISO(timezone).toPlainDate().toString();
  return date.slice(0, { day: 10, month: 7, year: 4 }[unit]);
}
