/**
 * Which events go, and which stay: what steps, outputs and partitions tell themselves goes with age; what nothing but the
 * event tells stays with its run. Nothing here changes a status, and the audit is no part of it.
 */
import type { Database } from "./database.ts";
import type { EventCursor } from "./events.ts";

/** Read by the page of their run, or by whoever asks why a partition is not there. */
const stays = [
  "run_submitted",
  "run_cancel_requested",
  "attempt_failed",
  "attempt_lost",
  "step_failed",
  "step_canceled",
  "check",
  "purged",
] as const;

/**
 * Looks at the next events, in the order in which readers read them, and deletes what may go of those that are so many days
 * older than the newest: a clock that is years ahead makes nothing old. Returns how many it has looked at.
 */
export async function deleteOldEvents(db: Database, days: number, atOnce: number): Promise<number> {
  return await db.transaction(async (tx) => {
    const { rows: duty } = await tx.query<{ place: EventCursor | null }>(
      "select place from iroko.duty where name = 'events' for update",
    );
    const from = duty[0]?.place ?? { xid: "0", id: 0 };
    const { rows } = await tx.query<{ looked: number }>(
      `with newest as materialized (select least(at, clock_timestamp()) as at from iroko.event order by id desc limit 1),
       looked as materialized (
         select e.xid, e.id, e.type, e.run, bool_and(e.at < newest.at - make_interval(hours => $4)) over (order by e.xid, e.id) as old
           from newest cross join lateral (
                select * from iroko.event where (xid, id) > ($1::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
                 order by xid, id limit $3) e),
       gone as (
         delete from iroko.event e using looked
          where e.id = looked.id and old and looked.type <> all ($5)
            and not exists (select from iroko.run r where r.id = looked.run and r.ended_at is null)),
       moved as (
         update iroko.duty set place = jsonb_build_object('xid', last.xid::text, 'id', last.id)
           from (select xid, id from looked where old order by xid desc, id desc limit 1) last where name = 'events')
       select count(*)::integer as looked from looked where old`,
      [from.xid, from.id, atOnce, Math.ceil(days * 24), stays],
    );
    return rows[0]?.looked ?? 0;
  });
}
