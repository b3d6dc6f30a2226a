import { IrokoError, type PinnedInput, type PinnedObject, type TableSchema } from "@iroko/core";
import { columnList, emptyQuery, nullColumn, sqlType } from "../duckdb/column-sql.ts";
import { escapeGlob, identifier, readParquet } from "../duckdb/quote.ts";
import { relationOf, type DuckRelation } from "../duckdb/relation.ts";
import { duckdbOf, type StepDatabase } from "../duckdb/step-database.ts";

/**
 * Pinned files as a relation. Nothing is opened yet, so that inputs which a step does not read cost it nothing; but files
 * of an older schema are looked into, and read where that is safe: a column they lack and that may be null reads as NULL.
 *
 * @throws {IrokoError} SCHEMA_OLD naming the partitions; the engine adds the command that makes them again
 */
export async function loadParquet(pinned: PinnedInput): Promise<DuckRelation<Record<string, unknown>>> {
  const { schema, objects, scope } = pinned;
  const current = objects.filter((object) => object.schemaHash === schema.hash);
  const parts: string[] = [];
  if (current.length > 0)
    parts.push(`select ${columnList(schema)} from ${readParquet(current.map(({ file }) => file))}`);

  const old = Map.groupBy(
    objects.filter((object) => object.schemaHash !== schema.hash),
    (object) => object.schemaHash,
  );
  const unreadable: { readonly object: PinnedObject; readonly why: string }[] = [];
  for (const group of old.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const columns = await columnsOfFile(await duckdbOf(scope), first.file);
    const why = whyUnreadable(columns, schema);
    if (why !== undefined) {
      unreadable.push(...group.map((object) => ({ object, why })));
      continue;
    }
    const held = new Set(columns.map((column) => column.name));
    const select = schema.columns.map((column) =>
      held.has(column.name) ? identifier(column.name) : nullColumn(column),
    );
    parts.push(`select ${select.join(", ")} from ${readParquet(group.map(({ file }) => file))}`);
  }
  if (unreadable.length > 0) throw tooOld(pinned, unreadable);

  const text = parts.length === 0 ? emptyQuery(schema) : parts.join(" union all ");
  return relationOf(scope, { text, schema, objects });
}

interface FileColumn {
  readonly name: string;
  readonly type: string;
  /** As the schema said when the file was written; in Parquet itself every column may be null. */
  readonly nullable: boolean;
}

async function columnsOfFile(database: StepDatabase, file: string): Promise<FileColumn[]> {
  const found = await database.describe(`from ${readParquet([file])}`);
  const [row] = await database.all(
    "select decode(value) as columns from parquet_kv_metadata($file) where decode(key) = 'iroko.columns'",
    { file: escapeGlob(file) },
  );
  const said = row === undefined ? [] : (JSON.parse(String(row["columns"])) as FileColumn[]);
  const nullable = new Map(said.map((column) => [column.name, column.nullable]));
  return found.map(({ name, type }) => ({ name, type, nullable: nullable.get(name) ?? true }));
}

/** The first thing that keeps a file's rows from being rows of the schema. */
function whyUnreadable(columns: readonly FileColumn[], schema: TableSchema): string | undefined {
  const wanted = new Map(schema.columns.map((column) => [column.name, column]));
  for (const { name, type, nullable } of columns) {
    const column = wanted.get(name);
    if (column === undefined) return `column "${name}" is gone from the schema`;
    if (type !== sqlType(column.type)) return `column "${name}" was ${type} and is ${sqlType(column.type)} now`;
    if (nullable && !column.nullable) return `column "${name}" could be null and cannot now`;
  }
  const held = new Set(columns.map(({ name }) => name));
  const missing = schema.columns.find((column) => !held.has(column.name) && !column.nullable);
  return missing === undefined ? undefined : `column "${missing.name}" is new and not nullable`;
}

function tooOld(
  { asset }: PinnedInput,
  unreadable: readonly { readonly object: PinnedObject; readonly why: string }[],
): IrokoError {
  const keys = unreadable.map(({ object }) => object.partition.key);
  const sorted = keys.toSorted();
  const first = sorted[0] ?? "";
  const last = sorted.at(-1) ?? "";
  const which =
    first === ""
      ? ""
      : keys.length === 1
        ? `, partition "${first}",`
        : `, ${keys.length} partitions from "${first}" to "${last}",`;
  return new IrokoError(
    "SCHEMA_OLD",
    `Asset "${asset}"${which} was written with an older schema: ${unreadable[0]?.why}.`,
    {
      details: { asset, partitions: sorted, reasons: [...new Set(unreadable.map(({ why }) => why))] },
    },
  );
}
