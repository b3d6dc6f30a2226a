/** What waits for a step that has ended: let go, or skipped. */
import type { SetColumns } from "./columns.ts";
import type { Tx } from "./database.ts";
import type { StepKind } from "./steps.ts";

/** A step that has ended; `well` releases those that need it, anything else only those that wait for its end. */
export interface EndedStep {
  readonly run: string;
  readonly n: number;
  readonly well: boolean;
}

/**
 * Takes arrows off: each of the given steps has ended. Gates that wait for nothing more end with it, and the arrows behind
 * them; returns these gates. Locks by (run, number), which is the order of ids within a run.
 */
export async function releaseDependants(tx: Tx, ended: readonly EndedStep[]): Promise<readonly EndedStep[]> {
  const gates: EndedStep[] = [];
  for (let sources = ended; sources.length > 0;) {
    const { rows } = await tx.query<EndedStep & { gate: boolean }>(
      `with arrow as (
         select e.run, a.downstream, count(*)::integer as arrows
           from unnest($1::uuid[], $2::integer[], $3::boolean[]) as e (run, n, well)
          cross join lateral (select downstream, weak from iroko.step_edge where run = e.run and upstream = e.n offset 0) a
          where a.weak or e.well group by e.run, a.downstream),
       -- One by one, by number: however little Postgres knows yet of a growing table, it never reads the whole run for this.
       locked as materialized (
         select s.id, arrow.arrows from (select * from arrow order by run, downstream) arrow
          cross join lateral (
                select id from iroko.step where run = arrow.run and n = arrow.downstream and status = 'blocked' for update) s)
       update iroko.step s
          set waiting_on = s.waiting_on - locked.arrows,
              status = case when s.waiting_on > locked.arrows then 'blocked' when s.kind = 'gate' then 'succeeded' else 'ready' end,
              ready_at = case when s.waiting_on = locked.arrows then clock_timestamp() end,
              ended_at = case when s.waiting_on = locked.arrows and s.kind = 'gate' then clock_timestamp() end
         from locked where s.id = locked.id and s.id = any (array(select id from locked))
       returning s.run, s.n, true as well, (s.kind = 'gate' and s.status = 'succeeded') as gate`,
      [sources.map(({ run }) => run), sources.map(({ n }) => n), sources.map(({ well }) => well)],
    );
    sources = rows.filter(({ gate }) => gate);
    gates.push(...sources);
  }
  return gates;
}

/** Blocked steps that one transaction skips at most; a duty goes on with the rest. */
export const skipBatch = 2_000;

/**
 * Skips what can no longer run: blocked steps that need one that failed, was skipped or canceled, however far below; at
 * most a batch. Returns their numbers; fewer than the batch: that was all.
 *
 * @param below only what is below these; else whatever the run has
 */
export async function skipUnreachable(
  tx: Tx,
  run: string,
  batch: number,
  below?: readonly number[],
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ n: number }>(
    `with recursive doomed as (
       select e.downstream as n, u.name || ' ' || u.status as reason
         from iroko.step u join iroko.step_edge e on e.run = u.run and e.upstream = u.n
        where u.run = $1 and u.status in ('failed', 'skipped', 'canceled') and not e.weak
          and ($3::integer[] is null or u.n = any ($3))
       union
       select e.downstream, d.reason from doomed d join iroko.step_edge e on e.run = $1 and e.upstream = d.n and not e.weak),
     locked as (
       select s.id, (select min(reason) from doomed where doomed.n = s.n) as reason
         from iroko.step s where s.run = $1 and s.status = 'blocked' and s.n in (select n from doomed)
        order by s.id limit $2 for update)
     update iroko.step s set status = 'skipped', ended_at = clock_timestamp(), deferred_reason = locked.reason
       from locked where s.id = locked.id returning s.n`,
    [run, batch, below ?? null],
  );
  return rows.map((row) => row.n);
}

/** Skips blocked steps by number: an optional output they read was not given. Returns those it has skipped. */
export async function skipSteps(
  tx: Tx,
  run: string,
  numbers: readonly number[],
  reason: string,
): Promise<readonly number[]> {
  const { rows } = await tx.query<{ n: number }>(
    `with locked as (select id from iroko.step where run = $1 and n = any ($2) and status = 'blocked' order by id for update)
     update iroko.step s set status = 'skipped', ended_at = clock_timestamp(), deferred_reason = $3
       from locked where s.id = locked.id returning s.n`,
    [run, numbers, reason],
  );
  return rows.map((row) => row.n);
}

/** Strong dependants of a step, directly or behind a gate: number, what they run, and of which partitions. */
export async function dependantsOf(
  tx: Tx,
  run: string,
  n: number,
): Promise<readonly (SetColumns & { readonly n: number; readonly kind: StepKind; readonly name: string })[]> {
  const { rows } = await tx.query<SetColumns & { n: number; kind: StepKind; name: string }>(
    `with direct as (
       select s.* from iroko.step_edge e join iroko.step s on s.run = e.run and s.n = e.downstream
        where e.run = $1 and e.upstream = $2 and not e.weak),
     dependant as (
       select * from direct where kind <> 'gate'
       union all
       select s.* from direct join iroko.step_edge e on e.run = $1 and e.upstream = direct.n and not e.weak
         join iroko.step s on s.run = $1 and s.n = e.downstream where direct.kind = 'gate')
     select n, kind, name, windows::text as windows, keys, boxes from dependant`,
    [run, n],
  );
  return rows;
}
