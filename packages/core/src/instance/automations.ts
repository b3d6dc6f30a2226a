import type { Queryable, Tx } from "./database.ts";

export interface AutomationRow {
  readonly location: string;
  readonly name: string;
  readonly paused: boolean;
  readonly pausedAt: Temporal.Instant | null;
  /** Ticks up to here are never asked for. */
  readonly since: Temporal.Instant;
  /** The last tick that was handled, requested or skipped. */
  readonly lastHandled: Temporal.Instant | null;
}

/**
 * A schedule as it is seen now. Its first sight, and an edit of its cron or timezone, count from now on: nothing before
 * is asked for. A pause stays.
 */
export async function sightSchedule(
  db: Queryable,
  schedule: { readonly location: string; readonly name: string; readonly cron: string; readonly timezone: string },
  now: Temporal.Instant,
): Promise<AutomationRow> {
  const { rows } = await db.query<AutomationRow>(
    `insert into iroko.automation as a (location, name, cron, timezone, since) values ($1, $2, $3, $4, $5)
     on conflict (location, name) do update
        set since = case when (a.cron, a.timezone) is distinct from (excluded.cron, excluded.timezone) then greatest(a.since, excluded.since) else a.since end,
            cron = excluded.cron, timezone = excluded.timezone
     returning location, name, paused, paused_at as "pausedAt", since,
               (select max(scheduled_for) from iroko.tick t where t.location = a.location and t.name = a.name
                   and t.status in ('requested', 'skipped', 'failed')) as "lastHandled"`,
    [schedule.location, schedule.name, schedule.cron, schedule.timezone, now.toString()],
  );
  return rows[0] as AutomationRow;
}

/** What is known of a location's schedules, or of all; one that no scheduler has seen yet has no row. */
export async function listAutomations(db: Queryable, location?: string): Promise<readonly AutomationRow[]> {
  const { rows } = await db.query<AutomationRow>(
    `select location, name, paused, paused_at as "pausedAt", since,
            (select max(scheduled_for) from iroko.tick t where t.location = a.location and t.name = a.name
                and t.status in ('requested', 'skipped', 'failed')) as "lastHandled"
       from iroko.automation a where $1::text is null or location = $1 order by location, name`,
    [location ?? null],
  );
  return rows;
}

/**
 * A pause outlives every deploy. A resume asks for no tick that fell due meanwhile; the next one asks for all windows
 * that have ended since the last handled one, those of the pause included.
 */
export async function setPaused(tx: Tx, location: string, name: string, paused: boolean): Promise<void> {
  await tx.query(
    `insert into iroko.automation (location, name, paused, paused_at) values ($1, $2, $3, case when $3 then clock_timestamp() end)
     on conflict (location, name) do update
        set paused = excluded.paused, paused_at = excluded.paused_at,
            since = case when $3 then iroko.automation.since else greatest(iroko.automation.since, clock_timestamp()) end`,
    [location, name, paused],
  );
}

export interface TickRow {
  readonly location: string;
  readonly name: string;
  readonly scheduledFor: Temporal.Instant;
  readonly status: "started" | "requested" | "skipped" | "failed";
  readonly reason: string | null;
  /** What it asked for, in the text form; null: for nothing, or for what has no partitions. */
  readonly partitions: string | null;
  readonly observation: string | null;
  readonly run: string | null;
  readonly handledSince: Temporal.Instant | null;
  readonly evaluatedAt: Temporal.Instant;
}

const tickColumns = `location, name, scheduled_for as "scheduledFor", status, reason, partitions, observation, run, handled_since as "handledSince",
  evaluated_at as "evaluatedAt"`;

/** False: the tick is being handled, or was, by somebody else. The primary key makes it happen once. */
export async function startTick(
  tx: Tx,
  tick: Pick<TickRow, "location" | "name" | "scheduledFor" | "status" | "reason" | "handledSince">,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into iroko.tick (location, name, scheduled_for, status, reason, handled_since) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [
      tick.location,
      tick.name,
      tick.scheduledFor.toString(),
      tick.status,
      tick.reason,
      tick.handledSince?.toString() ?? null,
    ],
  );
  return rowCount === 1;
}

export async function setTickObservation(
  tx: Tx,
  tick: Pick<TickRow, "location" | "name" | "scheduledFor">,
  run: string,
): Promise<void> {
  await tx.query("update iroko.tick set observation = $4 where location = $1 and name = $2 and scheduled_for = $3", [
    tick.location,
    tick.name,
    tick.scheduledFor.toString(),
    run,
  ]);
}

/** Started ticks whose observation, if any, has ended: their plan is due. */
export async function ticksToPlan(db: Queryable): Promise<readonly TickRow[]> {
  const { rows } = await db.query<TickRow>(
    `select ${tickColumns} from iroko.tick t
      where status = 'started' and not exists (select from iroko.run r where r.id = t.observation and r.ended_at is null)
      order by scheduled_for, name`,
  );
  return rows;
}

/** Ends a started tick, in the transaction that inserts its run; false when somebody else has. */
export async function endTick(
  tx: Tx,
  tick: Pick<TickRow, "location" | "name" | "scheduledFor">,
  end: Pick<TickRow, "partitions"> & {
    readonly status: "requested" | "skipped" | "failed";
    readonly reason: string;
    readonly run?: string;
  },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update iroko.tick set status = $4, reason = $5, run = $6, partitions = $7, evaluated_at = clock_timestamp()
      where location = $1 and name = $2 and scheduled_for = $3 and status = 'started'`,
    [tick.location, tick.name, tick.scheduledFor.toString(), end.status, end.reason, end.run ?? null, end.partitions],
  );
  return rowCount === 1;
}

/** Locks a started tick for the transaction that will end it; false when it is no longer to be had. */
export async function lockTick(tx: Tx, tick: Pick<TickRow, "location" | "name" | "scheduledFor">): Promise<boolean> {
  const { rowCount } = await tx.query(
    "select from iroko.tick where location = $1 and name = $2 and scheduled_for = $3 and status = 'started' for update skip locked",
    [tick.location, tick.name, tick.scheduledFor.toString()],
  );
  return rowCount === 1;
}

/** Newest first. */
export async function listTicks(
  db: Queryable,
  of: { readonly location: string; readonly name?: string },
  limit: number,
  before?: Temporal.Instant,
): Promise<readonly TickRow[]> {
  const { rows } = await db.query<TickRow>(
    `select ${tickColumns} from iroko.tick where location = $1 and ($2::text is null or name = $2)
        and ($4::timestamptz is null or scheduled_for < $4)
      order by scheduled_for desc, name limit $3`,
    [of.location, of.name ?? null, limit, before?.toString() ?? null],
  );
  return rows;
}

/** Of each schedule the last few ticks, the newest first. */
export async function latestTicks(
  db: Queryable,
  schedules: readonly { readonly location: string; readonly name: string }[],
  last: number,
): Promise<readonly TickRow[]> {
  const { rows } = await db.query<TickRow>(
    `select tick.* from unnest($1::text[], $2::text[]) as wanted (of_location, of_name) cross join lateral (
            select ${tickColumns} from iroko.tick where location = of_location and name = of_name
             order by scheduled_for desc limit $3) tick`,
    [schedules.map(({ location }) => location), schedules.map(({ name }) => name), last],
  );
  return rows;
}
