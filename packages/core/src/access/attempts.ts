/** Guessed passwords: an attempt is counted before its password is looked at, and forgiven once it was the right one. */
import { createHash } from "node:crypto";
import { IrokoError } from "../errors.ts";
import type { Database, Tx } from "../instance/database.ts";
import { forgiveAttempt, reserveAttempt } from "../instance/sessions.ts";
import { plainName } from "./users.ts";

export interface Attempt {
  /** The user's name, as it is compared. */
  readonly name: string;
  /** The password was right. */
  forgive(tx: Tx): Promise<void>;
}

/**
 * A name's wait stays short: a stranger who keeps failing may delay its user, never lock it out. An address's grows to a
 * quarter of an hour.
 *
 * @throws {IrokoError} RATE_LIMITED
 */
export async function beginAttempt(db: Database, name: string, address: string): Promise<Attempt> {
  const plain = plainName(name);
  const ofName = { subject: subject("name", plain), longestSeconds: 30 };
  const ofAddress = { subject: subject("address", address), longestSeconds: 900 };
  const wait = await db.transaction((tx) => reserveAttempt(tx, [ofName, ofAddress]));
  if (wait === undefined)
    return { name: plain, forgive: (tx) => forgiveAttempt(tx, ofName.subject, ofAddress.subject) };
  const retryAfterSeconds = Math.ceil(wait);
  throw new IrokoError("RATE_LIMITED", "Too many passwords that were tried were wrong.", {
    hint: `Try again in ${retryAfterSeconds} s.`,
    details: { retryAfterSeconds },
  });
}

const subject = (kind: string, text: string): string =>
  `${kind} ${createHash("sha256").update(text).digest("base64url")}`;
