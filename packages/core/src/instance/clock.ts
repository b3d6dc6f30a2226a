import type { Queryable } from "./database.ts";

/** What time it is for Postgres. */
export async function postgresClock(db: Queryable): Promise<Temporal.Instant> {
  const { rows } = await db.query<{ at: Temporal.Instant }>("select clock_timestamp() as at");
  return rows[0]!.at;
}

/** A clock that was found wrong, or set, by a process that runs for long. */
export interface ClockEvent {
  readonly at: Temporal.Instant;
  readonly payload: {
    readonly host: string;
    /** It was set; otherwise it differs from Postgres'. */
    readonly set: boolean;
    readonly here: string;
    /** Postgres' clock, or what this one should have said. */
    readonly other: string;
  };
}

/** Of the last day, newest first. */
export async function clockEvents(db: Queryable, limit: number): Promise<readonly ClockEvent[]> {
  const { rows } = await db.query<ClockEvent>(
    `select at, payload from iroko.event where type = 'clock_wrong' and at > clock_timestamp() - interval '1 day' order by id desc limit $1`,
    [limit],
  );
  return rows;
}
