import type { OutputSlot, TableSchema } from "@iroko/core";
import { sqlType } from "../duckdb/column-sql.ts";
import { identifier, literal } from "../duckdb/quote.ts";
import type { DuckRelation } from "../duckdb/relation.ts";
import { duckdbOf } from "../duckdb/step-database.ts";
import { requireColumns } from "./columns-match.ts";

/** How files are written. */
const compression = "compression zstd, compression_level 6, row_group_size 100000";

/**
 * One COPY of a relation into the slot's file: the schema's columns in its order and of its exact types.
 *
 * The order is total (`sortBy`, then every other column), so that equal rows give the same bytes whatever the number of
 * threads: without it each run of two threads gives another file. It costs a tenth more than `sortBy` alone (measured).
 */
export async function writeParquet(
  relation: DuckRelation<never>,
  slot: OutputSlot,
  sortBy: readonly string[],
): Promise<void> {
  const { schema } = slot;
  const database = await duckdbOf(slot.scope);
  const { text, params } = relation.rendered;
  const subject = relation.query?.source.subject ?? `asset "${slot.asset}"`;

  const described = `select * from (${text})`;
  let given;
  try {
    given = await database.describe(described, params);
  } catch (error) {
    throw relation.explain(error, `describe ${described}`);
  }
  requireColumns(given, schema, subject, sourcePlace(relation, subject));

  const columns = schema.columns.map(
    ({ name, type }) => `${identifier(name)}::${sqlType(type)} as ${identifier(name)}`,
  );
  const statement =
    `copy (select ${columns.join(", ")} from (${text}) order by ${totalOrder(schema, sortBy)}) to $iroko_file ` +
    `(format parquet, ${compression}, kv_metadata ${fileMetadata(slot)})`;
  try {
    await database.run(statement, { ...params, iroko_file: slot.file });
  } catch (error) {
    throw relation.explain(error, statement);
  }
}

/** `sortBy` first, then the other columns. JSON has no order of its own: its text has. */
function totalOrder(schema: TableSchema, sortBy: readonly string[]): string {
  const rest = schema.columns.map(({ name }) => name).filter((name) => !sortBy.includes(name));
  return [...sortBy, ...rest].map((name) => identifier(name)).join(", ");
}

/** What a file says of itself: DuckDB takes these as literals only. */
function fileMetadata({ asset, schema }: OutputSlot): string {
  const columns = schema.columns.map(({ name, type, nullable }) => ({ name, type: sqlType(type), nullable }));
  const entries = { "iroko.asset": asset, "iroko.schema_hash": schema.hash, "iroko.columns": JSON.stringify(columns) };
  return `{${Object.entries(entries)
    .map(([key, value]) => `${identifier(key)}: ${literal(value)}`)
    .join(", ")}}`;
}

function sourcePlace(relation: DuckRelation<never>, subject: string): { subject: string; file?: string } {
  const file = relation.query?.source.file;
  return file === undefined ? { subject } : { subject, file };
}
