import type { Json } from "@iroko/core";
import type { ShownRow } from "../privacy/mask.ts";
import type { Params, StepDatabase } from "./step-database.ts";

/** A few rows as JSON for messages and pages: integers that JavaScript holds are numbers, exact decimals are texts. */
export async function shownRows(database: StepDatabase, query: string, params: Params = {}): Promise<ShownRow[]> {
  const { columns, rows } = await database.table(query, params);
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ name, type }, index) => [name, shownValue(type, row[index] ?? null)])),
  );
}

function shownValue(type: string, value: Json): Json {
  const isWideInteger = type === "BIGINT" || type === "HUGEINT" || type === "UBIGINT";
  return isWideInteger && Number.isSafeInteger(Number(value)) && value !== null ? Number(value) : value;
}
