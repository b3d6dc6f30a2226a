/**
 * API tokens: `iroko_<id>_<secret>`. The id finds the row, the secret is 256 random bits of which only the SHA-256 is kept:
 * nothing that a table, a backup or a log holds is good for entering.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Role } from "../client/operation.ts";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { findToken, insertToken, markRevoked, touchToken } from "../instance/tokens.ts";
import { lesserRole, requireRoleOf, type Principal } from "./principal.ts";

export const defaultTokenDays = 90;
export const longestTokenDays = 366;

export interface NewToken {
  readonly id: string;
  /** Told this once. */
  readonly token: string;
  readonly role: Role;
  readonly expiresAt: Temporal.Instant;
}

/** @throws {IrokoError} ROLE_NEEDED: above the maker's own, or made by a token */
export async function createToken(
  db: Database,
  maker: Principal,
  { name, role, days = defaultTokenDays }: { readonly name: string; readonly role: Role; readonly days?: number },
): Promise<NewToken> {
  if (maker.kind === "token") {
    throw new IrokoError("ROLE_NEEDED", "A token makes no other tokens.", {
      hint: "Sign in and make it on the page, or on the machine: iroko tokens create NAME",
    });
  }
  requireRoleOf(maker, role, `A token of the role ${role}`);
  const id = BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(13, "0")
    .slice(-12);
  const secret = randomBytes(32).toString("base64url");
  const userId = maker.kind === "user" ? maker.id : undefined;
  const expiresAt = await db.transaction((tx) =>
    insertToken(tx, { id, name, role, days, userId, madeBy: maker.name, secretHash: sha256(secret) }),
  );
  return { id, token: `iroko_${id}_${secret}`, role, expiresAt };
}

/** Of one user only, where it is named. @throws {IrokoError} TOKEN_NOT_FOUND */
export async function revokeToken(db: Database, id: string, userId?: string): Promise<void> {
  if (!(await db.transaction((tx) => markRevoked(tx, id, userId)))) throw tokenNotFound(id);
}

export function tokenNotFound(id: string): IrokoError {
  return new IrokoError("TOKEN_NOT_FOUND", `There is no token ${JSON.stringify(id)}.`, {
    hint: "List them: iroko tokens list. Its id is between the two first _ of a token.",
  });
}

const form = /^iroko_([0-9a-z]{12})_([\w-]{43})$/;

/** Looked up at each request: one that was revoked is of no use to the next. @throws {IrokoError} TOKEN_REFUSED */
export async function principalOfToken(db: Database, text: string): Promise<Principal> {
  const [, id, secret] = form.exec(text) ?? [];
  const row = id === undefined ? undefined : await findToken(db, id);
  // The same work, and the same answer, for a token that there is not and for a wrong secret.
  const known = timingSafeEqual(row?.secretHash ?? Buffer.alloc(32), sha256(secret ?? ""));
  if (row === undefined || !known) throw refused("is not one of this server's", "Make one: iroko tokens create NAME");
  if (row.revokedAt !== null) throw refused(`"${row.name}" was revoked`, "Make another: iroko tokens create NAME");
  if (row.expired) throw refused(`"${row.name}" has expired`, "Make another: iroko tokens create NAME --days 90");
  await touchToken(db, row.id);
  const role = row.makerRole === null ? row.role : lesserRole(row.role, row.makerRole);
  return { kind: "token", id: row.id, name: row.name, role, user: row.maker ?? undefined };
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

function refused(why: string, hint: string): IrokoError {
  return new IrokoError("TOKEN_REFUSED", `The token ${why}.`, { hint });
}
