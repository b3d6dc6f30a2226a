/**
 * Concurrency limits. A pool's occupancy is the count of running steps that name it; a run's own limit is a pool like any other,
 * in which all its steps are, so that whoever admits, claims, ends and explains steps knows of one kind of limit.
 */
import type { Queryable, Tx } from "./database.ts";

/** The pool that is a run's limit; none where it has no limit. */
export function poolsOfRun(run: { readonly id: string; readonly maxConcurrency?: number | null }): readonly string[] {
  return (run.maxConcurrency ?? null) === null ? [] : [`run ${run.id}`];
}

/** The limits of runs that have ended are in nobody's way any more. */
export async function dropPoolsOfEnded(tx: Tx): Promise<void> {
  await tx.query(
    `with spent as (
       select p.name from iroko.pool p join iroko.run r on r.id = p.run where r.ended_at is not null order by p.name for update of p)
     delete from iroko.pool p using spent where p.name = spent.name`,
  );
}

/** Locks pools by name: nobody enters or leaves them meanwhile. */
export async function lockPools(tx: Tx, pools: readonly string[]): Promise<void> {
  if (pools.length > 0)
    await tx.query("select from iroko.pool where name = any ($1) order by name for update", [pools]);
}

/** Locks pools, then says how many more steps may run in each: occupancy is the count of running steps that name it. */
export async function roomInPools(tx: Tx, pools: readonly string[]): Promise<Map<string, number>> {
  if (pools.length === 0) return new Map();
  await lockPools(tx, pools);
  const { rows } = await tx.query<{ name: string; room: number }>(
    `select p.name, p.slots - (select count(*) from iroko.step s where s.status = 'running' and p.name = any (s.pools)) as room
       from iroko.pool p where p.name = any ($1)`,
    [pools],
  );
  return new Map(rows.map(({ name, room }) => [name, room]));
}

/** @param slots null: no limit any more */
export async function setPool(db: Queryable, name: string, slots: number | null): Promise<void> {
  if (slots === null) await db.query("delete from iroko.pool where name = $1 and run is null", [name]);
  else
    await db.query(
      "insert into iroko.pool (name, slots) values ($1, $2) on conflict (name) do update set slots = excluded.slots",
      [name, slots],
    );
}

export interface PoolRow {
  readonly name: string;
  /** null: nobody has given it a size, and it limits nothing. */
  readonly slots: number | null;
  readonly running: number;
}

/** Those that have a size and these, by name; the limits of runs are none of them. */
export async function listPools(db: Queryable, named: readonly string[]): Promise<readonly PoolRow[]> {
  const { rows } = await db.query<PoolRow>(
    `select name, p.slots, (select count(*) from iroko.step s where s.status = 'running' and name = any (s.pools)) as running
       from (select name from iroko.pool where run is null union select unnest($1::text[])) names (name) left join iroko.pool p using (name)
      order by name`,
    [named],
  );
  return rows;
}
