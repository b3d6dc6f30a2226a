/** What the reconciler finds amiss among steps: forgotten wake-ups, code that no worker has, ends that nobody noticed. */
import type { Queryable, Tx } from "./database.ts";
import type { StepWakeUp } from "./wake-ups.ts";

/**
 * Admitted steps that could run and have no wake-up that will be heard: none in the queue, one that has failed for good,
 * or one that a process holds which is no worker of ours.
 */
export async function stepsWithoutWakeUp(db: Queryable): Promise<readonly StepWakeUp[]> {
  const { rows } = await db.query<StepWakeUp>(
    `select s.id as step, s.deferred_until as at from iroko.step s
      where s.status = 'ready' and s.admitted and s.ready_at < clock_timestamp() - interval '2 seconds'
        and not exists (
          select from graphile_worker._private_jobs j
           where j.id = s.wake_up and j.attempts < j.max_attempts
             and (j.locked_by is null or j.locked_by in (select unnest(queue_ids) from iroko.worker)))
      order by s.id limit 1000`,
  );
  return rows;
}

/** Runs that are to be canceled and still have steps that have not begun: given back meanwhile, or by a lost worker. */
export async function runsToCancel(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select r.id from iroko.run r where r.status in ('queued', 'running') and r.cancel_requested_at is not null
        and exists (select from iroko.step s where s.run = r.id and s.status in ('blocked', 'ready'))`,
  );
  return rows.map((row) => row.id);
}

/** Admitted steps whose code no live worker has: they take no room from others until one has it. */
export async function withdrawMovedCode(tx: Tx): Promise<void> {
  await tx.query(
    `with moved as (
       select s.id from iroko.step s
        where s.status = 'ready' and s.admitted
          and not exists (select from iroko.worker w where w.location = s.location and not w.draining and s.definition_hash = any (w.definition_hashes))
          and exists (select from iroko.worker w where w.location = s.location and not w.draining)
        order by s.id for update of s skip locked)
     update iroko.step s set admitted = false from moved where s.id = moved.id`,
  );
}

/** Steps whose upstream has ended in a way that they cannot have noticed; runs they belong to. */
export async function runsWithUnreachableSteps(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ run: string }>(
    `select distinct s.run from iroko.step s join iroko.run r on r.id = s.run and r.status in ('queued', 'running')
       join iroko.step_edge e on e.run = s.run and e.downstream = s.n and not e.weak
       join iroko.step u on u.run = e.run and u.n = e.upstream and u.status in ('failed', 'skipped', 'canceled')
      where s.status = 'blocked'`,
  );
  return rows.map((row) => row.run);
}

/**
 * Says of ready steps that no live worker has had their code for so long, and of none else. Definitions are compared, a few
 * however many steps wait: of the steps themselves only those are looked at that have to be told something else.
 */
export async function sayMovedCode(tx: Tx, afterSeconds: number): Promise<number> {
  const { rowCount } = await tx.query(
    `with code as materialized (
       select distinct location, hash as definition_hash from iroko.worker cross join unnest(definition_hashes) as hash where not draining),
     moved as materialized (
       select location, definition_hash
         from (select distinct location, definition_hash from iroko.step where status = 'ready' and not admitted) wanted
        where location in (select location from code)
          and not exists (select from code where (code.location, code.definition_hash) = (wanted.location, wanted.definition_hash))),
     held as (
       select c.id, true as orphan from moved join iroko.step c using (location, definition_hash)
        where c.status = 'ready' and not c.admitted and c.ready_at < clock_timestamp() - make_interval(secs => $1)
          and (c.deferred_reason like 'CODE_MOVED:%') is not true
        union all
       select c.id, false from iroko.step c join code using (location, definition_hash)
        where c.status = 'ready' and not c.admitted and c.deferred_reason like 'CODE_MOVED:%'),
     changed as (
       select s.id, held.orphan from iroko.step s join held using (id)
        where s.status = 'ready' and not s.admitted order by s.id for update of s skip locked)
     update iroko.step s set deferred_reason = case when changed.orphan
            then 'CODE_MOVED: no live worker has the code it was planned with. Start one that has it, or have the code of now make what is left: iroko runs cancel RUN, then iroko runs retry RUN' end
       from changed where s.id = changed.id`,
    [afterSeconds],
  );
  return rowCount ?? 0;
}

/** What should not be: a step behind one that does not run, a partition busy with one. Mended all the same. */
export async function freeLeftBehind(tx: Tx): Promise<void> {
  await tx.query(
    `with freed as (
       select s.id from iroko.step s where s.behind is not null
          and not exists (select from iroko.step h where h.id = s.behind and h.status = 'running')
        order by s.id for update of s skip locked)
     update iroko.step s set behind = null, deferred_reason = null from freed where s.id = freed.id`,
  );
  await tx.query(
    `with freed as (
       select p.asset, p.partition from iroko.asset_partition p where p.busy_step is not null
          and not exists (select from iroko.step h where h.id = p.busy_step and h.status = 'running')
        order by p.asset, p.partition for update of p skip locked)
     update iroko.asset_partition p set busy_step = null from freed where p.asset = freed.asset and p.partition = freed.partition`,
  );
}
