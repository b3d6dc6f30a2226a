import type { TableSchema } from "@iroko/core";
import { columnList, emptyQuery } from "../duckdb/column-sql.ts";
import { readParquet } from "../duckdb/quote.ts";
import { shownRows } from "../duckdb/shown-rows.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { maskRows, type ShownRow } from "../privacy/mask.ts";
import { scratchScope } from "./scratch-scope.ts";

/** The first rows of Parquet files, as JSON to be shown. Sensitive columns are masked unless told otherwise. */
export async function readRows(
  files: readonly string[],
  schema: TableSchema,
  limit: number,
  { maskSensitive = true }: { readonly maskSensitive?: boolean } = {},
): Promise<ShownRow[]> {
  await using scratch = await scratchScope();
  const database = await duckdbOf(scratch.scope);
  const text = files.length === 0 ? emptyQuery(schema) : `select ${columnList(schema)} from ${readParquet(files)}`;
  const rows = await shownRows(database, `${text} limit ${Math.max(0, Math.trunc(limit))}`);
  return maskSensitive ? maskRows(rows, [schema]) : rows;
}
