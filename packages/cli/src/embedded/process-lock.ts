/**
 * Locks between processes that the operating system gives back when their holder dies, whatever it died of.
 *
 * Node has no flock(2), but SQLite takes file locks: an empty database file on which a transaction stays open is held
 * for as long as its connection lives. Nothing is ever written to it, so there is nothing that a power cut could leave
 * behind, and no stale holder to detect.
 */
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** `shared`: any number of holders at once; `exclusive`: one, and no shared holder. */
export type LockMode = "shared" | "exclusive";

export interface ProcessLock {
  release(): void;
}

const pollMilliseconds = 15;

/** A connection that nothing refers to is closed by the garbage collector, and its lock given back with it. */
const held = new Set<DatabaseSync>();

/** Takes the lock if nobody is in its way; undefined otherwise. */
export function tryLock(file: string, mode: LockMode): ProcessLock | undefined {
  const connection = openLockFile(file);
  try {
    connection.exec(mode === "exclusive" ? "begin exclusive" : "begin; select 1 from sqlite_schema");
  } catch (error) {
    connection.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  held.add(connection);
  return {
    release: () => {
      if (held.delete(connection)) connection.close();
    },
  };
}

/** Waits for the lock without blocking the event loop; undefined when it is still taken after `seconds`. */
export async function waitForLock(file: string, mode: LockMode, seconds: number): Promise<ProcessLock | undefined> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const lock = tryLock(file, mode);
    if (lock !== undefined || performance.now() > deadline) return lock;
    await sleep(pollMilliseconds);
  }
}

function openLockFile(file: string): DatabaseSync {
  return new (sqlite().DatabaseSync)(file, { timeout: 0 });
}

/** Node 24 calls its SQLite experimental, once, on stderr; that is news to nobody who types `iroko`. */
function sqlite(): typeof import("node:sqlite") {
  const descriptor = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    if (descriptor) Object.defineProperty(process, "emitWarning", descriptor);
  }
}

function isBusy(error: unknown): boolean {
  const sqliteBusy = 5;
  return error instanceof Error && "errcode" in error && (Number(error.errcode) & 0xff) === sqliteBusy;
}
