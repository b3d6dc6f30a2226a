/** What somebody may do about the own account, whatever the role: a new password, and which browsers are signed in. */
import { createHash } from "node:crypto";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { deleteSessionsOf, listSessions, type OpenSession } from "../instance/sessions.ts";
import { findUser, updateUser } from "../instance/users.ts";
import type { Attempt } from "./attempts.ts";
import { checkPassword, hashPassword, requirePassword } from "./password.ts";
import type { Principal } from "./principal.ts";

export type OwnUser = NonNullable<Principal["user"]>;

/** @throws {IrokoError} NOT_A_USER */
export function requireUser({ kind, name, user }: Principal): OwnUser {
  if (user !== undefined) return user;
  const who = kind === "token" ? `The token "${name}" was made on the machine and is nobody's` : "Nobody signs in here";
  throw new IrokoError("NOT_A_USER", `${who}: there is no user whose account this would be.`, {
    hint:
      kind === "token"
        ? "Sign in, make a token on the page, and use that one."
        : "Users are for a server that others can reach. A password is set on its machine: iroko users set-password NAME",
  });
}

/**
 * Ends the user's other sessions; says how many.
 *
 * @param attempt begun for this user: what makes guessing the present password slow
 * @throws {IrokoError} PASSWORD_WEAK, PASSWORD_WRONG
 */
export async function changeOwnPassword(
  db: Database,
  { current, password, session }: { readonly current: string; readonly password: string; readonly session?: string },
  attempt: Attempt,
): Promise<number> {
  const user = await findUser(db, attempt.name);
  if (user === undefined || (await checkPassword(current, user.password)) === "wrong") {
    throw new IrokoError("PASSWORD_WRONG", "The present password is another one.", {
      hint: "An admin can set a new one on the server's machine: iroko users set-password NAME",
    });
  }
  requirePassword(password);
  const hash = await hashPassword(password);
  return db.transaction(async (tx) => {
    await attempt.forgive(tx);
    const kept = session === undefined ? undefined : sessionHash(session);
    return (await updateUser(tx, attempt.name, { password: hash }, kept)) ?? 0;
  });
}

/** The newest first. */
export async function ownSessions(
  db: Database,
  user: OwnUser,
  session: string | undefined,
): Promise<readonly OpenSession[]> {
  return listSessions(db, user.id, session === undefined ? undefined : sessionHash(session));
}

/** All of them, this one too; says how many. */
export async function endOwnSessions(db: Database, user: OwnUser): Promise<number> {
  return db.transaction((tx) => deleteSessionsOf(tx, user.id));
}

/** As sessions are kept. */
export const sessionHash = (secret: string): Buffer => createHash("sha256").update(secret).digest();
