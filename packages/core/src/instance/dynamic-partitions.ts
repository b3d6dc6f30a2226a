/**
 * The keys of dynamic partitions. Every change raises the instance's revision, whose row it holds until it commits: so
 * revisions come to be seen in their order, and the keys of a revision never change any more.
 */
import type { Queryable, Tx } from "./database.ts";

export interface KeysAt {
  readonly revision: number;
  /** By definition, in the order in which they were added; a definition that never had any is not in it. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

/** The keys that these definitions have now, or had at an earlier revision. */
export async function dynamicKeysAt(db: Queryable, definitions: readonly string[], revision?: number): Promise<KeysAt> {
  const { rows } = await db.query<{ revision: number; definition: string | null; keys: readonly string[] }>(
    `with at as (select coalesce($2, keys_revision) as revision from iroko.instance)
     select at.revision, d.definition, d.keys
       from at left join lateral (
              select definition, array_agg(key order by id) as keys from iroko.dynamic_partition
               where definition = any ($1) and added <= at.revision and (removed is null or removed > at.revision)
               group by definition) d on true`,
    [definitions, revision ?? null],
  );
  const keys = rows.flatMap((row) => (row.definition === null ? [] : [[row.definition, row.keys] as const]));
  return { revision: rows[0]?.revision ?? 0, keys: new Map(keys) };
}

/** Adds those that the definition does not have; returns them. One that was removed comes back as the newest. */
export async function insertDynamicKeys(
  tx: Tx,
  definition: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ key: string }>(
    `with change as (update iroko.instance set keys_revision = keys_revision + 1 returning keys_revision as revision)
     insert into iroko.dynamic_partition (definition, key, added)
     select $1, key, change.revision from change, unnest($2::text[]) with ordinality as wanted (key, place) order by place
     on conflict (definition, key) where removed is null do nothing
     returning key`,
    [definition, keys],
  );
  return rows.map(({ key }) => key);
}

/** Ends the life of those that the definition has; returns them. The rows stay: they are history. */
export async function endDynamicKeys(tx: Tx, definition: string, keys: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ key: string }>(
    `with change as (update iroko.instance set keys_revision = keys_revision + 1 returning keys_revision as revision)
     update iroko.dynamic_partition d set removed = change.revision, removed_at = clock_timestamp()
       from change where d.definition = $1 and d.key = any ($2) and d.removed is null
     returning d.key`,
    [definition, keys],
  );
  return rows.map(({ key }) => key);
}

/** Those among some keys that the definition has, or once had. */
export async function everKnownKeys(
  db: Queryable,
  definition: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ key: string }>(
    "select distinct key from iroko.dynamic_partition where definition = $1 and key = any ($2)",
    [definition, keys],
  );
  return rows.map(({ key }) => key);
}

export interface DynamicKeyRow {
  readonly key: string;
  readonly addedAt: Temporal.Instant;
}

/** The keys of a definition in the order in which they were added; a page of them after a key. */
export async function listDynamicKeys(
  db: Queryable,
  definition: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<readonly DynamicKeyRow[]> {
  const { rows } = await db.query<DynamicKeyRow>(
    `select key, added_at as "addedAt" from iroko.dynamic_partition d
      where definition = $1 and removed is null
        and ($2::text is null or id > (select max(id) from iroko.dynamic_partition p where p.definition = $1 and p.key = $2))
      order by id limit $3`,
    [definition, page.after ?? null, page.limit],
  );
  return rows;
}
