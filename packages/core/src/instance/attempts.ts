/** Attempts of steps that did not end them: what failed and was tried again, what was put off, what a worker's end took away. */
import type { ErrorRecord } from "../errors.ts";
import type { Queryable } from "./database.ts";

export interface AttemptRow {
  /** Of the event that tells it. */
  readonly id: number;
  /** The step's number in its run. */
  readonly step: number;
  readonly attempt: number;
  readonly startedAt: Temporal.Instant;
  readonly endedAt: Temporal.Instant;
  readonly outcome: "failed" | "deferred" | "lost";
  readonly error: ErrorRecord | null;
  /** Why it is tried again later, or how it was lost. */
  readonly reason: string;
  /** Until then the step waited; null: it could begin at once. */
  readonly retryAt: Temporal.Instant | null;
}

/** In the order in which they ended; of the steps from one number to another, both included. */
export async function listAttempts(
  db: Queryable,
  run: string,
  steps: { readonly from: number; readonly to: number },
  page: { readonly after?: number; readonly limit: number },
): Promise<readonly AttemptRow[]> {
  const { rows } = await db.query<AttemptRow>(
    `select id, step, (payload ->> 'attempt')::integer as attempt, coalesce((payload ->> 'startedAt')::timestamptz, at) as "startedAt", at as "endedAt",
            case when type = 'attempt_lost' then 'lost' when (payload ->> 'counts')::boolean then 'failed' else 'deferred' end as outcome,
            payload -> 'error' as error, coalesce(payload ->> 'because', payload ->> 'cause') as reason, (payload ->> 'retryAt')::timestamptz as "retryAt"
       from iroko.event
      where run = $1 and step between $2 and $3 and type in ('attempt_failed', 'attempt_lost') and ($4::bigint is null or id > $4)
      order by id limit $5`,
    [run, steps.from, steps.to, page.after ?? null, page.limit],
  );
  return rows;
}
