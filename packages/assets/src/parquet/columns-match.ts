import { IrokoError, type ErrorPlace, type TableSchema } from "@iroko/core";
import { sqlType } from "../duckdb/column-sql.ts";
import { misfit } from "../duckdb/fits.ts";
import type { DescribedColumn } from "../duckdb/step-database.ts";

/** One way in which a query's columns are not the schema's. */
export interface ColumnMistake {
  readonly column: string;
  readonly message: string;
  readonly hint: string;
}

/** Compares what a query gives with what the schema wants. Order does not matter: columns are stored in the schema's. */
export function columnMistakes(given: readonly DescribedColumn[], schema: TableSchema): ColumnMistake[] {
  const mistakes: ColumnMistake[] = [];
  const types = new Map<string, string>();
  for (const { name, type } of given) {
    if (types.has(name)) {
      mistakes.push({ column: name, message: `gives column "${name}" twice`, hint: "Name each column once." });
    }
    types.set(name, type);
  }
  for (const column of schema.columns) {
    const type = types.get(column.name);
    if (type === undefined) {
      const otherCase = given.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
      mistakes.push({
        column: column.name,
        message: `gives no column "${column.name}" (${sqlType(column.type)})`,
        hint:
          otherCase === undefined
            ? "Add it to the query, or take it out of the schema."
            : `It gives "${otherCase.name}": write \`as "${column.name}"\`.`,
      });
      continue;
    }
    const remedy = misfit(type, column);
    if (remedy !== undefined) {
      mistakes.push({
        column: column.name,
        message: `gives column "${column.name}" as ${type}, the schema says ${sqlType(column.type)}`,
        hint: remedy,
      });
    }
  }
  const wanted = new Set(schema.columns.map(({ name }) => name));
  for (const { name, type } of given) {
    if (wanted.has(name) || schema.columns.some((column) => column.name.toLowerCase() === name.toLowerCase())) continue;
    mistakes.push({
      column: name,
      message: `gives column "${name}" (${type}), which the schema does not have`,
      hint: "Leave it out of the query, or add it to the schema.",
    });
  }
  return mistakes;
}

/** @throws {IrokoError} SQL_RESULT naming every difference */
export function requireColumns(
  given: readonly DescribedColumn[],
  schema: TableSchema,
  subject: string,
  place?: ErrorPlace,
): void {
  const mistakes = columnMistakes(given, schema);
  if (mistakes.length === 0) return;
  throw new IrokoError("SQL_RESULT", `${subject} ${mistakes.map(({ message }) => message).join("; ")}.`, {
    hint: mistakes.map(({ hint }) => hint).join(" "),
    place: place ?? { subject },
    details: { mistakes },
  });
}
