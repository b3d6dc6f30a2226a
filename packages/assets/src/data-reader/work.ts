/** What a data reader's process is asked for, and does: it never runs a query of the user's. */
import type { QueryLineage, TracedQuery } from "@iroko/core";
import type { FirstRows, ObjectToShow } from "@iroko/core/engine";
import { traceQuery } from "../column-lineage/trace-query.ts";
import { identifier, literal, readParquet } from "../duckdb/quote.ts";
import { duckdbOf, type DescribedColumn, type StepDatabase } from "../duckdb/step-database.ts";
import { scratchScope } from "../parquet/scratch-scope.ts";
import { mask } from "../privacy/mask.ts";

export type Work =
  | { readonly kind: "lineage"; readonly queries: readonly TracedQuery[] }
  | ({ readonly kind: "rows"; readonly file: string } & Pick<ObjectToShow, "columns" | "limit">);

/** What DuckDB may hold, and as much again. */
export const workMemoryBytes: number = 512 * 2 ** 20;
/** So many are shown of a table that has more. */
const mostColumns = 200;
/** A text is cut there. */
const mostCharacters = 500;

export async function doWork(work: Work): Promise<unknown> {
  await using scratch = await scratchScope(workMemoryBytes);
  const database = await duckdbOf({ ...scratch.scope, threads: 1 });
  return work.kind === "lineage" ? await lineageOf(database, work.queries) : await firstRows(database, work);
}

async function lineageOf(database: StepDatabase, queries: readonly TracedQuery[]): Promise<QueryLineage[]> {
  const found: QueryLineage[] = [];
  for (const query of queries) {
    const [row] = await database.all("select json_serialize_sql($sql::varchar) as tree", { sql: query.sql });
    found.push(traceQuery(JSON.parse(String(row?.["tree"])), query));
  }
  return found;
}

async function firstRows(
  database: StepDatabase,
  { file, columns, limit }: Extract<Work, { kind: "rows" }>,
): Promise<FirstRows> {
  const from = readParquet([file]);
  const open = new Set(columns.filter(({ sensitive }) => !sensitive).map(({ name }) => name.toLowerCase()));
  const held = (await database.describe(`select * from ${from}`)).slice(0, mostColumns);
  const shown = held.map((column) => ({ ...column, masked: !open.has(column.name.toLowerCase()) }));
  const select = shown.map((column) => (column.masked ? masked(column) : cut(column)));
  const { rows } = await database.table(`select ${select.join(", ")} from ${from} limit ${limit}`);
  return { columns: shown, rows };
}

const masked = ({ name }: DescribedColumn): string =>
  `case when ${identifier(name)} is not null then ${literal(mask)} end`;

/** As it is where it is short by its type. */
function cut({ name, type }: DescribedColumn): string {
  const column = identifier(name);
  if (type === "BLOB") return `octet_length(${column}) || ' bytes'`;
  if (/^(BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL|DATE|TIME)/.test(type) && !type.endsWith("]"))
    return column;
  const text = `${column}::varchar`;
  return `case when length(${text}) > ${mostCharacters} then left(${text}, ${mostCharacters}) || '…' else ${text} end`;
}
