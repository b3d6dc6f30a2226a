/** Steps whose worker is gone, taken back. */
import { suspectFrom, weights, type Death } from "../planning/parking.ts";
import type { Tx } from "./database.ts";
import type { Claim } from "./step-claims.ts";

export interface StepGivenBack {
  readonly id: number;
  readonly run: string;
  readonly n: number;
  readonly location: string;
  readonly priority: number;
  readonly attempt: number;
  /** When that attempt had begun. */
  readonly startedAt: Temporal.Instant | null;
  /** Of its worker; absent where it lives and gives the step back. */
  readonly death: Death | null;
  /** Its run is to be canceled: it will not run again. */
  readonly canceled: boolean;
}

/** How a worker ended, for the steps it ran. */
export type WorkerDeath = Pick<Death, "cause" | "unexplained" | "oomKills" | "host"> & { readonly worker: string };

/**
 * Takes running steps back whose worker is gone, and those given (their worker knows nothing of them): epoch up, ready
 * again, nothing counted against them; their partitions are free, and who stood behind them goes on.
 */
export async function takeBackSteps(
  tx: Tx,
  forgotten: readonly Claim[],
  because: string,
  deaths: readonly WorkerDeath[] = [],
): Promise<readonly StepGivenBack[]> {
  const { rows } = await tx.query<StepGivenBack>(
    `with locked as (
       select id, worker as before from iroko.step s where status = 'running'
          and (not exists (select from iroko.worker w where w.id = s.worker)
               or (id, epoch) in (select * from unnest($1::bigint[], $2::integer[])))
        order by id for update),
     killed as materialized (
       select payload ->> 'worker' as worker from iroko.event
        where type = 'worker_lost' and at > clock_timestamp() - interval '60 seconds' and (payload ->> 'unexplained')::boolean),
     lost as (
       select locked.id, case when (died ->> 'unexplained')::boolean then died || jsonb_build_object('widespread', exists (
                select from killed where killed.worker::uuid <> locked.before
                   and not s.deaths @> jsonb_build_array(jsonb_build_object('worker', killed.worker)))) else died end as death
         from locked join iroko.step s using (id) left join unnest($4::jsonb[]) as died on (died ->> 'worker')::uuid = locked.before)
     update iroko.step s set status = 'ready', worker = null, epoch = s.epoch + 1, lost_attempts = s.lost_attempts + 1,
            admitted = true, deferred_until = null, deferred_reason = $3,
            deaths = s.deaths || coalesce(lost.death || jsonb_build_object('of', 'worker', 'attempt', s.attempt, 'alone', s.suspect_since is not null), '[]'),
            suspect_since = coalesce(s.suspect_since, case when (lost.death ->> 'unexplained')::boolean
                 and (select sum(case when (past ->> 'widespread')::boolean then $6::integer else $7::integer end)
                        from jsonb_array_elements(s.deaths || lost.death) as deaths (past) where (past ->> 'unexplained')::boolean) >= $5::integer then clock_timestamp() end)
       from lost, iroko.run r where s.id = lost.id and r.id = s.run
     returning s.id, s.run, s.n, s.location, s.priority, s.attempt, s.started_at as "startedAt", case when lost.death is not null then s.deaths -> -1 end as death, r.cancel_requested_at is not null as canceled`,
    [
      forgotten.map(({ step }) => step),
      forgotten.map(({ epoch }) => epoch),
      because,
      deaths.map((death) => JSON.stringify(death)),
      suspectFrom,
      weights.widespread,
      weights.ofItsOwn,
    ],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return rows;
  await Promise.all([
    tx.query(
      `with freed as (select id from iroko.step where behind = any ($1) order by id for update)
       update iroko.step s set behind = null, deferred_reason = null from freed where s.id = freed.id`,
      [ids],
    ),
    tx.query(
      `with freed as (select asset, partition from iroko.asset_partition where busy_step = any ($1) order by asset, partition for update)
       update iroko.asset_partition p set busy_step = null from freed where p.asset = freed.asset and p.partition = freed.partition`,
      [ids],
    ),
  ]);
  return rows;
}
