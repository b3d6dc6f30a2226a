/** Browsers that are signed in, and the attempts to be. Every limit of time is the database's. */
import type { Role } from "../client/operation.ts";
import type { Queryable, Tx } from "./database.ts";

export const idleHours = 12;
export const longestDays = 7;

const live = `s.last_seen_at > clock_timestamp() - interval '${idleHours} hours'
  and s.created_at > clock_timestamp() - interval '${longestDays} days'`;

export interface SessionRow {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
}

/** Takes the ended ones of everybody away with it. */
export async function insertSession(tx: Tx, secretHash: Uint8Array, userId: string, address: string): Promise<void> {
  await tx.query(`delete from iroko.login_session s where not (${live})`);
  await tx.query("insert into iroko.login_session (secret_hash, user_id, address) values ($1, $2, $3)", [
    secretHash,
    userId,
    address,
  ]);
}

export interface OpenSession {
  /** Of no use to whoever would enter by it. */
  readonly id: string;
  readonly createdAt: Temporal.Instant;
  readonly lastSeenAt: Temporal.Instant;
  /** From where it was opened. */
  readonly address: string;
  /** Whether it is the one that was named. */
  readonly current: boolean;
}

/** A user's that have not ended, the newest first. */
export async function listSessions(
  db: Queryable,
  userId: string,
  current: Uint8Array | undefined,
): Promise<readonly OpenSession[]> {
  const { rows } = await db.query<OpenSession>(
    `select encode(substring(secret_hash for 8), 'hex') as id, created_at as "createdAt", last_seen_at as "lastSeenAt",
            address, secret_hash is not distinct from $2 as current
       from iroko.login_session s where user_id = $1 and ${live} order by created_at desc, secret_hash`,
    [userId, current ?? null],
  );
  return rows;
}

/** Says how many. */
export async function deleteSessionsOf(tx: Tx, userId: string): Promise<number> {
  const { rowCount } = await tx.query("delete from iroko.login_session where user_id = $1", [userId]);
  return rowCount ?? 0;
}

/** Who it is, unless it has ended; seen at most once a minute. */
export async function findSession(db: Queryable, secretHash: Uint8Array): Promise<SessionRow | undefined> {
  const { rows } = await db.query<SessionRow>(
    `with found as (
       select s.secret_hash, s.last_seen_at, u.id as "userId", u.name, u.role
         from iroko.login_session s join iroko.user_account u on u.id = s.user_id
        where s.secret_hash = $1 and ${live}),
     seen as (
       update iroko.login_session s set last_seen_at = clock_timestamp() from found
        where s.secret_hash = found.secret_hash and found.last_seen_at < clock_timestamp() - interval '1 minute')
     select "userId", name, role from found`,
    [secretHash],
  );
  return rows[0];
}

export async function deleteSession(db: Queryable, secretHash: Uint8Array): Promise<void> {
  await db.query("delete from iroko.login_session where secret_hash = $1", [secretHash]);
}

/** What is counted, and the longest wait that failures of it bring about. */
export interface AttemptSubject {
  readonly subject: string;
  readonly longestSeconds: number;
}

/** So many attempts may fail without a wait; after that each failure doubles it. */
export const freeAttempts = 5;

/**
 * Counts an attempt as failed before anybody looks at its password, so that many at once are no way around it; or says
 * how many seconds too early it is, and counts nothing. What was counted is forgotten an hour after its wait.
 */
export async function reserveAttempt(tx: Tx, subjects: readonly AttemptSubject[]): Promise<number | undefined> {
  await tx.query("delete from iroko.login_attempt where next_try_at < clock_timestamp() - interval '1 hour'");
  const { rows } = await tx.query<{ wait: number | null }>(
    `select extract(epoch from max(next_try_at) - clock_timestamp())::double precision as wait
       from (select next_try_at from iroko.login_attempt where subject = any ($1) order by subject for update) a`,
    [subjects.map(({ subject }) => subject)],
  );
  const wait = rows[0]?.wait ?? 0;
  if (wait > 0) return wait;
  for (const { subject, longestSeconds } of subjects.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))) {
    await tx.query(
      `insert into iroko.login_attempt as a (subject, failures, next_try_at) values ($1, 1, clock_timestamp())
       on conflict (subject) do update set failures = a.failures + 1,
         next_try_at = clock_timestamp() + make_interval(secs =>
           case when a.failures + 1 < $2 then 0 else least($3, 2 ^ least(a.failures + 1 - $2, 30)) end)`,
      [subject, freeAttempts, longestSeconds],
    );
  }
  return undefined;
}

/** The attempt was a good one: its name begins anew, its address is as it was before. */
export async function forgiveAttempt(tx: Tx, name: string, address: string): Promise<void> {
  await tx.query(
    "update iroko.login_attempt set failures = failures - 1, next_try_at = clock_timestamp() where subject = $1",
    [address],
  );
  await tx.query("delete from iroko.login_attempt where subject = $1", [name]);
}
