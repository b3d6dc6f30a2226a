/** Steps as they stand. */
import type { ErrorRecord } from "../errors.ts";
import type { Death } from "../planning/parking.ts";
import type { SetColumns } from "./columns.ts";
import type { Queryable } from "./database.ts";

export type StepStatus = "blocked" | "ready" | "running" | "succeeded" | "failed" | "skipped" | "canceled";

export type StepKind = "materialize" | "check" | "observe" | "gate";

export interface StepRecord extends SetColumns {
  readonly id: number;
  readonly run: string;
  readonly n: number;
  readonly kind: StepKind;
  readonly name: string;
  readonly assets: readonly string[];
  readonly status: StepStatus;
  readonly reason: string;
  readonly waitingOn: number;
  readonly attempt: number;
  readonly lostAttempts: number;
  readonly deaths: readonly Death[];
  readonly worker: string | null;
  readonly deferredUntil: Temporal.Instant | null;
  readonly deferredReason: string | null;
  readonly outcome: "made" | "joined" | "superseded" | "unchanged" | null;
  readonly error: ErrorRecord | null;
  readonly readyAt: Temporal.Instant | null;
  readonly startedAt: Temporal.Instant | null;
  readonly endedAt: Temporal.Instant | null;
}

/** A run's steps in the plan's order, gates left out; a page of them after a number. */
export async function listSteps(
  db: Queryable,
  run: string,
  page: { readonly after?: number; readonly limit: number; readonly statuses?: readonly StepStatus[] },
): Promise<readonly StepRecord[]> {
  const { rows } = await db.query<StepRecord>(
    `select id, run, n, kind, name, assets, windows, keys, boxes, status, reason, waiting_on as "waitingOn", attempt, lost_attempts as "lostAttempts",
            deaths, worker, deferred_until as "deferredUntil", deferred_reason as "deferredReason", outcome, error,
            ready_at as "readyAt", started_at as "startedAt", ended_at as "endedAt"
       from iroko.step where run = $1 and n > $2 and kind <> 'gate' and ($4::text[] is null or status = any ($4)) order by n limit $3`,
    [run, page.after ?? -1, page.limit, page.statuses ?? null],
  );
  return rows;
}
