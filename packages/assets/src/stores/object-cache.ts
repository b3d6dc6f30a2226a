import { createHash } from "node:crypto";
import { chmod, readdir, rm, stat, utimes } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Moved, Store } from "@iroko/core/engine";
import { codeOf, linkOrCopy, makeFolder } from "./local/durable-files.ts";

export interface ObjectCacheOptions {
  readonly directory: string;
  /** What the copies may take in all; the object being fetched may exceed it until it is put away. */
  readonly maxBytes: number;
}

export interface Fetched extends Moved {
  /** Read only. */
  readonly file: string;
}

export interface ObjectCache {
  /**
   * A local file that holds this generation of an object. Given `into`, a folder on the same disk, it is a name of the
   * caller's own there, which no eviction takes away; without it, the copy in the cache, which a later one may.
   * A store on this machine needs no copy: its own file is given.
   */
  fetch(store: Store, key: string, etag: string, signal?: AbortSignal, into?: string): Promise<Fetched>;
  /** Drops the copy, if there is one; names that steps have of it are theirs. */
  forget(store: Store, key: string, etag: string): Promise<void>;
}

/** Walks over the whole folder to count and to evict happen at least once in so many new objects. */
const objectsBetweenWalks = 64;

/**
 * Copies of immutable objects, shared by the processes of a machine. There is no index: a file's name is the hash of
 * (store, key, ETag), its modification time is its last use, and a rename puts it in place. The least recently used go
 * first.
 */
export function objectCache({ directory, maxBytes }: ObjectCacheOptions): ObjectCache {
  const underway = new Map<string, Shared>();
  let counted: { bytes: number; since: number } | undefined;

  async function fetch(store: Store, key: string, etag: string, signal?: AbortSignal, into?: string): Promise<Fetched> {
    signal?.throwIfAborted();
    const local = store.localFile(key);
    if (local !== undefined) return { file: local, bytesMoved: 0 };
    const file = fileOf(store, key, etag);
    // Another process may evict the copy between our look and our link: then it is fetched once more.
    for (let attempt = 1; ; attempt++) {
      const bytesMoved = (await touch(file)) ? 0 : await joinDownload(store, key, etag, file, signal);
      try {
        const name = into === undefined ? file : await nameIn(into, file, key);
        await evict(bytesMoved);
        return { file: name, bytesMoved };
      } catch (error) {
        if (codeOf(error) !== "ENOENT" || attempt === 3) throw error;
      }
    }
  }

  function fileOf(store: Store, key: string, etag: string): string {
    const hash = createHash("sha256")
      .update(JSON.stringify([store.uri, key, etag]))
      .digest("hex");
    return join(directory, hash.slice(0, 2), hash.slice(2, 42) + extname(key).slice(0, 16));
  }

  /** One download for all who ask for the object meanwhile; it is stopped only when the last of them gives up. */
  async function joinDownload(
    store: Store,
    key: string,
    etag: string,
    file: string,
    signal?: AbortSignal,
  ): Promise<number> {
    let shared = underway.get(file);
    const first = shared === undefined || shared.stop.aborted;
    if (shared === undefined || first) {
      const mine = share((stop) => download(store, key, etag, file, stop));
      underway.set(file, mine);
      const forget = () => {
        if (underway.get(file) === mine) underway.delete(file);
      };
      mine.result.then(forget, forget);
      shared = mine;
    }
    const bytesMoved = await shared.join(signal);
    return first ? bytesMoved : 0;
  }

  async function evict(added: number): Promise<void> {
    if (added === 0) return;
    if (counted !== undefined) counted = { bytes: counted.bytes + added, since: counted.since + 1 };
    if (counted !== undefined && counted.bytes <= maxBytes && counted.since < objectsBetweenWalks) return;
    const copies = (await copiesIn(directory)).toSorted((a, b) => a.usedAt - b.usedAt);
    let bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    for (const copy of copies) {
      if (bytes <= maxBytes) break;
      await rm(copy.file, { force: true });
      bytes -= copy.bytes;
    }
    counted = { bytes, since: 0 };
  }

  return { fetch, forget: (store, key, etag) => rm(fileOf(store, key, etag), { force: true }) };
}

async function download(store: Store, key: string, etag: string, file: string, signal: AbortSignal): Promise<number> {
  const { bytesMoved } = await store.download(key, file, { etag, signal });
  await chmod(file, 0o444).catch(unlessGone);
  return bytesMoved;
}

/** Whether the copy is there; it was used now, if so. */
async function touch(file: string): Promise<boolean> {
  const now = Temporal.Now.instant().epochMilliseconds / 1000;
  try {
    await utimes(file, now, now);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw error;
  }
}

async function nameIn(folder: string, file: string, key: string): Promise<string> {
  await makeFolder(folder);
  const name = join(folder, `${basename(file, extname(file)).slice(0, 16)}-${basename(key).slice(-150)}`);
  try {
    await linkOrCopy(file, name);
  } catch (error) {
    // The step asked for the same object before.
    if (codeOf(error) !== "EEXIST") throw error;
  }
  return name;
}

function unlessGone(error: unknown): void {
  if (codeOf(error) !== "ENOENT") throw error;
}

interface Copy {
  readonly file: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** Partial files of a download that a killed process left are copies like others: unused, they go first. */
async function copiesIn(directory: string): Promise<Copy[]> {
  const copies: Copy[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    try {
      const { size, mtimeMs } = await stat(file);
      copies.push({ file, bytes: size, usedAt: mtimeMs });
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
  return copies;
}

interface Shared {
  readonly result: Promise<number>;
  readonly stop: AbortSignal;
  join(signal?: AbortSignal): Promise<number>;
}

function share(work: (stop: AbortSignal) => Promise<number>): Shared {
  const stop = new AbortController();
  const result = work(stop.signal);
  let waiting = 0;
  return {
    result,
    stop: stop.signal,
    async join(signal) {
      waiting++;
      const left = Promise.withResolvers<never>();
      const leave = () => {
        if (--waiting === 0) stop.abort(signal?.reason);
        left.reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", leave, { once: true });
      try {
        return await Promise.race([result, left.promise]);
      } finally {
        signal?.removeEventListener("abort", leave);
      }
    },
  };
}
