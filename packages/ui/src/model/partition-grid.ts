/** An asset's partitions as a grid of cells, coarser where there are more than anybody could look at. */
import {
  countIn,
  intersect,
  parsePartitions,
  partitionsIn,
  type MomentWithKeys,
  type Partition,
  type SnapshotAsset,
} from "@iroko/core";
import type { GridInput, GridRow, PartitionGrid } from "@iroko/core/client";
import { crossedRows } from "./grid/crossed-rows.ts";
import { letterOf, type GridSets } from "./grid/letters.ts";
import { timeRows } from "./grid/time-rows.ts";
import { mostCells, unitOf, unitsFrom } from "./grid/units.ts";

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
    const rows = timeRows(definition, sets, wanted, unit);
    const mayBe = unitsFrom(definition.cadence);
    return { ...of, cell: unit ?? "partition", mayBe, rows, columns: [], crossed: null, left: 0 };
  }
  if (definition.kind === "multi") return { ...of, ...crossedRows(definition, wanted, letter, count, cell) };
  const rows = keyRows(partitionsIn(definition, wanted), letter);
  const left = count - rows.reduce((sum, { cells }) => sum + cells.length, 0);
  return { ...of, cell: "partition", mayBe: ["partition"], rows, columns: [], crossed: null, left };
}

const keysInRow = 50;

function keyRows(partitions: Iterable<Partition>, letter: (partition: Partition) => string): readonly GridRow[] {
  const shown = Iterator.from(partitions).take(mostCells).toArray();
  return Array.from({ length: Math.ceil(shown.length / keysInRow) }, (_, row) => {
    const cells = shown.slice(row * keysInRow, (row + 1) * keysInRow);
    return {
      label: cells[0]!.key,
      key: null,
      cells: cells.map(letter).join(""),
      keys: cells.map(({ key }) => key),
    };
  });
}
