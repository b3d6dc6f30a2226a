/**
 * What everybody has done. The database numbers and chains the rows itself, and refuses to change one; here they are
 * written, and read for people and for the check of the chain.
 */
import type { Queryable, Tx } from "./database.ts";

/** Who acts, and from where. `nobody` has not proved to be anybody: the name is what it said. */
export interface Actor {
  readonly kind: "machine" | "user" | "token" | "nobody";
  readonly name: string;
  readonly via: "cli" | "page" | "token";
  readonly address?: string | undefined;
}

export interface AuditEntry {
  /** e.g. `runs.cancel`. */
  readonly operation: string;
  /** What it was done to: an id, a key, a name. */
  readonly target?: string | undefined;
  /** `done`, or the code of the error that it ended with. */
  readonly outcome: string;
}

export interface AuditRow {
  readonly seq: number;
  readonly at: Temporal.Instant;
  readonly actorKind: Actor["kind"];
  readonly actor: string;
  readonly via: Actor["via"];
  readonly address: string | null;
  readonly operation: string;
  readonly target: string | null;
  readonly outcome: string;
}

const longestText = 1_000;
const columns = `seq, at, actor_kind as "actorKind", actor, via, address, operation, target, outcome`;

const insert =
  "insert into iroko.audit (actor_kind, actor, via, address, operation, target, outcome) select $1, $2, $3, $4, $5, $6, $7";

/** Last in its transaction: from here to the commit nobody else writes to the chain. */
export async function insertAudit(db: Queryable, actor: Actor, entry: AuditEntry): Promise<void> {
  await db.query(insert, valuesOf(actor, entry));
}

/** The same, unless the transaction has changed nothing so far; says whether it has. */
export async function insertAuditOfChange(tx: Tx, actor: Actor, entry: AuditEntry): Promise<boolean> {
  const { rowCount } = await tx.query(
    `${insert} where pg_current_xact_id_if_assigned() is not null`,
    valuesOf(actor, entry),
  );
  return rowCount === 1;
}

function valuesOf(actor: Actor, { operation, target, outcome }: AuditEntry): readonly unknown[] {
  return [actor.kind, cut(actor.name), actor.via, actor.address ?? null, operation, target && cut(target), outcome];
}

/** What Postgres cannot keep, and what nobody would read to its end. */
function cut(text: string): string {
  return text.slice(0, longestText).toWellFormed().replaceAll("\0", "\u{fffd}");
}

export interface AuditFilter {
  /** Rows before this one: the next page. */
  readonly before?: number | undefined;
  readonly operation?: string | undefined;
  readonly actor?: string | undefined;
}

/** The newest first. */
export async function listAudit(db: Queryable, limit: number, filter: AuditFilter = {}): Promise<readonly AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    `select ${columns} from iroko.audit
      where ($2::bigint is null or seq < $2) and ($3::text is null or operation = $3) and ($4::text is null or actor = $4)
      order by seq desc limit $1`,
    [limit, filter.before ?? null, filter.operation ?? null, filter.actor ?? null],
  );
  return rows;
}

export interface ChainedRow extends AuditRow {
  readonly atText: string;
  readonly hash: Buffer;
}

/** In the chain's order, after a row. */
export async function chainedRows(db: Queryable, after: number, limit: number): Promise<readonly ChainedRow[]> {
  const { rows } = await db.query<ChainedRow>(
    `select ${columns}, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "atText", hash
       from iroko.audit where seq > $1 order by seq limit $2`,
    [after, limit],
  );
  return rows;
}

/** The last row that was ever written, and its hash; of the empty chain 0 and the hash of nothing. */
export async function auditHead(db: Queryable): Promise<{ readonly seq: number; readonly hash: Buffer }> {
  const { rows } = await db.query<{ seq: number; hash: Buffer }>("select seq, hash from iroko.audit_head");
  return rows[0]!;
}
