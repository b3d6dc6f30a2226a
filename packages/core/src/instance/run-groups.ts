/** A run's steps by what they make: counts, times and sets, however many steps there are. */
import type { SetColumns } from "./columns.ts";
import type { Queryable } from "./database.ts";
import type { StepKind, StepStatus } from "./steps.ts";

export interface RunGroupRow extends SetColumns {
  /** The steps' name. */
  readonly name: string;
  readonly kind: StepKind;
  readonly assets: readonly string[];
  /** `held`: ready, and put off for a reason. */
  readonly status: StepStatus | "held";
  readonly steps: number;
  readonly startedAt: Temporal.Instant | null;
  /** The last end; null where none has ended. */
  readonly endedAt: Temporal.Instant | null;
  /** Seconds between start and end of those that succeeded, in all. */
  readonly seconds: number | null;
  /** Where one is looked at first. */
  readonly first: number;
}

/**
 * In the order of their first steps; gates are nobody's. Held is grouped by as a truth: of any other expression Postgres expects
 * so many groups that it sorts all steps.
 */
export async function listRunGroups(db: Queryable, run: string): Promise<readonly RunGroupRow[]> {
  const { rows } = await db.query<RunGroupRow>(
    `with step as not materialized (
       select name, kind, assets, n, started_at, ended_at, windows, keys, boxes,
              status, status = 'ready' and deferred_reason is not null as held
         from iroko.step where run = $1 and kind <> 'gate')
     select s.name, s.kind, s.assets, case when s.held then 'held' else s.status end as status, count(*)::integer as steps, min(s.started_at) as "startedAt", max(s.ended_at) as "endedAt",
            extract(epoch from sum(s.ended_at - s.started_at) filter (where s.status = 'succeeded'))::float8 as seconds, min(s.n) as first,
            range_agg(s.windows) as windows,
            case when count(s.keys) = 0 then null else (
              select array_agg(distinct key order by key) from step k cross join unnest(k.keys) as key
               where k.name = s.name and k.kind = s.kind and k.assets = s.assets and k.status = s.status and k.held = s.held) end as keys,
            case when count(s.boxes) = 0 then null else (
              select jsonb_agg(box) from step k cross join jsonb_array_elements(k.boxes) as box
               where k.name = s.name and k.kind = s.kind and k.assets = s.assets and k.status = s.status and k.held = s.held) end as boxes
       from step s
      group by s.name, s.kind, s.assets, s.status, s.held order by min(min(s.n)) over (partition by s.name, s.kind), 4`,
    [run],
  );
  return rows;
}
