import type { DuckDBValue } from "@duckdb/node-api";
import { IrokoError, type OutputSlot } from "@iroko/core";
import { loadDriver } from "../duckdb/driver.ts";
import { sqlType } from "../duckdb/column-sql.ts";
import { identifier } from "../duckdb/quote.ts";
import { DuckRelation } from "../duckdb/relation.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { columnWriter } from "../duckdb/write-values.ts";
import { mask } from "../privacy/mask.ts";

/** Rows a DuckDB vector holds. */
const chunkRows = 2048;

/** A table of the step's database; `drop` gives its memory back. */
export interface RowsTable {
  readonly relation: DuckRelation<never>;
  drop(): Promise<void>;
}

/** Rows as they come into a table of the schema's types: a chunk of them in JavaScript, the rest in DuckDB or its spill. */
export async function rowsTable(
  rows: AsyncIterable<unknown> | Iterable<unknown>,
  slot: OutputSlot,
): Promise<RowsTable> {
  const { schema, scope } = slot;
  const driver = await loadDriver();
  const database = await duckdbOf(scope);
  const name = database.freshName("rows");
  const columns = schema.columns.map((column) => `${identifier(column.name)} ${sqlType(column.type)}`);
  await database.run(`create table ${identifier(name)} (${columns.join(", ")})`);

  const writers = schema.columns.map((column) => columnWriter(driver, column));
  const chunk = driver.DuckDBDataChunk.create(
    writers.map(({ type }) => type),
    chunkRows,
  );
  let buffered: DuckDBValue[][] = [];
  let count = 0;
  using appender = await database.appender(name);
  const flush = () => {
    if (buffered.length === 0) return;
    chunk.reset();
    chunk.setRows(buffered);
    appender.append(chunk);
    buffered = [];
  };
  for await (const row of rows) {
    count += 1;
    buffered.push(readRow(row, count, slot, writers));
    if (buffered.length === chunkRows) flush();
  }
  flush();
  appender.finish();
  return {
    relation: new DuckRelation<never>(scope, { text: `from ${identifier(name)}`, schema }),
    drop: async () => void (await database.run(`drop table if exists ${identifier(name)}`)),
  };
}

function readRow(
  row: unknown,
  number: number,
  { asset, schema }: OutputSlot,
  writers: readonly ReturnType<typeof columnWriter>[],
): DuckDBValue[] {
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    throw new IrokoError("OUTPUT_INVALID", `Asset "${asset}", row ${number}: it is ${shown(row)}, not an object.`, {
      hint: "Give rows as objects with a property for each column.",
    });
  }
  const values = row as Readonly<Record<string, unknown>>;
  const read = schema.columns.map((column, index) => {
    const given = values[column.name];
    const written = writers[index]?.write(given);
    if (written !== undefined && "value" in written) return written.value;
    throw new IrokoError(
      "OUTPUT_INVALID",
      `Asset "${asset}", row ${number}, column "${column.name}": ${column.sensitive && given != null ? mask : shown(given)} is not ${written?.wants}.`,
      {
        hint:
          given === undefined
            ? "Each row gives every column; null stands for a missing value."
            : "Convert it where the row is made.",
        details: { column: column.name, row: number },
      },
    );
  });
  if (Object.keys(values).length > schema.columns.length) {
    const extra = Object.keys(values).find((name) => !schema.columns.some((column) => column.name === name));
    throw new IrokoError("OUTPUT_INVALID", `Asset "${asset}", row ${number}: the schema has no column "${extra}".`, {
      hint: "Leave it out of the row, or add it to the schema.",
    });
  }
  return read;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null)
    return value.constructor === Object ? "an object" : `a ${value.constructor?.name}`;
  return typeof value === "function" ? "a function" : String(value);
}
