/** An asset's partitions as cells to look at: a letter each, or where there are too many a letter for a day, month or year of them. */
import { z } from "zod";
import { number, text, texts } from "./values.ts";

export interface GridInput {
  readonly key: string;
  /** Only these, in the text form: to look closer. */
  readonly within?: string | undefined;
  /** What a cell is to stand for; by default, or where there would be too many, as little as can be shown. */
  readonly cell?: GridCell | undefined;
}

export type GridCell = "partition" | "day" | "month" | "year";

export interface PartitionGrid {
  /** What a cell stands for. */
  readonly cell: GridCell;
  /** What it may stand for here, the coarsest first. */
  readonly mayBe: readonly GridCell[];
  readonly rows: readonly GridRow[];
  /** Names of the columns; empty where cells stand side by side as they come. */
  readonly columns: readonly string[];
  /** Of two dimensions and more: what goes across. Its cells have no `keys`: each is its row's and its column's. */
  readonly crossed: CrossedDimensions | null;
  /** Partitions in all. */
  readonly count: number;
  /** How many of them are in no cell, because there are too many. */
  readonly left: number;
  /** What was looked at; null: all. */
  readonly within: string | null;
}

export interface CrossedDimensions {
  /** The one that goes across. */
  readonly across: string;
  /** The only one that goes down; null where there are several: rows are named by all of them then. */
  readonly down: string | null;
  /** Of each column, in the text form. */
  readonly keys: readonly string[];
  /** Whether columns go on from one to the next: those of time do, keys of a list do not. */
  readonly isTime: boolean;
}

export interface GridRow {
  readonly label: string;
  /** Of crossed dimensions, in the text form: a key of the one that goes down, or `shop=Lagos,tenant=a`. */
  readonly key: string | null;
  /**
   * A letter a cell, the worst of what it stands for: f failed, r running, s stale, p some missing, `.` missing, m made, `-` nothing
   * there.
   */
  readonly cells: string;
  /** Of each cell the partitions it stands for, in the text form; "" where nothing is. */
  readonly keys: readonly string[];
}

export const gridCell: z.ZodType<GridCell> = z.enum(["partition", "day", "month", "year"]);

export const partitionGrid: z.ZodType<PartitionGrid> = z
  .object({
    cell: gridCell,
    mayBe: z.array(gridCell),
    rows: z.array(z.object({ label: text, key: text.nullable(), cells: text, keys: texts })),
    columns: texts,
    crossed: z.object({ across: text, down: text.nullable(), keys: texts, isTime: z.boolean() }).nullable(),
    count: number,
    left: number,
    within: text.nullable(),
  })
  .meta({ id: "PartitionGrid" });
