/** Who acts where a command is typed: this machine's user, who may do everything. What it changes is told in the audit. */
import { hostname, userInfo } from "node:os";
import { audited, type Actor, type AuditSubject, type Database, type Principal } from "@iroko/core/engine";

export function principalHere(): Principal {
  return { kind: "machine", name: userName(), role: "admin" };
}

/** Does `work` with a database whose first transaction tells of it. */
export async function auditedHere<Result>(
  db: Database,
  subject: AuditSubject | (() => AuditSubject),
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  const actor: Actor = { kind: "machine", name: userName(), via: "cli", address: hostname() };
  return audited(db, actor, subject, work);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`; // a container's user that no passwd file names
  }
}
