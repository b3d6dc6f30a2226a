/** Steps that are ready and may not start: put off, or of code that no worker has. */
import type { Queryable } from "./database.ts";

export interface HeldSteps {
  readonly reason: string;
  readonly steps: number;
  /** One of the runs that have such steps. */
  readonly run: string;
  /** When the first of them may start; null: not by the clock. */
  readonly until: Temporal.Instant | null;
}

export async function listHeldSteps(db: Queryable): Promise<readonly HeldSteps[]> {
  const { rows } = await db.query<HeldSteps>(
    `select deferred_reason as reason, count(*)::integer as steps, min(run::text) as run, min(deferred_until) as until
       from iroko.step where status = 'ready' and deferred_reason is not null group by deferred_reason order by steps desc limit 20`,
  );
  return rows;
}
