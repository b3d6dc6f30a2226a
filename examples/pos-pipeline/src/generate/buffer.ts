import { createHash, hash } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isoMillis, type Delivery } from "./record.ts";

const table = `
CREATE TABLE buffer (
  id TEXT PRIMARY KEY,
  payload TEXT NOT NULL,
  created_at REAL NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  last_attempt_at REAL,
  checksum TEXT NOT NULL,
  partition_key TEXT
)`;
const indexes = `
CREATE INDEX idx_buffer_status_created ON buffer(status, created_at);
CREATE INDEX idx_buffer_partition ON buffer(partition_key, status)`;

/** Makes a buffer file, in WAL mode, from nothing; the path holds the whole of it or what was there before. Returns its rows. */
export function makeBuffer(path: string, deliveries: Iterable<Delivery>): number {
  const unfinished = `${path}.part`;
  removeDatabase(unfinished);
  const db = new DatabaseSync(unfinished);
  db.exec(
    "pragma journal_mode = off; pragma synchronous = off; pragma locking_mode = exclusive; pragma cache_size = -65536",
  );
  db.exec(table);
  const rows = writeDeliveries(db, "d", deliveries);
  db.exec(indexes); // sorting once is faster than keeping two more trees in order
  db.exec("pragma locking_mode = normal; pragma journal_mode = wal");
  db.close();
  removeDatabase(path);
  renameSync(unfinished, path);
  return rows;
}

/** Opens a buffer that exists, as its forwarder would, runs `use` in one transaction, and closes it. */
export function changeBuffer<T>(path: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec("begin immediate");
    const result = use(db);
    db.exec("commit");
    return result;
  } finally {
    db.close();
  }
}

/** Inserts deliveries with ids `<prefix>-<number>-b`; one that sorts before the previous row takes that row's number and an `a`. */
export function writeDeliveries(db: DatabaseSync, prefix: string, deliveries: Iterable<Delivery>): number {
  const insert = db.prepare("insert into buffer values (?, ?, ?, ?, ?, ?, ?, ?)");
  const ownTransaction = !db.isTransaction;
  if (ownTransaction) db.exec("begin");
  let rows = 0;
  for (const { payload, createdAt, status, checksum, sortsBeforePrevious } of deliveries) {
    rows += 1;
    const number = sortsBeforePrevious ? rows - 1 : rows;
    insert.run(
      `${prefix}-${String(number).padStart(9, "0")}-${sortsBeforePrevious ? "a" : "b"}`,
      payload,
      createdAt,
      status ?? "sent",
      status === "pending" ? 0 : status === "failed" ? 5 : 1,
      status === "pending" ? null : createdAt + 2,
      checksum ?? checksumOf(payload),
      isoMillis(Math.floor(createdAt * 1000)).slice(0, 10), // the edge's own idea of a day, in UTC: not ours
    );
  }
  if (ownTransaction) db.exec("commit");
  return rows;
}

/** The first 16 hex digits of the SHA-256 of the payload. */
export function checksumOf(payload: string): string {
  return hash("sha256", payload).slice(0, 16);
}

/** A digest of every row of a buffer in the order of ids: equal for equal content, however the file is laid out. */
export function digestOfBuffer(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const digest = createHash("sha256");
    const rows = db.prepare("select * from buffer order by id");
    rows.setReturnArrays(true);
    for (const row of rows.iterate()) digest.update(`${JSON.stringify(row)}\n`);
    return digest.digest("hex");
  } finally {
    db.close();
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${suffix}`, { force: true });
}
