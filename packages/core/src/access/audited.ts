/**
 * A change and its row in the audit are one transaction: there is neither without the other. What was refused or failed is
 * told, too, by the code of its error.
 */
import { IrokoError } from "../errors.ts";
import { insertAudit, insertAuditOfChange, type Actor, type AuditEntry } from "../instance/audit.ts";
import type { Database } from "../instance/database.ts";

export type AuditSubject = Omit<AuditEntry, "outcome">;

/**
 * Does `work` with a database whose first transaction that changes something tells of it. `subject` may come to be known
 * by the work: it is asked for once that transaction's own statements are done.
 */
export async function audited<Result>(
  db: Database,
  actor: Actor,
  subject: AuditSubject | (() => AuditSubject),
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  let told = false;
  const entry = (outcome: string): AuditEntry => ({
    ...(typeof subject === "function" ? subject() : subject),
    outcome,
  });
  const telling: Database = {
    ...db,
    async transaction(inner) {
      if (told) return db.transaction(inner);
      let tells = false;
      const result = await db.transaction(async (tx) => {
        const value = await inner(tx);
        tells = await insertAuditOfChange(tx, actor, entry("done"));
        return value;
      });
      told ||= tells;
      return result;
    },
  };
  try {
    const result = await work(telling);
    if (!told) await insertAudit(db, actor, entry("done"));
    return result;
  } catch (error) {
    // A database that is away cannot be told; its own error says more.
    await insertAudit(db, actor, entry(error instanceof IrokoError ? error.code : "INTERNAL")).catch(() => {});
    throw error;
  }
}
