/** An asset's partitions as cells to look at: a letter each, or where there are too many a letter for a day, month or year of them. */
import { z } from "zod";
import { number, text, texts } from "./values.ts";

export interface GridInput {
  readonly key: string;
  /** Only these, in the text form: to look closer. */
  readonly within?: string | undefined;
}

export interface PartitionGrid {
  /** What a cell stands for. */
  readonly cell: "partition" | "day" | "month" | "year";
  readonly rows: readonly GridRow[];
  /** Names of the columns; empty where cells stand side by side as they come. */
  readonly columns: readonly string[];
  /** Partitions in all. */
  readonly count: number;
  /** What was looked at; null: all. */
  readonly within: string | null;
}

export interface GridRow {
  readonly label: string;
  /**
   * A letter a cell, the worst of what it stands for: f failed, r running, s stale, p some missing, `.` missing, m made, `-` nothing
   * there.
   */
  readonly cells: string;
  /** Of each cell the partitions it stands for, in the text form; "" where nothing is. */
  readonly keys: readonly string[];
}

export const partitionGrid: z.ZodType<PartitionGrid> = z
  .object({
    cell: z.enum(["partition", "day", "month", "year"]),
    rows: z.array(z.object({ label: text, cells: text, keys: texts })),
    columns: texts,
    count: number,
    within: text.nullable(),
  })
  .meta({ id: "PartitionGrid" });
