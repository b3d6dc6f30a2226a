import type { Queryable, Tx } from "./database.ts";

/** Locks pools by name: nobody enters or leaves them meanwhile. */
export async function lockPools(tx: Tx, pools: readonly string[]): Promise<void> {
  if (pools.length > 0)
    await tx.query("select from iroko.pool where name = any ($1) order by name for update", [pools]);
}

/** Locks pools, then says which of them have no room: occupancy is the count of running steps that name them. */
export async function fullPools(tx: Tx, pools: readonly string[]): Promise<readonly string[]> {
  if (pools.length === 0) return [];
  await lockPools(tx, pools);
  const { rows } = await tx.query<{ name: string }>(
    `select p.name from iroko.pool p where p.name = any ($1)
        and (select count(*) from iroko.step s where s.status = 'running' and p.name = any (s.pools)) >= p.slots`,
    [pools],
  );
  return rows.map((row) => row.name);
}

export async function setPool(db: Queryable, name: string, slots: number): Promise<void> {
  await db.query(
    "insert into iroko.pool (name, slots) values ($1, $2) on conflict (name) do update set slots = excluded.slots",
    [name, slots],
  );
}
