/** How attempts and steps end: for good, to be tried again, or canceled before they began. */
import type { ErrorRecord } from "../errors.ts";
import type { Death } from "../planning/parking.ts";
import { jsonText } from "./columns.ts";
import type { Tx } from "./database.ts";
import type { Claim } from "./step-claims.ts";

export interface StepEnd {
  readonly status: "succeeded" | "failed" | "canceled";
  readonly outcome?: "made" | "joined" | "superseded" | "unchanged";
  readonly error?: ErrorRecord;
}

/** Ends running steps whose claims still hold, each by itself; returns which those are. */
export async function endSteps(
  tx: Tx,
  ends: readonly (Claim & { readonly end: StepEnd })[],
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number }>(
    `with locked as (select id from iroko.step where id = any ($1::bigint[]) order by id for update)
     update iroko.step s
        set status = e.status, outcome = e.outcome, error = e.error, worker = null, admitted = false, ended_at = clock_timestamp()
       from locked, json_to_recordset($2) as e (step bigint, epoch integer, worker uuid, status text, outcome text, error jsonb)
      where s.id = locked.id and s.id = any ($1::bigint[]) and e.step = s.id
        and s.epoch = e.epoch and s.worker = e.worker and s.status = 'running'
     returning s.id`,
    [
      ends.map(({ step }) => step),
      jsonText(ends.map(({ step, epoch, worker, end }) => ({ step, epoch, worker, ...end }))),
    ],
  );
  return rows.map(({ id }) => id);
}

/** Claims with later inputs had committed all that these steps made. */
export async function markSuperseded(tx: Tx, steps: readonly number[]): Promise<void> {
  if (steps.length > 0)
    await tx.query("update iroko.step set outcome = 'superseded' where id = any ($1::bigint[])", [steps]);
}

export interface StepRetry {
  readonly delaySeconds: number;
  readonly reason: string;
  readonly error: ErrorRecord;
  /** Whether the attempt counts against the retry policy; one that was only put off does not. */
  readonly counts: boolean;
  /** How its child ended under it, if that is what happened. */
  readonly death?: Death;
}

/**
 * Gives a running step back to be tried again; it keeps its place among the admitted. Returns when, by the database's
 * clock, and when the attempt had begun; undefined if the claim no longer holds.
 */
export async function retryStep(
  tx: Tx,
  claim: Claim,
  retry: StepRetry,
): Promise<{ readonly at: Temporal.Instant; readonly startedAt: Temporal.Instant | null } | undefined> {
  const { rows } = await tx.query<{ at: Temporal.Instant; startedAt: Temporal.Instant | null }>(
    `update iroko.step set status = 'ready', worker = null, deferred_until = clock_timestamp() + make_interval(secs => $4),
            deferred_reason = $5, retry_delay = $4, error = $6, lost_attempts = lost_attempts + $7, deaths = deaths || $8::jsonb
      where id = $1 and epoch = $2 and worker = $3 and status = 'running' returning deferred_until as at, started_at as "startedAt"`,
    [
      claim.step,
      claim.epoch,
      claim.worker,
      retry.delaySeconds,
      retry.reason,
      jsonText(retry.error),
      retry.counts ? 0 : 1,
      jsonText(retry.death === undefined ? [] : [retry.death]),
    ],
  );
  return rows[0];
}

/** Waiting steps that one transaction cancels at most: what ends meanwhile waits for their locks. */
const cancelBatch = 5_000;

export interface CanceledSteps {
  readonly canceled: number;
  /** The number to go on after; absent where that was all. */
  readonly last?: number;
}

/** Ends what has not begun of a run that is to be canceled, from after a step's number on; at most a batch. */
export async function cancelWaiting(tx: Tx, run: string, after: number = -1): Promise<CanceledSteps> {
  const { rows } = await tx.query<{ canceled: number; last: number | null }>(
    `with locked as materialized (
       select s.id from iroko.step s join iroko.run r on r.id = s.run and r.cancel_requested_at is not null
        where s.run = $1 and s.n > $2 and s.status in ('blocked', 'ready') order by s.n limit $3 for update of s),
     ended as (
       update iroko.step s set status = 'canceled', admitted = false, behind = null, ended_at = clock_timestamp()
        where s.id = any (array(select id from locked)) returning s.n)
     select count(*)::integer as canceled, max(n) as last from ended`,
    [run, after, cancelBatch],
  );
  const { canceled = 0, last = null } = rows[0] ?? {};
  return { canceled, ...(last !== null && canceled === cancelBatch && { last }) };
}
