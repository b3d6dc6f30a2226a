import type { PartitionSet } from "../partitions/partition-set.ts";
import { jsonText, setColumns, type SetColumns } from "./columns.ts";
import type { Queryable } from "./database.ts";

export type EventType =
  | "run_submitted"
  | "run_cancel_requested"
  | "attempt_failed"
  | "attempt_lost"
  | "step_failed"
  | "step_canceled"
  | "materialization"
  | "observation"
  | "check"
  | "joined"
  | "worker_lost"
  | "clock_wrong"
  | "worker_stopped"
  | "version_repaired"
  | "version_lost"
  | "rolled_back"
  | "purged"
  | "partitions_added"
  | "partitions_removed";

export interface NewEvent {
  readonly type: EventType;
  readonly run?: string;
  /** The step's number in its run. */
  readonly step?: number;
  readonly asset?: string;
  readonly partitions?: PartitionSet;
  readonly payload?: unknown;
}

/** Appends events in the caller's transaction. */
export async function appendEvents(db: Queryable, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await db.query(
    `insert into iroko.event (type, run, step, asset, windows, keys, boxes, payload)
     select type, run, step, asset, windows, keys, boxes, coalesce(payload, '{}')
       from json_to_recordset($1) as event (type text, run uuid, step integer, asset text, windows tstzmultirange, keys text[], boxes jsonb, payload jsonb)`,
    [
      jsonText(
        events.map(({ partitions, ...event }) => ({
          ...event,
          ...(partitions === undefined ? {} : setColumns(partitions)),
        })),
      ),
    ],
  );
}

export interface EventRow extends SetColumns {
  readonly id: number;
  readonly at: Temporal.Instant;
  readonly type: EventType;
  readonly run: string | null;
  readonly step: number | null;
  readonly asset: string | null;
  readonly payload: unknown;
}

/** A reader's place: transactions below it are all seen. */
export interface EventCursor {
  readonly xid: string;
  readonly id: number;
}

/**
 * The next events after a cursor, and the cursor after them. Only below the oldest transaction still open: one that
 * commits late is then never skipped.
 */
export async function readEvents(
  db: Queryable,
  after: EventCursor,
  limit: number,
  of: { readonly run?: string | undefined; readonly asset?: string | undefined } = {},
): Promise<{ readonly events: readonly (EventRow & EventCursor)[]; readonly cursor: EventCursor }> {
  const { rows } = await db.query<EventRow & EventCursor>(
    `select id, xid::text as xid, at, type, run, step, asset, windows, keys, boxes, payload from iroko.event
      where (xid, id) > ($1::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
        and ($4::uuid is null or run = $4) and ($5::text is null or asset = $5) order by xid, id limit $3`,
    [after.xid, after.id, limit, of.run ?? null, of.asset ?? null],
  );
  const last = rows.at(-1);
  return { events: rows, cursor: last === undefined ? after : { xid: last.xid, id: last.id } };
}

export const beforeEvents: EventCursor = { xid: "0", id: 0 };

/** The place after all that can be read now. */
export async function newestEvent(db: Queryable): Promise<EventCursor> {
  const { rows } = await db.query<EventCursor>(
    `select xid::text as xid, id from iroko.event where xid < pg_snapshot_xmin(pg_current_snapshot())
      order by event.xid desc, event.id desc limit 1`,
  );
  return rows[0] ?? beforeEvents;
}

/**
 * Whether nothing after the place can have been purged: it is not before the one that purging has got to, and something up to
 * it is still there. A place after all there is is one of a database that was restored since.
 */
export async function isPlaceKept(db: Queryable, place: EventCursor): Promise<boolean> {
  const { rows } = await db.query<{ kept: boolean }>(
    `select exists (select from iroko.event where (xid, id) <= ($1::xid8, $2))
        and exists (select from iroko.event where (xid, id) >= ($1::xid8, $2))
        and not exists (select from iroko.duty where name = 'events' and ((place ->> 'xid')::xid8, (place ->> 'id')::bigint) > ($1::xid8, $2)) as kept`,
    [place.xid, place.id],
  );
  return rows[0]?.kept ?? true;
}

/** A run's, a step's or an asset's events, newest first. */
export async function listEvents(
  db: Queryable,
  of: { readonly run?: string; readonly step?: number | undefined; readonly asset?: string },
  page: { readonly before?: number; readonly limit: number },
): Promise<readonly EventRow[]> {
  const { rows } = await db.query<EventRow>(
    `select id, at, type, run, step, asset, windows, keys, boxes, payload from iroko.event
      where ($1::uuid is null or run = $1) and ($2::text is null or asset = $2) and ($3::bigint is null or id < $3)
        and ($5::integer is null or step = $5) order by id desc limit $4`,
    [of.run ?? null, of.asset ?? null, page.before ?? null, page.limit, of.step ?? null],
  );
  return rows;
}

/** When the newest event happened: a clock that is behind it is wrong. */
export async function newestEventAt(db: Queryable): Promise<Temporal.Instant | undefined> {
  const { rows } = await db.query<{ at: Temporal.Instant }>("select at from iroko.event order by id desc limit 1");
  return rows[0]?.at;
}
