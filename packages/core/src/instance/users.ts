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

/** Ends the user's sessions; false: there is no such user. */
export async function updateRole(tx: Tx, name: string, role: Role): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with changed as (
       update iroko.user_account set role = $2, changed_at = clock_timestamp() where name = $1 returning id),
     ended as (delete from iroko.login_session where user_id in (select id from changed))
     select from changed`,
    [name, role],
  );
  return rowCount === 1;
}

/** Ends the user's sessions; false: there is no such user. */
export async function updatePassword(tx: Tx, name: string, password: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with changed as (
       update iroko.user_account set password = $2, changed_at = clock_timestamp() where name = $1 returning id),
     ended as (delete from iroko.login_session where user_id in (select id from changed))
     select from changed`,
    [name, password],
  );
  return rowCount === 1;
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
