/**
 * The edge's buffer file: SQLite, written by the edge and its forwarder, only ever read here. Rows leave it as lines of
 * JSON that SQLite itself writes, thousands at a time: crossing into JavaScript row by row takes twice as long.
 */
import { isUtf8 } from "node:buffer";
import { statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { IrokoError } from "@iroko/core";

const whereItIs =
  "Set POS_BUFFER, or whatever else posBuffer({ path }) takes its path from, to the edge's SQLite file.";

const columns = ["id", "payload", "created_at", "status", "checksum"];

/** Rows that cross into JavaScript at once: some megabytes, a few hundredths of a second. */
const sliceRows = 16_384;

/** Lines of JSON, each a delivery: `i` id, `c` created_at in microseconds, `s` whether sent, `k` checksum, `p` payload. */
export interface BufferSlice {
  readonly lines: Uint8Array;
  /** Bytes of the longest line, or more. */
  readonly longest: number;
}

/** One read transaction of a buffer file, as long as it is open. */
export class BufferFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #path: string;

  private constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** @throws {IrokoError} BUFFER_NOT_FOUND, BUFFER_INVALID */
  static open(path: string): BufferFile {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) {
      throw new IrokoError("BUFFER_NOT_FOUND", `There is no buffer file ${path}.`, {
        hint: whereItIs,
        details: { path },
      });
    }
    if (!found.isFile()) {
      throw new IrokoError("BUFFER_INVALID", `${path} is no file.`, { hint: whereItIs, details: { path } });
    }
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
      // Memory that stays small whatever the file's size; a read that never sees half of another's write.
      db.exec("pragma cache_size = -16384");
      db.exec("begin");
      requireColumns(db, path);
      return new BufferFile(db, path);
    } catch (error) {
      db?.close();
      throw explain(error, path);
    }
  }

  /**
   * Every delivery taken in since then, in the order of the file.
   *
   * @param sinceSeconds since 1970; undefined for all
   */
  *slices(sinceSeconds: number | undefined): Generator<BufferSlice, void> {
    try {
      const ends = this.#db.prepare("select min(rowid) as first, max(rowid) as last from buffer").get();
      if (ends === undefined || ends["first"] === null) return;
      const read = this.#slice();
      for (let first = Number(ends["first"]); first <= Number(ends["last"]); first += sliceRows) {
        const row: unknown = read.get(first, first + sliceRows, sinceSeconds ?? -Infinity);
        const [lines, payload] = row as readonly [Uint8Array | null, number];
        if (lines !== null) yield { lines: wellFormed(lines), longest: longestLine(lines, payload) };
      }
    } catch (error) {
      throw explain(error, this.#path);
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  /**
   * Microseconds are rounded here, from the very double: as text it would lose digits. Those outside the years 1 to 9999
   * are moved to their ends.
   */
  #slice(): StatementSync {
    const statement = this.#db.prepare(`
      select
        cast(group_concat(
          json_object(
            'i', cast(id as text),
            'c', max(min(cast(round(created_at * 1000000) as integer), 253402300799999999), -62135596800000000),
            's', status = 'sent',
            'k', cast(checksum as text),
            'p', cast(payload as text)
          ),
          char(10)
        ) as blob),
        max(octet_length(payload))
      from buffer
      where rowid >= ? and rowid < ? and created_at >= ?`);
    statement.setReturnArrays(true);
    return statement;
  }
}

/** A payload cut in the middle of a letter is no UTF-8: what is left of the letter reads as U+FFFD, here as anywhere. */
function wellFormed(lines: Uint8Array): Uint8Array {
  return isUtf8(lines) ? lines : Buffer.from(Buffer.from(lines).toString("utf8"));
}

/** Escaped, a payload may take six times its bytes; what that would make too much is looked at. */
function longestLine(lines: Uint8Array, payloadBytes: number): number {
  if (payloadBytes < 2 ** 19) return 2 ** 22;
  let longest = 0;
  for (let start = 0; start < lines.length;) {
    const newline = lines.indexOf(0x0a, start);
    const end = newline < 0 ? lines.length : newline;
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return longest;
}

function requireColumns(db: DatabaseSync, path: string): void {
  const found = db.prepare("select name from pragma_table_info('buffer')").all();
  if (found.length === 0) {
    throw new IrokoError("BUFFER_INVALID", `${path} has no table "buffer".`, {
      hint: whereItIs,
      details: { path },
    });
  }
  const missing = columns.filter((column) => !found.some(({ name }) => name === column));
  if (missing.length === 0) return;
  throw new IrokoError("BUFFER_INVALID", `${path}: its table "buffer" has no ${missing.join(", ")}.`, {
    hint: `It needs the columns ${columns.join(", ")}.`,
    details: { path, missing },
  });
}

/** SQLite's own failures about the file; a busy or unreadable one may be better in a moment, so it stays as it is. */
function explain(error: unknown, path: string): unknown {
  if (error instanceof IrokoError || !(error instanceof Error) || !("errcode" in error)) return error;
  const code = Number(error.errcode) & 0xff;
  if (code !== sqliteNotADatabase && code !== sqliteCorrupt) return error;
  return new IrokoError(
    "BUFFER_INVALID",
    `${path} is ${code === sqliteCorrupt ? "a damaged SQLite file" : "not a SQLite file"}: ${error.message}.`,
    {
      hint: whereItIs,
      details: { path },
      cause: error,
    },
  );
}

const sqliteCorrupt = 11;
const sqliteNotADatabase = 26;
