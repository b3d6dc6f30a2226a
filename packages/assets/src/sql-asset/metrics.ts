import { IrokoError, type Json, type Metadata, type MetadataValue } from "@iroko/core";
import type { DuckRelation } from "../duckdb/relation.ts";
import { duckdbOf } from "../duckdb/step-database.ts";

/**
 * One row of a query as typed metadata: decimals stay exact, integers are ints where JavaScript holds them, instants are
 * ISO in UTC, lists and structs JSON. A null stays, as JSON null.
 *
 * @throws {IrokoError} METRICS_INVALID when the query gives no row, or several
 */
export async function readMetrics(relation: DuckRelation<never>): Promise<Metadata> {
  const database = await duckdbOf(relation.scope);
  const { text, params } = relation.rendered;
  const statement = `select * from (${text}) limit 2`;
  const { columns, rows } = await database.table(statement, params).catch((error: unknown) => {
    throw relation.explain(error, statement);
  });
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    const subject = relation.query?.source.subject ?? "metrics";
    throw new IrokoError(
      "METRICS_INVALID",
      `${subject}: the query gives ${row === undefined ? "no row" : "several rows"}, not one.`,
      {
        hint: "Aggregate: one row, each column a value to report.",
        place: { subject },
      },
    );
  }
  return Object.fromEntries(columns.map(({ name, type }, index) => [name, metadataOf(type, row[index] ?? null)]));
}

function metadataOf(type: string, value: Json): MetadataValue {
  if (value === null || typeof value === "object") return { type: "json", value };
  if (typeof value === "boolean") return { type: "boolean", value };
  if (type === "FLOAT" || type === "DOUBLE") {
    return typeof value === "number" ? { type: "float", value } : { type: "text", value }; // NaN and the infinities
  }
  const text = String(value); // wide integers and decimals come as texts
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/.test(type)) {
    const int = Number(text);
    return Number.isSafeInteger(int) ? { type: "int", value: int } : { type: "decimal", value: text };
  }
  if (type.startsWith("DECIMAL(")) return { type: "decimal", value: text };
  if (type === "TIMESTAMP WITH TIME ZONE") {
    return { type: "timestamp", value: Temporal.Instant.from(text.replace(" ", "T")).toString() };
  }
  if (type === "JSON") return { type: "json", value: JSON.parse(text) as Json };
  return { type: "text", value: text };
}
