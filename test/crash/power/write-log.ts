/**
 * What a disk was told, in order, and what a power cut leaves of it: every write before the last flush, and of those after
 * it any, none, or some of their sectors. A position in the log is its length at that time.
 */
import { openSync, readSync, closeSync, fstatSync, writeSync } from "node:fs";

export type DiskRecord =
  | { readonly kind: "flush"; readonly end: number }
  | {
      readonly kind: "write";
      /** Where on the disk, and how much. */
      readonly offset: number;
      readonly bytes: number;
      /** Where in the log its bytes begin, and where it ends. */
      readonly data: number;
      readonly end: number;
    };

const headBytes = 16;
const sectorBytes = 512;

export const flushRecord: Buffer = Buffer.alloc(headBytes);

export function writeRecord(offset: number, data: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(1, 0);
  head.writeUInt32LE(data.length, 4);
  head.writeBigUInt64LE(BigInt(offset), 8);
  return Buffer.concat([head, data]);
}

export function readLog(file: string): readonly DiskRecord[] {
  const log = openSync(file, "r");
  try {
    const { size } = fstatSync(log);
    const head = Buffer.alloc(headBytes);
    const records: DiskRecord[] = [];
    for (let at = 0; at + headBytes <= size;) {
      readSync(log, head, 0, headBytes, at);
      const data = at + headBytes;
      if (head.readUInt32LE(0) === 0) {
        records.push({ kind: "flush", end: data });
        at = data;
        continue;
      }
      const bytes = head.readUInt32LE(4);
      at = data + bytes;
      records.push({ kind: "write", offset: Number(head.readBigUInt64LE(8)), bytes, data, end: at });
    }
    return records;
  } finally {
    closeSync(log);
  }
}

/** How the disk treats what it was not told to flush. */
export type Mercy = "all of it" | "none of it" | "some of it";

/** Which sectors of a volatile write are kept: [from, to) in bytes of it. */
export function kept(
  record: Extract<DiskRecord, { kind: "write" }>,
  mercy: Mercy,
  random: () => number,
): readonly [number, number] {
  if (mercy === "all of it") return [0, record.bytes];
  if (mercy === "none of it") return [0, 0];
  const fate = random();
  if (fate < 0.5) return [0, record.bytes];
  // ext4's superblock takes two sectors and is written in place: no file system survives half of it.
  if (fate < 0.8 || record.offset < 4096) return [0, 0];
  const cut = Math.floor(random() * (record.bytes / sectorBytes)) * sectorBytes;
  return random() < 0.5 ? [0, cut] : [cut, record.bytes];
}

/** Makes of the disk's first image, `image`, what a cut after `records[at]` leaves. */
export function applyCut(
  image: string,
  log: string,
  records: readonly DiskRecord[],
  at: number,
  mercy: Mercy,
  random: () => number,
): void {
  const [from, to] = [openSync(log, "r"), openSync(image, "r+")];
  try {
    const lastFlush = records.findLastIndex(({ kind }, index) => kind === "flush" && index <= at);
    records.slice(0, at + 1).forEach((record, index) => {
      if (record.kind === "flush") return;
      const [start, end] = index < lastFlush ? [0, record.bytes] : kept(record, mercy, random);
      if (end === start) return;
      const data = Buffer.alloc(end - start);
      readSync(from, data, 0, data.length, record.data + start);
      writeSync(to, data, 0, data.length, record.offset + start);
    });
  } finally {
    closeSync(from);
    closeSync(to);
  }
}
