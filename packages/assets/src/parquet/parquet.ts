import { IrokoError, type IoManager, type OutputSlot, type Staged } from "@iroko/core";
import { emptyRelation } from "../duckdb/empty-relation.ts";
import { DuckRelation } from "../duckdb/relation.ts";
import { databaseError } from "../duckdb/sql-error.ts";
import { digestFile, syncFile } from "./file-digest.ts";
import { inspectFile } from "./inspect-file.ts";
import { loadParquet } from "./load-parquet.ts";
import { rowsTable } from "./rows-table.ts";
import { writeParquet } from "./write-parquet.ts";

export interface ParquetOptions {
  /** The stable path under the store: `raw/pos_transactions`. */
  readonly path: string;
  /** Columns by which files are sorted: those that readers filter by, or that compress well side by side. */
  readonly sortBy?: readonly string[];
}

/** An IO manager that can say how its files are sorted. */
export interface ParquetIo extends IoManager<"relation"> {
  readonly sortBy: readonly string[];
}

/**
 * Stores an output as one sorted Parquet file for each partition; dependants get a `Relation` of its rows. Takes a
 * relation (written by one COPY), rows, or an async iterable of rows; nothing is a file of no rows.
 */
export function parquet({ path, sortBy = [] }: ParquetOptions): ParquetIo {
  return Object.freeze({
    kind: "parquet",
    path,
    extension: ".parquet",
    sortBy: Object.freeze([...sortBy]),
    stage: (value: unknown, slot: OutputSlot) => stageParquet(value, slot, sortBy),
    load: loadParquet,
  });
}

async function stageParquet(value: unknown, slot: OutputSlot, sortBy: readonly string[]): Promise<Staged> {
  requireSortColumns(slot, sortBy);
  try {
    await write(value, slot, sortBy);
    await syncFile(slot.file);
    // Hashing the bytes and scanning the rows share neither a thread nor a lock.
    const [digest, inspected] = await Promise.all([digestFile(slot.file, slot.scope.signal), inspectFile(slot)]);
    return { ...digest, ...inspected };
  } catch (error) {
    throw databaseError(
      error,
      `asset "${slot.asset}"`,
      slot.schema.columns.some(({ sensitive }) => sensitive),
    );
  }
}

async function write(value: unknown, slot: OutputSlot, sortBy: readonly string[]): Promise<void> {
  const { scope, schema, asset } = slot;
  if (value === undefined || value === null) {
    await writeParquet(emptyRelation(scope, `asset "${asset}"`, schema), slot, sortBy);
    return;
  }
  if (value instanceof DuckRelation && value.scope === scope) {
    await writeParquet(value as DuckRelation<never>, slot, sortBy);
    return;
  }
  const rows = rowsIn(value);
  if (rows === undefined) {
    throw new IrokoError(
      "OUTPUT_INVALID",
      `Asset "${asset}": ${typeof value === "object" ? "an object" : `a ${typeof value}`} is not what parquet() stores.`,
      {
        hint: "Give a relation (query, sql), an array of rows, or an iterable of rows.",
      },
    );
  }
  const table = await rowsTable(rows, slot);
  try {
    await writeParquet(table.relation, slot, sortBy);
  } finally {
    await table.drop();
  }
}

/** An iterable of rows, or another engine's relation by its rows. */
function rowsIn(value: unknown): AsyncIterable<unknown> | Iterable<unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Symbol.asyncIterator in value) return value as AsyncIterable<unknown>;
  if (Symbol.iterator in value) return value as Iterable<unknown>;
  if ("rows" in value && typeof value.rows === "function")
    return (value.rows as () => AsyncIterable<unknown>).call(value);
  return undefined;
}

function requireSortColumns({ asset, schema }: OutputSlot, sortBy: readonly string[]): void {
  const stranger = sortBy.find((name) => !schema.columns.some((column) => column.name === name));
  if (stranger === undefined) return;
  throw new IrokoError(
    "OUTPUT_INVALID",
    `Asset "${asset}": parquet({ sortBy }) names "${stranger}", which its schema does not have.`,
    {
      hint: `Its columns are ${schema.columns.map(({ name }) => name).join(", ")}.`,
    },
  );
}
