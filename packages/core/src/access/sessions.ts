/**
 * Signing in: what a browser then holds is 256 random bits, kept here as their SHA-256 only. The token against forged
 * requests is made of them, so that nothing else has to be kept, and nobody without the cookie can make it.
 */
import { createHmac, randomBytes } from "node:crypto";
import { IrokoError } from "../errors.ts";
import { insertAudit, type Actor } from "../instance/audit.ts";
import type { Database } from "../instance/database.ts";
import { deleteSession, findSession, insertSession } from "../instance/sessions.ts";
import { beginAttempt } from "./attempts.ts";
import { sessionHash } from "./own-account.ts";
import type { Principal } from "./principal.ts";
import { plainName, signIn, userPrincipal } from "./users.ts";

/**
 * The new session's secret. What failed is told in the audit, except what came too early: a stranger could write as much of
 * that as it liked.
 *
 * @throws {IrokoError} SIGN_IN_REFUSED, RATE_LIMITED
 */
export async function openLoginSession(
  db: Database,
  { name, password }: { readonly name: string; readonly password: string },
  from: Pick<Actor, "via"> & { readonly address: string },
): Promise<{ readonly secret: string; readonly principal: Principal }> {
  const attempt = await beginAttempt(db, name, from.address);
  const { principal, known } = await signIn(db, name, password);
  if (principal === undefined) {
    const error = new IrokoError("SIGN_IN_REFUSED", "The name or the password is wrong.", {
      hint: "An admin can set a new password on the server's machine: iroko users set-password NAME",
    });
    // What is no user's name may be a password in the wrong field.
    const nobody = { ...from, kind: "nobody", name: known ? plainName(name) : "(unknown)" } as const;
    await insertAudit(db, nobody, { operation: "sessions.open", outcome: error.code });
    throw error;
  }
  const secret = randomBytes(32).toString("base64url");
  await db.transaction(async (tx) => {
    await insertSession(tx, sessionHash(secret), principal.id!, from.address);
    await attempt.forgive(tx);
    await insertAudit(
      tx,
      { ...from, kind: "user", name: principal.name },
      { operation: "sessions.open", outcome: "done" },
    );
  });
  return { secret, principal };
}

export async function principalOfSession(db: Database, secret: string): Promise<Principal | undefined> {
  if (!/^[\w-]{43}$/.test(secret)) return undefined;
  const session = await findSession(db, sessionHash(secret));
  return session && userPrincipal({ id: session.userId, name: session.name, role: session.role });
}

export async function endLoginSession(db: Database, secret: string): Promise<void> {
  await deleteSession(db, sessionHash(secret));
}

/** What a form or a header of the session's own pages says. */
export function csrfToken(secret: string): string {
  return createHmac("sha256", secret).update("csrf").digest("base64url");
}
