/** API tokens: of each only the hash of its secret is kept. */
import type { Role } from "../client/operation.ts";
import type { Queryable, Tx } from "./database.ts";

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  /** As asked for; a user's present role may be below it, and counts then. */
  readonly role: Role;
  readonly madeBy: string;
  readonly createdAt: Temporal.Instant;
  readonly expiresAt: Temporal.Instant;
  /** To the minute. */
  readonly lastUsedAt: Temporal.Instant | null;
  readonly revokedAt: Temporal.Instant | null;
  readonly expired: boolean;
}

const columns = `t.id, t.name, t.role, made_by as "madeBy", t.created_at as "createdAt", expires_at as "expiresAt",
  last_used_at as "lastUsedAt", revoked_at as "revokedAt", expires_at <= clock_timestamp() as expired`;

export async function insertToken(
  tx: Tx,
  token: Pick<TokenRow, "id" | "name" | "role" | "madeBy"> & {
    readonly secretHash: Uint8Array;
    readonly userId: string | undefined;
    readonly days: number;
  },
): Promise<Temporal.Instant> {
  const { rows } = await tx.query<{ expiresAt: Temporal.Instant }>(
    `insert into iroko.api_token (id, secret_hash, name, role, user_id, made_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(days => $7)) returning expires_at as "expiresAt"`,
    [token.id, token.secretHash, token.name, token.role, token.userId ?? null, token.madeBy, token.days],
  );
  return rows[0]!.expiresAt;
}

export interface FoundToken extends TokenRow {
  readonly secretHash: Buffer;
  /** null: it was made on the machine, or its user has been removed. */
  readonly makerRole: Role | null;
  readonly maker: { readonly id: string; readonly name: string } | null;
}

/** What a request's token has to be compared with, and the present role of the user that made it. */
export async function findToken(db: Queryable, id: string): Promise<FoundToken | undefined> {
  const { rows } = await db.query<FoundToken>(
    `select ${columns}, t.secret_hash as "secretHash", u.role as "makerRole",
            case when u.id is not null then json_build_object('id', u.id, 'name', u.name) end as maker
       from iroko.api_token t left join iroko.user_account u on u.id = t.user_id where t.id = $1`,
    [id],
  );
  return rows[0];
}

/** At most once a minute: a busy client is no reason to write. */
export async function touchToken(db: Queryable, id: string): Promise<void> {
  await db.query(
    `update iroko.api_token set last_used_at = clock_timestamp()
      where id = $1 and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`,
    [id],
  );
}

/** The newest first; of one user only, where it is named; a page before an id. */
export async function listTokens(
  db: Queryable,
  limit: number,
  { before, userId }: { readonly before?: string | undefined; readonly userId?: string | undefined } = {},
): Promise<readonly TokenRow[]> {
  const { rows } = await db.query<TokenRow>(
    `select ${columns} from iroko.api_token t
      where ($2::text is null or (t.created_at, t.id) < (select created_at, id from iroko.api_token where id = $2))
        and ($3::uuid is null or t.user_id = $3)
      order by t.created_at desc, t.id desc limit $1`,
    [limit, before ?? null, userId ?? null],
  );
  return rows;
}

/** Of one user only, where it is named. False: there is none; revoking twice is fine. */
export async function markRevoked(tx: Tx, id: string, userId?: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update iroko.api_token set revoked_at = coalesce(revoked_at, clock_timestamp())
      where id = $1 and ($2::uuid is null or user_id = $2)`,
    [id, userId ?? null],
  );
  return rowCount === 1;
}
