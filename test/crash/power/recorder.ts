/**
 * A disk that remembers: a process that serves one file over FUSE, to be a loop device's, and keeps every write and every
 * flush in the order in which they came. `recorder.ts IMAGE LOG MOUNTPOINT`: the image is what the disk holds at first and
 * is written through, the log is what a power cut is made of (`write-log.ts`), the mount point is a file.
 *
 * It speaks the kernel's protocol itself (include/uapi/linux/fuse.h), so that nothing has to be installed. The root of the
 * file system is the file, so there are no names to look up. One request after the other, no event loop: it ends when it is
 * unmounted.
 */
import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { flushRecord, writeRecord } from "./write-log.ts";

const opcodes = { getattr: 3, setattr: 4, open: 14, read: 15, write: 16, fsync: 20, init: 26 } as const;
/** Of these nothing is answered: forget, interrupt, batch forget. */
const unanswered = new Set([2, 36, 42]);
/** These need nothing to be done: release, flush, destroy. */
const nothingToDo = new Set([18, 25, 38]);
const errno = { EPERM: 1, ENOENT: 2, ENODEV: 19, ENOSYS: 38 } as const;

const headerBytes = 40;
const answerBytes = 16;
const argumentBytes = 40; // of a read and of a write
const maxWrite = 1 << 20;
const wholeFile = 0o100600;

const [image, log, mountPoint] = process.argv.slice(2);
if (image === undefined || log === undefined || mountPoint === undefined)
  throw new Error("usage: recorder.ts IMAGE LOG MOUNTPOINT");

const disk = openSync(image, "r+");
const size = fstatSync(disk).size;
const written = openSync(log, "a");
const device = openSync("/dev/fuse", "r+");
const request = Buffer.alloc(maxWrite + 4096);

// Goes on beside the loop below: mounting asks for answers.
spawn(
  "mount",
  ["-i", "-t", "fuse", "-o", `fd=3,rootmode=${wholeFile.toString(8)},user_id=0,group_id=0`, "recorder", mountPoint],
  { stdio: ["ignore", "inherit", "inherit", device] },
);

for (;;) {
  const bytes = nextRequest();
  if (bytes === undefined) break;
  const opcode = request.readUInt32LE(4);
  if (!unanswered.has(opcode)) answer(request.readBigUInt64LE(8), serve(opcode, request.subarray(headerBytes, bytes)));
}
closeSync(device);

/** How long the next request is; undefined once the file is unmounted. */
function nextRequest(): number | undefined {
  for (;;) {
    try {
      return readSync(device, request, 0, request.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENODEV") return undefined;
      if (code === "EPERM")
        pause(5); // not mounted yet
      else if (code !== "ENOENT" && code !== "EINTR" && code !== "EAGAIN") throw error; // a request taken back
    }
  }
}

function serve(opcode: number, body: Buffer): Buffer | number {
  switch (opcode) {
    case opcodes.init:
      return initialized();
    case opcodes.getattr:
    case opcodes.setattr:
      return attributes();
    case opcodes.open:
      return Buffer.alloc(16);
    case opcodes.read: {
      const [offset, wanted] = [Number(body.readBigUInt64LE(8)), body.readUInt32LE(16)];
      const data = Buffer.alloc(Math.max(0, Math.min(wanted, size - offset)));
      readSync(disk, data, 0, data.length, offset);
      return data;
    }
    case opcodes.write: {
      const offset = Number(body.readBigUInt64LE(8));
      const data = body.subarray(argumentBytes, argumentBytes + body.readUInt32LE(16));
      writeSync(written, writeRecord(offset, data));
      writeSync(disk, data, 0, data.length, offset);
      const taken = Buffer.alloc(8);
      taken.writeUInt32LE(data.length);
      return taken;
    }
    case opcodes.fsync:
      writeSync(written, flushRecord);
      return Buffer.alloc(0);
    default:
      return nothingToDo.has(opcode) ? Buffer.alloc(0) : errno.ENOSYS;
  }
}

function answer(unique: bigint, result: Buffer | number): void {
  const payload = typeof result === "number" ? Buffer.alloc(0) : result;
  const head = Buffer.alloc(answerBytes);
  head.writeUInt32LE(answerBytes + payload.length, 0);
  head.writeInt32LE(typeof result === "number" ? -result : 0, 4);
  head.writeBigUInt64LE(unique, 8);
  try {
    writeSync(device, Buffer.concat([head, payload]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // who asked has gone
  }
}

/** `fuse_init_out`, of protocol 7.31: writes of many pages, and no other feature. */
function initialized(): Buffer {
  const [bigWrites, maxPages] = [1 << 5, 1 << 22];
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(1 << 17, 8); // bytes read ahead
  out.writeUInt32LE(bigWrites | maxPages, 12);
  out.writeUInt16LE(64, 16); // requests under way at once
  out.writeUInt16LE(48, 18);
  out.writeUInt32LE(maxWrite, 20);
  out.writeUInt32LE(1, 24); // nanoseconds
  out.writeUInt16LE(maxWrite / 4096, 28);
  return out;
}

/** `fuse_attr_out`: valid for an hour, since nobody else changes it. */
function attributes(): Buffer {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(3600n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeBigUInt64LE(BigInt(size), 24);
  out.writeBigUInt64LE(BigInt(size / 512), 32);
  out.writeUInt32LE(wholeFile, 76);
  out.writeUInt32LE(1, 80);
  out.writeUInt32LE(4096, 96);
  return out;
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
