/** Whether the audit is as it was written: every row follows from the one before it, and the last is the last there ever was. */
import { createHash } from "node:crypto";
import { auditHead, chainedRows, type ChainedRow } from "../instance/audit.ts";
import type { Queryable } from "../instance/database.ts";

export interface AuditFault {
  /** The first row that is not as it was written. */
  readonly seq: number;
  readonly fault: "edited" | "missing" | "cut off" | "not the row that was noted";
}

export interface AuditVerdict {
  readonly rows: number;
  /** The last row and its hash: noted elsewhere, they show later whether somebody has written the whole chain anew. */
  readonly head: string;
  readonly fault?: AuditFault | undefined;
}

const batch = 2_000;

/** @param noted a head that was printed earlier */
export async function verifyAudit(db: Queryable, noted?: string): Promise<AuditVerdict> {
  const head = await auditHead(db);
  const isNoted = (seq: number, hash: Buffer): boolean => `${seq}:${hash.toString("hex")}` === noted;
  const notedSeq = noted === undefined ? undefined : Number(noted.split(":")[0]);
  let hash: Buffer = createHash("sha256").digest();
  let seq = 0;
  const verdict = (fault?: AuditFault): AuditVerdict => ({
    rows: seq,
    head: `${head.seq}:${head.hash.toString("hex")}`,
    ...(fault === undefined ? {} : { fault }),
  });
  for (;;) {
    // What is written meanwhile is beyond the head that was read.
    const rows = (await chainedRows(db, seq, batch)).filter((row) => row.seq <= head.seq);
    for (const row of rows) {
      if (row.seq !== seq + 1) return verdict({ seq: seq + 1, fault: "missing" });
      hash = createHash("sha256").update(hash).update(auditText(row)).digest();
      if (!hash.equals(row.hash)) return verdict({ seq: row.seq, fault: "edited" });
      if (row.seq === notedSeq && !isNoted(row.seq, hash))
        return verdict({ seq: row.seq, fault: "not the row that was noted" });
      seq = row.seq;
    }
    if (rows.length < batch) break;
  }
  if (seq < head.seq) return verdict({ seq: seq + 1, fault: "cut off" });
  if (!hash.equals(head.hash)) return verdict({ seq, fault: "edited" });
  if (notedSeq !== undefined && notedSeq > seq) return verdict({ seq: seq + 1, fault: "cut off" });
  return verdict();
}

/** As `iroko.audit_text` writes it: Postgres puts a space after each comma. */
function auditText(row: ChainedRow): string {
  const { seq, atText, actorKind, actor, via, address, operation, target, outcome } = row;
  const values = [`${seq}`, atText, actorKind, actor, via, address, operation, target, outcome];
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}
