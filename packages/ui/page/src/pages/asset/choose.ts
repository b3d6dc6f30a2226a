/** What a brush over the grid chooses: in one dimension all from one cell to another, in two a rectangle. */
import type { PartitionGrid } from "@iroko/core/client";

export interface Chosen {
  /** Row and column. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

export const acrossOf = ({ rows, columns }: PartitionGrid): number =>
  Math.max(1, columns.length, ...rows.map((row) => row.cells.length));

/** Each as `row · columns + column`. */
export function cellsIn(grid: PartitionGrid, chosen: Chosen | undefined): ReadonlySet<number> {
  const cells = new Set<number>();
  if (chosen === undefined) return cells;
  const across = acrossOf(grid);
  const isThere = (row: number, column: number): boolean => (grid.rows[row]?.cells[column] ?? "-") !== "-";
  if (grid.columns.length > 0) {
    const { rows, columns } = boundsOf(chosen);
    for (let row = rows[0]; row <= rows[1]; row += 1)
      for (let column = columns[0]; column <= columns[1]; column += 1)
        if (isThere(row, column)) cells.add(row * across + column);
    return cells;
  }
  const ends = [chosen.from, chosen.to].map(([row, column]) => row * across + column);
  for (let at = Math.min(...ends); at <= Math.max(...ends); at += 1)
    if (isThere(Math.floor(at / across), at % across)) cells.add(at);
  return cells;
}

type Bounds = readonly [least: number, most: number];

function boundsOf({ from, to }: Chosen): { readonly rows: Bounds; readonly columns: Bounds } {
  return {
    rows: [Math.min(from[0], to[0]), Math.max(from[0], to[0])],
    columns: [Math.min(from[1], to[1]), Math.max(from[1], to[1])],
  };
}

/** What a cell stands for, in the text form. */
export function cellText({ rows, crossed }: PartitionGrid, row: number, column: number): string {
  if (crossed === null) return rows[row]?.keys[column] ?? "";
  return `${rowText(crossed.down, rows[row]!.key!)},${crossed.across}=${crossed.keys[column]!}`;
}

/** How the address calls a cell: by its first partition, for the last one may come to hold more. */
export function cellName(grid: PartitionGrid, row: number, column: number): string {
  const text = cellText(grid, row, column);
  return grid.cell === "partition" ? text : text.split("..")[0]!;
}

/** Undefined where there is no such cell, or no more. */
export function cellNamed(grid: PartitionGrid, name: string): readonly [row: number, column: number] | undefined {
  for (const [row, { cells }] of grid.rows.entries())
    for (let column = 0; column < cells.length; column += 1)
      if (cells[column] !== "-" && cellName(grid, row, column) === name) return [row, column];
  return undefined;
}

const rowText = (down: string | null, key: string): string => (down === null ? key : `${down}=${key}`);

/** In the text form that the API and the CLI take. */
export function chosenText(grid: PartitionGrid, chosen: Chosen): string {
  if (grid.crossed !== null) return crossedText(grid, grid.crossed, chosen);
  const keys = keysOf(grid, chosen);
  if (keys.length === 0) return "";
  const first = keys[0]!.split("..")[0]!;
  const last = keys.at(-1)!.split("..").at(-1)!;
  return first === last ? first : `${first}..${last}`;
}

/** Where it does not go on between its ends: keys of a list are named one by one. */
export const chosenKeys = (grid: PartitionGrid, chosen: Chosen): string => keysOf(grid, chosen).join(", ");

function keysOf(grid: PartitionGrid, chosen: Chosen): readonly string[] {
  const across = acrossOf(grid);
  return [...cellsIn(grid, chosen)].map((at) => cellText(grid, Math.floor(at / across), at % across));
}

/** Rows in which the same is chosen are named together: a rectangle is short, however large. */
function crossedText({ rows }: PartitionGrid, crossed: NonNullable<PartitionGrid["crossed"]>, chosen: Chosen): string {
  const bounds = boundsOf(chosen);
  const byColumns = new Map<string, string[]>();
  for (const { cells, key } of rows.slice(bounds.rows[0], bounds.rows[1] + 1)) {
    const columns = columnsText(crossed, cells, bounds.columns);
    if (columns !== "") byColumns.set(columns, [...(byColumns.get(columns) ?? []), key!]);
  }
  const { across, down } = crossed;
  return [...byColumns]
    .flatMap(([columns, keys]) => {
      const named = down === null ? keys : [`${down}=${keys.join("|")}`];
      return named.map((row) => `${row},${across}=${columns}`);
    })
    .join(" or ");
}

/** `2026-11-01..2026-11-05|2026-11-07`: what is there between two columns. */
function columnsText(
  { keys, isTime }: NonNullable<PartitionGrid["crossed"]>,
  cells: string,
  [least, most]: Bounds,
): string {
  const runs: string[][] = [];
  let isOn = false;
  for (let column = least; column <= most; column += 1) {
    const isThere = (cells[column] ?? "-") !== "-";
    if (isThere && isOn && isTime) runs.at(-1)!.push(keys[column]!);
    else if (isThere) runs.push([keys[column]!]);
    isOn = isThere;
  }
  return runs
    .map((run) => {
      const [first, last] = [run[0]!.split("..")[0]!, run.at(-1)!.split("..").at(-1)!];
      return isTime && first !== last ? `${first}..${last}` : run[0]!;
    })
    .join("|");
}
