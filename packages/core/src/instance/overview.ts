/** What waits and what moves, in numbers, for whoever looks at the whole instance. */
import { isUnpublished } from "./asset-partitions.ts";
import type { Queryable } from "./database.ts";

export interface QueueRow {
  readonly location: string;
  /** Steps that may start, and of these those that have a wake-up in the queue. */
  readonly ready: number;
  readonly admitted: number;
  /** Ready, but put off until later. */
  readonly deferred: number;
  readonly running: number;
  /** Since when the one that has waited longest may start. */
  readonly waitingSince: Temporal.Instant | null;
}

/** By code location; of those that have nothing to do there is no row. */
export async function queueByLocation(db: Queryable): Promise<readonly QueueRow[]> {
  const { rows } = await db.query<QueueRow>(
    `with step as (
       select location, status, admitted, deferred_until, ready_at from iroko.step where status = 'ready' and admitted
        union all
       select location, status, admitted, deferred_until, ready_at from iroko.step where status = 'ready' and not admitted
        union all
       select location, status, admitted, deferred_until, ready_at from iroko.step where status = 'running')
     select location, count(*) filter (where status = 'ready') as ready, count(*) filter (where status = 'ready' and admitted) as admitted,
            count(*) filter (where status = 'ready' and deferred_until > clock_timestamp()) as deferred,
            count(*) filter (where status = 'running') as running,
            min(ready_at) filter (where status = 'ready' and (deferred_until is null or deferred_until <= clock_timestamp())) as "waitingSince"
       from step group by location order by location`,
  );
  return rows;
}

export interface StoreFacts {
  /** Committed versions that the stable paths do not show yet. */
  readonly unpublished: number;
  /** Multipart uploads under way. */
  readonly uploads: number;
  /** Files that are built and wait for their upload or for their commit to be verified. */
  readonly built: number;
  /** What went over the link within the last day. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export async function storeFacts(db: Queryable): Promise<StoreFacts> {
  const { rows } = await db.query<StoreFacts>(
    `select (select count(*) from iroko.asset_partition where ${isUnpublished}) as unpublished,
            (select count(*) from iroko.upload) as uploads, (select count(*) from iroko.built) as built,
            coalesce(sum(bytes_moved) filter (where direction = 'up'), 0)::bigint as "sentBytes",
            coalesce(sum(bytes_moved) filter (where direction = 'down'), 0)::bigint as "receivedBytes"
       from iroko.transfer where at > clock_timestamp() - interval '1 day'`,
  );
  return rows[0]!;
}

export interface LocationVersionRow {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  readonly current: boolean;
  readonly registeredAt: Temporal.Instant;
}

/** All snapshots that code locations have registered, by name, the newest version first. */
export async function listLocationHistory(
  db: Queryable,
  page: { readonly limit: number; readonly after?: readonly [name: string, version: number] },
): Promise<readonly LocationVersionRow[]> {
  const { rows } = await db.query<LocationVersionRow>(
    `select name, version, hash, current, registered_at as "registeredAt" from iroko.location
      where $2::text is null or name > $2 or (name = $2 and version < $3) order by name, version desc limit $1`,
    [page.limit, ...(page.after ?? [null, null])],
  );
  return rows;
}
