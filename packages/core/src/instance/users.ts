/** Local users of a server that others can reach. What ends a user's sessions ends them in the same statement. */
import type { Role } from "../client/operation.ts";
import type { Queryable, Tx } from "./database.ts";

export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Temporal.Instant;
  /** When the password or the role was changed last. */
  readonly changedAt: Temporal.Instant;
  /** The newest of the sessions that it has. */
  readonly lastSeenAt: Temporal.Instant | null;
}

/** By name, a page after a name. */
export async function listUsers(db: Queryable, limit: number, after?: string): Promise<readonly UserRow[]> {
  const { rows } = await db.query<UserRow>(
    `select id, name, role, created_at as "createdAt", changed_at as "changedAt",
            (select max(last_seen_at) from iroko.login_session s where s.user_id = u.id) as "lastSeenAt"
       from iroko.user_account u where $2::text is null or name > $2 order by name limit $1`,
    [limit, after ?? null],
  );
  return rows;
}

export async function findUser(
  db: Queryable,
  name: string,
): Promise<{ readonly id: string; readonly role: Role; readonly password: string } | undefined> {
  const { rows } = await db.query<{ id: string; role: Role; password: string }>(
    "select id, role, password from iroko.user_account where name = $1",
    [name],
  );
  return rows[0];
}

/** False: there is one of that name. */
export async function insertUser(
  tx: Tx,
  user: { readonly name: string; readonly role: Role; readonly password: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "insert into iroko.user_account (name, role, password) values ($1, $2, $3) on conflict do nothing",
    [user.name, user.role, user.password],
  );
  return rowCount === 1;
}

/**
 * Ends the user's sessions, but for the one that is named by its hash. How many have ended; undefined: there is no such
 * user.
 */
export async function updateUser(
  tx: Tx,
  name: string,
  change: { readonly role: Role } | { readonly password: string },
  keptSession?: Uint8Array,
): Promise<number | undefined> {
  const { rows } = await tx.query<{ ended: number }>(
    `with changed as (
       update iroko.user_account set role = coalesce($2, role), password = coalesce($3, password),
         changed_at = clock_timestamp() where name = $1 returning id),
     ended as (
       delete from iroko.login_session
        where user_id in (select id from changed) and secret_hash is distinct from $4 returning 1)
     select (select count(*)::integer from ended) as ended from changed`,
    [name, "role" in change ? change.role : null, "password" in change ? change.password : null, keptSession ?? null],
  );
  return rows[0]?.ended;
}

/** The same password by stronger parameters: nothing of it has changed for its user. */
export async function replaceHash(db: Queryable, id: string, from: string, to: string): Promise<void> {
  await db.query("update iroko.user_account set password = $3 where id = $1 and password = $2", [id, from, to]);
}

/** With its sessions; its tokens are revoked. False: there is no such user. */
export async function deleteUser(tx: Tx, name: string): Promise<boolean> {
  await tx.query(
    `update iroko.api_token set revoked_at = clock_timestamp()
      where revoked_at is null and user_id = (select id from iroko.user_account where name = $1)`,
    [name],
  );
  const { rowCount } = await tx.query("delete from iroko.user_account where name = $1", [name]);
  return rowCount === 1;
}

/** Whether anybody could get in: a user, or a token that is good still. */
export async function anybodyMayEnter(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ may: boolean }>(
    `select exists (select from iroko.user_account)
         or exists (select from iroko.api_token where revoked_at is null and expires_at > clock_timestamp()) as may`,
  );
  return rows[0]?.may === true;
}
