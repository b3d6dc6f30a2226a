import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A delivery written by hand. Unless it says otherwise: sent, with the right checksum. */
export interface MiniDelivery {
  readonly id: string;
  readonly payload: string;
  /** Seconds since 1970, or ISO 8601. */
  readonly createdAt: number | string;
  readonly status?: string;
  readonly checksum?: string;
}

/** A folder with a `buffer.db` and a `merchants.csv` written by hand; gone at the end of the scope. */
export class MiniBuffer implements Disposable {
  readonly folder: string = mkdtempSync(path.join(tmpdir(), "mini-buffer-"));
  readonly buffer: string = path.join(this.folder, "buffer.db");
  readonly merchants: string = path.join(this.folder, "merchants.csv");

  constructor(deliveries: readonly MiniDelivery[], merchantsCsv = miniMerchants) {
    writeFileSync(this.merchants, merchantsCsv);
    const db = new DatabaseSync(this.buffer);
    db.exec(`
      PRAGMA journal_mode = wal;
      CREATE TABLE buffer (id TEXT PRIMARY KEY, payload TEXT NOT NULL, created_at REAL NOT NULL, status TEXT NOT NULL DEFAULT 'pending',
        attempts INTEGER NOT NULL DEFAULT 0, last_attempt_at REAL, checksum TEXT NOT NULL, partition_key TEXT);
      CREATE INDEX idx_buffer_status_created ON buffer(status, created_at);
      CREATE INDEX idx_buffer_partition ON buffer(partition_key, status)`);
    db.close();
    this.deliver(deliveries);
  }

  deliver(deliveries: readonly MiniDelivery[]): void {
    this.#change((db) => {
      const insert = db.prepare(
        "insert into buffer (id, payload, created_at, status, checksum) values (?, ?, ?, ?, ?)",
      );
      for (const { id, payload, createdAt, status, checksum } of deliveries) {
        insert.run(id, payload, seconds(createdAt), status ?? "sent", checksum ?? checksumOf(payload));
      }
    });
  }

  delete(id: string): void {
    this.#change((db) => db.prepare("delete from buffer where id = ?").run(id));
  }

  execute(sql: string): void {
    this.#change((db) => db.exec(sql));
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  #change(use: (db: DatabaseSync) => unknown): void {
    const db = new DatabaseSync(this.buffer);
    use(db);
    db.close();
  }
}

/** A payload as the edge writes it, with some fields written otherwise (as JSON text) or, when undefined, left out. */
export function payload(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const fields: Record<string, string | undefined> = {
    amount_ngn: "3891.25",
    channel: '"chip"',
    customer_id: '"C182034"',
    event_time: '"2026-11-01T08:14:22.031Z"',
    merchant_id: '"M000417"',
    phone_number: '"+2348000182034"',
    terminal_id: '"POS01177"',
    transaction_id: '"T000-00081234"',
    ...changes,
  };
  const members = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `{${members
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${JSON.stringify(name)}:${value}`)
    .join()}}`;
}

export function checksumOf(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex").slice(0, 16);
}

const miniMerchants = `merchant_id,merchant_name,merchant_category,state,lga
M000417,"Ọlá & Sons, Ltd.",Grocery,Lagos,Ikeja
M000002,"Mama ""Gold"" Kitchen",Restaurant,Lagos,Ikeja
M000003,Danladi Stores,Grocery,Kano,Fagge
M000004,Nowhere,,,
`;

function seconds(createdAt: number | string): number {
  return typeof createdAt === "number" ? createdAt : Temporal.Instant.from(createdAt).epochMilliseconds / 1000;
}
