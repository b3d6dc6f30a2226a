import { IrokoError, type OutputSlot } from "@iroko/core";
import { sqlType } from "../duckdb/column-sql.ts";
import { readParquet } from "../duckdb/quote.ts";
import { shownRows } from "../duckdb/shown-rows.ts";
import { duckdbOf, type StepDatabase } from "../duckdb/step-database.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";
import { maskRows } from "../privacy/mask.ts";
import { contractRules, type ContractRule } from "./contract.ts";
import { dataVersionOf, rowHashSql } from "./data-version.ts";

export interface Inspected {
  readonly rows: number;
  readonly dataVersion: string;
}

const sampleRows = 5;

/**
 * Reads a built file back: its columns are the schema's, every rule of the contract holds, and how its rows hash. One
 * scan for all of it; the rows that break a rule are looked for only when there are some.
 *
 * @throws {IrokoError} CONTRACT_VIOLATED with each rule, how many rows break it, and some of them
 */
export async function inspectFile(slot: OutputSlot): Promise<Inspected> {
  const { schema } = slot;
  const database = await duckdbOf(slot.scope);
  const file = readParquet([slot.file]);
  await requireTypes(database, slot, file);

  const rules = contractRules(schema);
  const params: Record<string, SqlValue> = Object.assign({}, ...rules.map((rule) => rule.params));
  const counts = rules.map(({ broken }, index) => `count(*) filter (where ${broken}) as broken_${index}`);
  const [row = {}] = await database.all(`select ${[rowHashSql(schema), ...counts].join(", ")} from ${file}`, params);

  const rows = Number(row["row_count"]);
  const broken = rules
    .map((rule, index) => ({ rule, violations: Number(row[`broken_${index}`]) }))
    .filter(({ violations }) => violations > 0);
  if (broken.length > 0) throw await violated(database, slot, file, rows, broken, params);
  return { rows, dataVersion: dataVersionOf(schema, row) };
}

/** The footer as a reader will see it. Our own COPY casts, so a difference means that the file is not what was written. */
async function requireTypes(
  database: StepDatabase,
  { asset, schema, file }: OutputSlot,
  source: string,
): Promise<void> {
  const found = (await database.describe(`from ${source}`)).map(({ name, type }) => `${name} ${type}`).join(", ");
  const wanted = schema.columns.map(({ name, type }) => `${name} ${sqlType(type)}`).join(", ");
  if (found === wanted) return;
  throw new IrokoError(
    "CONTRACT_VIOLATED",
    `Asset "${asset}": the built file holds ${found}; the schema says ${wanted}.`,
    {
      hint: "Retry the step; if it stays, the disk or DuckDB is at fault.",
      details: { file },
    },
  );
}

async function violated(
  database: StepDatabase,
  { asset, partition, schema }: OutputSlot,
  file: string,
  rows: number,
  broken: readonly { readonly rule: ContractRule; readonly violations: number }[],
  params: Readonly<Record<string, SqlValue>>,
): Promise<IrokoError> {
  const condition = broken.map(({ rule }) => `(${rule.broken})`).join(" or ");
  const sample = await shownRows(database, `select * from ${file} where ${condition} limit ${sampleRows}`, params);
  const where = partition.key === "" ? "" : `, partition "${partition.key}"`;
  const found = broken.map(({ rule, violations }) => `${rule.rule} (${violations} of ${rows} rows do not)`).join("; ");
  return new IrokoError("CONTRACT_VIOLATED", `Asset "${asset}"${where} breaks its schema's contract: ${found}.`, {
    hint: "Mend the query or the data; where such rows are right, widen the schema. Nothing was published.",
    details: {
      rows,
      rules: broken.map(({ rule, violations }) => ({ column: rule.column, rule: rule.rule, violations })),
      sample: maskRows(sample, [schema]),
    },
  });
}
