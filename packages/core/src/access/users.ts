/** Local users: made, changed and removed by people; signed in by name and password. */
import { didYouMeanHint } from "../did-you-mean.ts";
import type { Role } from "../client/operation.ts";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { deleteUser, findUser, insertUser, listUsers, replaceHash, updateUser } from "../instance/users.ts";
import { checkPassword, hashPassword, nobodysHash, requirePassword } from "./password.ts";
import type { Principal } from "./principal.ts";

/** @throws {IrokoError} USER_NAME_INVALID, PASSWORD_WEAK, USER_EXISTS */
export async function addUser(
  db: Database,
  user: { readonly name: string; readonly role: Role; readonly password: string },
): Promise<void> {
  const name = parseUserName(user.name);
  requirePassword(user.password);
  const password = await hashPassword(user.password);
  await db.transaction(async (tx) => {
    if (await insertUser(tx, { name, role: user.role, password })) return;
    throw new IrokoError("USER_EXISTS", `There is a user "${name}" already.`, {
      hint: `Change it: iroko users set-role ${name} ${user.role}, or iroko users set-password ${name}`,
    });
  });
}

/** Ends its sessions. @throws {IrokoError} USER_NOT_FOUND */
export async function setRole(db: Database, name: string, role: Role): Promise<void> {
  await change(db, name, async (tx, known) => (await updateUser(tx, known, { role })) !== undefined);
}

/** Ends its sessions. @throws {IrokoError} USER_NOT_FOUND, PASSWORD_WEAK */
export async function setPassword(db: Database, name: string, password: string): Promise<void> {
  requirePassword(password);
  const hash = await hashPassword(password);
  await change(db, name, async (tx, known) => (await updateUser(tx, known, { password: hash })) !== undefined);
}

/** With its sessions; its tokens are revoked. @throws {IrokoError} USER_NOT_FOUND */
export async function removeUser(db: Database, name: string): Promise<void> {
  await change(db, name, deleteUser);
}

/** Without a principal it is no known name, or not its password: both take the same time. */
export async function signIn(
  db: Database,
  name: string,
  password: string,
): Promise<{ readonly principal?: Principal; readonly known: boolean }> {
  const plain = plainName(name);
  const user = await findUser(db, plain);
  const outcome = await checkPassword(password, user?.password ?? nobodysHash);
  if (user === undefined || outcome === "wrong") return { known: user !== undefined };
  if (outcome === "outdated") await replaceHash(db, user.id, user.password, await hashPassword(password));
  return { principal: userPrincipal({ id: user.id, name: plain, role: user.role }), known: true };
}

export function userPrincipal(user: { readonly id: string; readonly name: string; readonly role: Role }): Principal {
  const { id, name, role } = user;
  return { kind: "user", id, name, role, user: { id, name } };
}

/** As names are compared: NFC, in lower case; without what Postgres could not even look for. */
export const plainName = (name: string): string =>
  name.slice(0, 1_000).replaceAll("\0", "\u{fffd}").normalize("NFC").toLowerCase();

function parseUserName(text: string): string {
  const name = plainName(text);
  if (/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@-]{0,63}$/u.test(name)) return name;
  throw new IrokoError("USER_NAME_INVALID", `${JSON.stringify(text)} cannot be a user's name.`, {
    hint: "It has up to 64 letters, digits and . _ @ -, and begins with a letter or a digit.",
  });
}

async function change(
  db: Database,
  text: string,
  by: (tx: Parameters<Parameters<Database["transaction"]>[0]>[0], name: string) => Promise<boolean>,
): Promise<void> {
  const name = plainName(text);
  if (await db.transaction((tx) => by(tx, name))) return;
  const names = (await listUsers(db, 1_000)).map((user) => user.name);
  throw new IrokoError("USER_NOT_FOUND", `There is no user "${name}".`, {
    hint: didYouMeanHint(name, names, "users"),
  });
}
