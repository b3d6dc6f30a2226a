/** An asset's partitions as a grid of cells, coarser where there are more than anybody could look at. */
import {
  containsPartition,
  countIn,
  formatPartitions,
  intersect,
  parsePartitions,
  partitionsIn,
  type MomentWithKeys,
  type Partition,
  type PartitionSet,
  type SnapshotAsset,
  type TimePartitions,
} from "@iroko/core";
import type { GridRow, PartitionGrid } from "@iroko/core/client";
import type { AssetStatus } from "./asset-status.ts";

export interface GridSets extends Pick<AssetStatus, "exists" | "made" | "missing" | "failed" | "running"> {
  readonly stale: PartitionSet;
}

/** More cells than this are too small to be seen, and too many to be sent. */
const mostCells = 5_000;
const keysInRow = 50;

type Unit = "hour" | "day" | "month" | "year";

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
  within: string | undefined,
  now: MomentWithKeys,
): PartitionGrid {
  const wanted =
    within === undefined ? sets.exists : intersect(sets.exists, parsePartitions(definition, within, { now }));
  const count = countIn(definition, wanted);
  const of = { count, within: within ?? null };
  const cells = (): Iterable<Partition> => partitionsIn(definition, wanted);
  const letter = (partition: Partition): string => letterOf(sets, partition);
  if (definition.kind === "time") {
    const unit = count <= mostCells ? undefined : unitFor(definition.cadence, wanted, mostCells);
    const rows =
      unit !== undefined && unit !== "hour" && meetsMidnight.has(definition.cadence)
        ? coarseRows(definition, sets, wanted, unit)
        : timeRows(cells(), letter, definition.timezone, unit, definition.cadence);
    return { ...of, cell: (unit ?? "partition") as PartitionGrid["cell"], rows, columns: [] };
  }
  if (definition.kind === "multi")
    return {
      ...of,
      ...crossed(
        cells(),
        letter,
        definition.dimensions.map(({ name }) => name),
      ),
    };
  return { ...of, cell: "partition", rows: keyRows(cells(), letter), columns: [] };
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

/** The finest of which there are few enough; a window's span says how many there can be. */
function unitFor(cadence: string, wanted: PartitionSet, most: number): Unit {
  const units = coarser[cadence] ?? ["year"];
  if (wanted.kind !== "time" || wanted.windows.length === 0) return units[0]!;
  const days = wanted.windows[0]!.start.until(wanted.windows.at(-1)!.end).total("hours") / 24;
  const perUnit: Readonly<Record<Unit, number>> = { hour: 1 / 24, day: 1, month: 30.4, year: 365.2 };
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
function coarseRows(
  definition: TimePartitions,
  sets: GridSets,
  wanted: PartitionSet,
  unit: "day" | "month" | "year",
): readonly GridRow[] {
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
    case "year":
    case "hour": {
      if (cellUnit === "year") return [`${Math.floor(local.year / 10)}0s`, local.year % 10];
      return [date.slice(0, 4), cellUnit === "week" ? Math.floor((local.dayOfYear - 1) / 7) : local.month - 1];
    }
  }
}

function rowFrom(label: string, cells: readonly (Cell | undefined)[]): GridRow {
  const all = Array.from(cells, (cell) => cell); // holes become undefined
  return {
    label,
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

/** Two dimensions crossed: the last across, the others down. */
function crossed(
  partitions: Iterable<Partition>,
  letter: (partition: Partition) => string,
  names: readonly string[],
): Pick<PartitionGrid, "cell" | "rows" | "columns"> {
  const columns = new Map<string, number>();
  const rows = new Map<string, (Cell | undefined)[]>();
  const across = names.at(-1)!;
  let many = 0;
  for (const partition of partitions) {
    if ((many += 1) > 20 * mostCells) break;
    const { dimensions } = partition;
    const column = dimensions?.[across]?.key ?? partition.key;
    const label = names
      .slice(0, -1)
      .map((name) => dimensions?.[name]?.key ?? "")
      .join(" ");
    let at = columns.get(column);
    if (at === undefined) columns.set(column, (at = columns.size));
    let row = rows.get(label);
    if (row === undefined) rows.set(label, (row = []));
    row[at] = { letter: letter(partition), first: partition.key, last: partition.key };
  }
  return {
    cell: "partition",
    rows: Array.from(rows, ([label, cells]) => rowFrom(label, cells)),
    columns: [...columns.keys()],
  };
}
