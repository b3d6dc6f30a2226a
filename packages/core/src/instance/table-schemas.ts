/** The schemas that partitions were written with, by the hash that each partition keeps. */
import type { WrittenSchema } from "../definitions/schema-change.ts";
import type { TableSchema } from "../definitions/table-schema.ts";
import type { Queryable, Tx } from "./database.ts";

/** Kept for good: partitions outlive the definitions that they were made by. */
export async function keepSchemas(tx: Tx, schemas: Iterable<TableSchema>): Promise<void> {
  const byHash = new Map(Array.from(schemas, ({ hash, columns }) => [hash, columns]));
  const sorted = [...byHash].toSorted(([a], [b]) => (a < b ? -1 : 1));
  await tx.query(
    `insert into iroko.table_schema (hash, columns)
     select hash, columns from unnest($1::text[], $2::jsonb[]) as known (hash, columns) on conflict (hash) do nothing`,
    [
      sorted.map(([hash]) => hash),
      sorted.map(([, columns]) =>
        JSON.stringify(columns.map(({ name, type, nullable }) => ({ name, type, nullable }))),
      ),
    ],
  );
}

export async function schemasByHash(
  db: Queryable,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, WrittenSchema>> {
  if (hashes.length === 0) return new Map();
  const { rows } = await db.query<WrittenSchema & { hash: string }>(
    "select hash, columns from iroko.table_schema where hash = any ($1)",
    [hashes],
  );
  return new Map(rows.map(({ hash, columns }) => [hash, { columns }]));
}
