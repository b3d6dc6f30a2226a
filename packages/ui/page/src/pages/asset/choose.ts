/** What a brush over the grid chooses: in one dimension all from one cell to another, in two a rectangle. */
import type { PartitionGrid } from "@iroko/core/client";

export interface Chosen {
  /** Row and column. */
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
}

/** Each as `row · columns + column`. */
export function cellsIn({ rows, columns }: PartitionGrid, chosen: Chosen | undefined): ReadonlySet<number> {
  const cells = new Set<number>();
  if (chosen === undefined) return cells;
  const across = Math.max(1, ...rows.map((row) => row.cells.length));
  const [[fromRow, fromColumn], [toRow, toColumn]] = [chosen.from, chosen.to];
  const isThere = (row: number, column: number): boolean => (rows[row]?.cells[column] ?? "-") !== "-";
  if (columns.length > 0) {
    for (let row = Math.min(fromRow, toRow); row <= Math.max(fromRow, toRow); row += 1)
      for (let column = Math.min(fromColumn, toColumn); column <= Math.max(fromColumn, toColumn); column += 1)
        if (isThere(row, column)) cells.add(row * across + column);
    return cells;
  }
  const ends = [fromRow * across + fromColumn, toRow * across + toColumn];
  for (let at = Math.min(...ends); at <= Math.max(...ends); at += 1)
    if (isThere(Math.floor(at / across), at % across)) cells.add(at);
  return cells;
}

/** In the text form that the API and the CLI take. */
export function chosenText(grid: PartitionGrid, chosen: Chosen): string {
  const across = Math.max(1, ...grid.rows.map((row) => row.cells.length));
  const keys = [...cellsIn(grid, chosen)].map((at) => grid.rows[Math.floor(at / across)]!.keys[at % across]!);
  if (keys.length === 0) return "";
  if (grid.columns.length > 0) return keys.join(" or ");
  const first = keys[0]!.split("..")[0]!;
  const last = keys.at(-1)!.split("..").at(-1)!;
  return first === last ? first : `${first}..${last}`;
}

/** Whether it goes on between its ends: keys of a list do not, so they are named one by one. */
export function chosenKeys(grid: PartitionGrid, chosen: Chosen): string {
  const across = Math.max(1, ...grid.rows.map((row) => row.cells.length));
  return [...cellsIn(grid, chosen)].map((at) => grid.rows[Math.floor(at / across)]!.keys[at % across]!).join(", ");
}
