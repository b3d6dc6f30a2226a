/**
 * What Postgres knows of our tables. Its own look once a minute is too late for a table that a plan has just made a hundred
 * times as long: until then every claim would read it as if it were short.
 */
import type { Database } from "./database.ts";

/** Rows that come at once, of which Postgres should know at once. */
export const manyRows = 1_000;

/** Tells Postgres of tables that have changed a lot since it last looked. Nobody waits for it, nor it for anybody. */
export async function refreshStatistics(db: Database): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    `select relname as name from pg_stat_user_tables
      where schemaname = 'iroko' and n_mod_since_analyze > $1 + n_live_tup / 2 order by relname`,
    [manyRows],
  );
  for (const { name } of rows) await db.query(`analyze (skip_locked) iroko.${name}`);
}

/** The same of steps that were just inserted: of those, Postgres does not yet count the changes. */
export async function analyzeSteps(db: Database): Promise<void> {
  await db.query("analyze (skip_locked) iroko.step, iroko.step_edge");
}
