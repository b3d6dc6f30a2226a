/** Which ready steps are admitted: few at a time, so that what comes later with a higher priority need not queue behind them. */
import { sent, type Tx } from "./database.ts";

/**
 * Fills the location's window with the best ready steps and wakes them: by priority, then turn by turn over the runs,
 * then in order. Only admitted steps have wake-ups, so that a long backfill does not stand in front of tonight's three:
 * what waits with a lower priority takes no room from a higher one. Filled up once half of it is free; returns how many
 * got in. The last thing a transaction does.
 */
export async function admitSteps(tx: Tx, location: string, perSlot: number): Promise<number> {
  // Of 100,000 steps that wait, Postgres is to read the first few by their index, whatever it believes of their number: with
  // what it knows of a run that has just come, it would rather read and sort them all.
  sent(
    tx.query(
      "select set_config(name, 'off', true) from unnest(array['enable_sort', 'enable_incremental_sort', 'enable_bitmapscan', 'enable_seqscan']) as name",
      [], // prepared, like all that is sent for every step
    ),
  );
  const { rows } = await tx.query<{ admitted: number }>(
    `with recursive code as (
       select coalesce(sum(slots), 0) * $2 as size, array(
                select distinct unnest(definition_hashes) from iroko.worker where location = $1 and not draining) as hashes
         from iroko.worker where location = $1 and not draining),
     waiting as materialized (
       select priority, count(*) as steps from iroko.step
        where location = $1 and status = 'ready' and admitted and (deferred_until is null or deferred_until <= clock_timestamp())
        group by priority),
     live as (
       select r.id, (select count(*) from iroko.step a where a.location = $1 and a.run = r.id and a.admitted) as admitted
         from iroko.run r, code where r.status in ('queued', 'running') and r.location = $1 and r.cancel_requested_at is null
          and 2 * coalesce((select sum(steps) from waiting w where w.priority >= r.priority), 0) <= code.size),
     pool_room as (
       select p.name, p.slots - (select count(*) from iroko.step o where p.name = any (o.pools) and o.admitted
                                     and (o.deferred_until is null or o.deferred_until <= clock_timestamp())) as free
         from iroko.pool p where exists (select from live)),
     -- Which pools a run's steps name, one step read for each: however many wait for a full pool, none of them is looked at.
     naming as (
       select live.id as run, live.admitted, first.pools from live cross join lateral (
              select s.pools from iroko.step s where s.run = live.id and s.status = 'ready' and not s.admitted order by s.pools limit 1) first
       union all
       select naming.run, naming.admitted, next.pools from naming cross join lateral (
              select s.pools from iroko.step s where s.run = naming.run and s.status = 'ready' and not s.admitted and s.pools > naming.pools
               order by s.pools limit 1) next),
     candidate as (
       select c.id, c.priority, c.pools, row_number() over (order by c.priority desc, c.admitted + c.place, c.id) as rank
         from (select s.*, naming.admitted, row_number() over (partition by naming.run order by s.id) as place
                 from code, naming cross join lateral (
                      select coalesce(min(free), code.size) as free from pool_room where name = any (naming.pools)) room
                cross join lateral (
                      -- The order is its index's own: by ids alone, Postgres might read every step that there is.
                      select s.id, s.priority, s.pools from iroko.step s
                       where (s.run, s.pools) >= (naming.run, naming.pools) and (s.run, s.pools) <= (naming.run, naming.pools)
                         and s.status = 'ready' and not s.admitted and s.behind is null and s.definition_hash = any (code.hashes)
                       order by s.run, s.pools, s.id limit greatest(0, least(room.free, code.size))) s) c),
     -- Of each of its pools' free slots, one; counted as if all before it got in.
     fitting as (
       select id, priority, row_number() over (order by rank) as rank from candidate
        where not exists (
          select from unnest(candidate.pools) as pool (name) join pool_room using (name)
           where pool_room.free < (select count(*) from candidate other where other.rank <= candidate.rank and pool.name = any (other.pools)))),
     best as (
       select fitting.id, fitting.rank from fitting, code
        where fitting.rank + coalesce((select sum(steps) from waiting w where w.priority >= fitting.priority), 0) <= code.size),
     locked as (
       select id, priority, row_number() over (order by priority desc, rank) as place
         from (select s.id, s.priority, best.rank from best
                cross join lateral (
                      select id, priority from iroko.step where id = best.id and status = 'ready' and not admitted
                         for update skip locked) s) s),
     woken as (
       select id, row_number() over (order by id) as place
         from (select array_agg(row('step:' || $1, '{}', null, null, null, null, -priority, null)::graphile_worker.job_spec order by place) as jobs
                 from locked having count(*) > 0) spec
        cross join lateral graphile_worker.add_jobs(spec.jobs)),
     admitted as (
       update iroko.step s set admitted = true, wake_up = woken.id from locked join woken using (place)
        where s.id = locked.id and s.id = any (array(select id from locked)) returning s.id)
     select count(*)::integer as admitted from admitted`,
    [location, perSlot],
  );
  return rows[0]?.admitted ?? 0;
}
