/**
 * Binds every query of a snapshot without data: DuckDB sees empty relations of the dependencies' schemas, and says what a
 * query would give. So a wrong column, type or result is known before anything runs.
 */
import {
  IrokoError,
  type ErrorRecord,
  type Snapshot,
  type SnapshotAsset,
  type SnapshotCompute,
  type StepScope,
  type TableSchema,
} from "@iroko/core";
import { emptyRelation } from "../duckdb/empty-relation.ts";
import { relationOf } from "../duckdb/relation.ts";
import { placeIn, type SqlSource } from "../duckdb/source-place.ts";
import type { SqlValue } from "../duckdb/sql-value.ts";
import { duckdbOf, type DescribedColumn } from "../duckdb/step-database.ts";
import { columnMistakes } from "../parquet/columns-match.ts";
import { scratchScope } from "../parquet/scratch-scope.ts";
import { exampleParams } from "./partition-params.ts";

/** A mistake in a query, with its asset, what of it, and line and column in the SQL where DuckDB knows them. */
export type SqlProblem = ErrorRecord;

export async function bindSql(snapshot: Snapshot): Promise<SqlProblem[]> {
  const assets = new Map(snapshot.assets.map((asset) => [asset.key, asset]));
  const computes = snapshot.computes.filter((compute) => queriesOf(compute, assets).length > 0);
  if (computes.length === 0) return [];
  await using scratch = await scratchScope();
  const problems: SqlProblem[] = [];
  for (const compute of computes) {
    for (const query of queriesOf(compute, assets)) problems.push(...(await bindQuery(scratch.scope, query)));
  }
  return problems;
}

/** A query to bind: what it may read, and the schema of what it must give, where it must give something. */
interface QueryToBind {
  readonly source: SqlSource;
  readonly schemas: Readonly<Record<string, TableSchema>>;
  readonly params: Readonly<Record<string, SqlValue>>;
  readonly result: TableSchema | undefined;
}

function queriesOf(compute: SnapshotCompute, assets: ReadonlyMap<string, SnapshotAsset>): QueryToBind[] {
  const deps = Object.fromEntries(
    compute.deps.flatMap(({ name, asset }) => {
      const schema = assets.get(asset)?.schema;
      return schema === undefined ? [] : [[name, schema]];
    }),
  );
  const params = exampleParams(compute.partitions);
  return compute.outputs.flatMap((output) => {
    const asset = assets.get(output.asset);
    const own = asset?.schema;
    const subject = `asset "${output.asset}"`;
    const queries: QueryToBind[] = [];
    const previous = own === undefined ? {} : { previous: own };
    if (compute.sql !== undefined) {
      const { text, file, metrics } = compute.sql;
      const source = { subject: `${subject}, sql`, text, file };
      const before = compute.readsPrevious ? previous : {};
      queries.push({ source, schemas: { ...deps, ...before }, params, result: own });
      if (metrics !== undefined && own !== undefined) {
        const schemas = { ...deps, ...before, self: own };
        queries.push({ source: { subject: `${subject}, metrics`, text: metrics }, schemas, params, result: undefined });
      }
    }
    for (const check of asset?.checks ?? []) {
      if (check.sql === undefined || own === undefined) continue;
      const source = { subject: `${subject}, check "${check.name}"`, text: check.sql };
      queries.push({ source, schemas: { ...deps, ...previous, self: own }, params, result: undefined });
    }
    return queries;
  });
}

async function bindQuery(scope: StepScope, { source, schemas, params, result }: QueryToBind): Promise<SqlProblem[]> {
  const relations = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, emptyRelation(scope, name, schema)]),
  );
  const relation = relationOf<never>(scope, { query: { source, params, relations } });
  const { text } = relation.rendered;
  const statement = `describe select * from (${text})`;
  let columns: DescribedColumn[];
  try {
    columns = await (await duckdbOf(scope)).describe(`select * from (${text})`, relation.rendered.params);
  } catch (error) {
    const explained = relation.explain(error, statement);
    if (explained instanceof IrokoError) return [explained.toRecord()];
    throw explained;
  }
  if (result === undefined) return [];
  return columnMistakes(columns, result).map(({ column, message, hint }) => {
    const { place, excerpt } = placeIn(source, outputColumnOffset(source.text, column));
    const at = place.line === undefined ? "" : `, line ${place.line}, column ${place.column}`;
    const shown = excerpt === undefined ? "" : `\n${excerpt}`;
    return { code: "SQL_RESULT", message: `${source.subject}${at}: it ${message}.${shown}`, hint, place };
  });
}

/** Where a query most likely makes a column: its last `as name`, else its last mention. DuckDB does not say. */
function outputColumnOffset(text: string, column: string): number | undefined {
  const name = column.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const aliases = [...text.matchAll(new RegExp(`\\bas\\s+"?(?=${name}\\b)`, "gi"))];
  const alias = aliases.at(-1);
  if (alias !== undefined) return alias.index + alias[0].length;
  return [...text.matchAll(new RegExp(`\\b${name}\\b`, "gi"))].at(-1)?.index;
}
