import { randomUUID } from "node:crypto";
import { chmod, open, readdir, rm, rmdir, stat, unlink, writeFile, type FileHandle } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type {
  LocalFile,
  Moved,
  ObjectInfo,
  Published,
  PublishedVersion,
  PublishOptions,
  Put,
  StageOptions,
  Store,
  StoreAbilities,
  UnderwayUpload,
} from "@iroko/core/engine";
import { sha256OfFile } from "../hash-file.ts";
import { objectChanged, objectConflict, objectNotFound } from "../object-errors.ts";
import { checkKey, ownFolder } from "../object-key.ts";
import { compareVersions } from "../published-version.ts";
import { receiveFile } from "../receive-file.ts";
import { codeOf, linkOrCopy, makeFolder, placeNew, replaceWith, syncFile, syncFolder } from "./durable-files.ts";
import { explainLocal } from "./explain-local.ts";
import { PublishedOrder } from "./published-order.ts";

/** A folder as a store. Objects are read-only files; a staged and a published one are two names of the same bytes. */
export function openLocalStore(root: string, log: (message: string) => void = () => {}): Store {
  return new LocalStore(root, log);
}

class LocalStore implements Store {
  readonly kind = "local";
  readonly uri: string;
  readonly #root: string;
  readonly #temporary: string;
  readonly #order: PublishedOrder;
  readonly #log: (message: string) => void;

  constructor(root: string, log: (message: string) => void) {
    this.#root = root;
    this.uri = pathToFileURL(root).href;
    this.#temporary = join(root, ownFolder, "temporary");
    this.#order = new PublishedOrder(join(root, ownFolder, "published"));
    this.#log = log;
  }

  uriOf(key: string): string {
    return pathToFileURL(this.#path(key)).href;
  }

  localFile(key: string): string {
    return this.#path(key);
  }

  async probe(): Promise<StoreAbilities> {
    return await this.#explained("a probe", async () => {
      await makeFolder(this.#temporary);
      await this.#dropOldTemporaries();
      const file = join(this.#temporary, randomUUID());
      const second = join(this.#temporary, randomUUID());
      try {
        await writeFile(file, "probe", { flag: "wx" });
        const how = await linkOrCopy(file, second);
        const notes = how === "linked" ? [] : ["The file system has no hard links: each published object is a copy."];
        return { conditionalPut: true, conditionalMultipart: false, publishBy: "rename", notes };
      } finally {
        await rm(file, { force: true });
        await rm(second, { force: true });
      }
    });
  }

  async stage(key: string, file: LocalFile, options: StageOptions = {}): Promise<Put> {
    const at = this.#path(key);
    return await this.#explained(key, async () => {
      options.signal?.throwIfAborted();
      await chmod(file.path, 0o444);
      await syncFile(file.path);
      try {
        await this.#placeInFolder(file.path, at);
      } catch (error) {
        if (codeOf(error) !== "EEXIST" || !(await this.#isAFile(at))) throw error;
        if (!(await this.#holds(at, file))) throw objectConflict(this.uriOf(key));
      }
      const put = await stat(at, { bigint: true });
      return { etag: etagOf(put), bytes: Number(put.size), bytesMoved: 0 };
    });
  }

  async publish(
    stagedKey: string,
    stableKey: string,
    version: PublishedVersion,
    { signal, evenOver }: PublishOptions = {},
  ): Promise<Published> {
    const at = this.#path(stableKey);
    return await this.#explained(stableKey, async () => {
      if ((await this.#stat(stagedKey)) === undefined) throw objectNotFound(this.uriOf(stagedKey));
      if (evenOver !== undefined) await this.#dropNewer(stableKey, version, evenOver);
      await this.#order.enter(stableKey, { ...version, stagedKey });
      let renamed = false;
      // Another publisher may enter between our look and our rename: whoever looks last puts the newest there.
      for (;;) {
        signal?.throwIfAborted();
        const newest = (await this.#order.newest(stableKey)) ?? { ...version, stagedKey };
        const mine = compareVersions(newest, version) <= 0;
        // A newer version's staged object may have been collected since; what it published is left as it is.
        const there = (await this.#stat(newest.stagedKey)) !== undefined;
        if (there && !(await this.#same(newest.stagedKey, stableKey))) {
          await replaceWith(this.#path(newest.stagedKey), at, this.#temporary);
          renamed = true;
          continue;
        }
        await this.#order.dropOlder(stableKey, newest);
        const stable = await this.#stat(stableKey);
        if (stable === undefined) throw objectNotFound(this.uriOf(newest.stagedKey));
        const outcome = mine ? (renamed ? "published" : "alreadyCurrent") : "newerThere";
        return { outcome, etag: etagOf(stable), bytesMoved: 0 };
      }
    });
  }

  async isPublished(stagedKey: string, stableKey: string): Promise<boolean> {
    return await this.#explained(stableKey, () => this.#same(stagedKey, stableKey));
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return await this.#explained(key, async () => {
      const found = await this.#stat(key);
      if (found === undefined) return undefined;
      const newest = await this.#order.newest(key);
      const version = newest && { incarnation: newest.incarnation, version: newest.version };
      return { ...infoOf(key, found), ...(version && { version }) };
    });
  }

  async download(
    key: string,
    toFile: string,
    options: { readonly etag?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Moved> {
    await this.#explained(key, () =>
      this.#withOpen(key, options.etag, (source) =>
        receiveFile(toFile, async (target) => {
          for await (const chunk of source.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
            options.signal?.throwIfAborted();
            await target.writeFile(chunk as Buffer);
          }
        }),
      ),
    );
    return { bytesMoved: 0 };
  }

  async readRange(
    key: string,
    start: number,
    end: number,
    options: { readonly etag?: string } = {},
  ): Promise<Uint8Array> {
    return await this.#explained(key, () =>
      this.#withOpen(key, options.etag, async (handle, size) => {
        const bytes = Buffer.alloc(Math.max(0, Math.min(end, size) - start));
        let read = 0;
        while (read < bytes.length) {
          const { bytesRead } = await handle.read(bytes, read, bytes.length - read, start + read);
          if (bytesRead === 0) throw objectChanged(this.uriOf(key));
          read += bytesRead;
        }
        return bytes;
      }),
    );
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    if (folder !== "") checkKey(folder.slice(0, -1));
    yield* this.#walk(folder, prefix);
  }

  async delete(key: string): Promise<void> {
    const at = this.#path(key);
    await this.#explained(key, async () => {
      // A folder is no object, and has none to delete.
      await unlink(at).catch(unless("ENOENT", "ENOTDIR", "EISDIR", "EPERM"));
      if (await this.#isAFile(at)) await unlink(at);
      await this.#order.forget(key);
      for (let folder = dirname(at); folder !== this.#root; folder = dirname(folder)) {
        if (
          !(await rmdir(folder).then(
            () => true,
            () => false,
          ))
        )
          break;
      }
    });
  }

  async *uploads(): AsyncIterable<UnderwayUpload> {}

  async abortUpload(): Promise<void> {}

  async close(): Promise<void> {}

  #path(key: string): string {
    return join(this.#root, ...checkKey(key).split("/"));
  }

  async #explained<Result>(subject: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw explainLocal(error, this.#root, subject);
    }
  }

  /** A delete beside us removes folders that became empty, perhaps the one just made: make it again. */
  async #placeInFolder(file: string, at: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await makeFolder(dirname(at)).catch(unless("ENOENT"));
      try {
        await placeNew(file, at, this.#temporary);
        await syncFolder(dirname(at));
        return;
      } catch (error) {
        if (codeOf(error) !== "ENOENT" || attempt === 5) throw error;
      }
    }
  }

  async #holds(at: string, file: LocalFile): Promise<boolean> {
    const [there, ours] = await Promise.all([stat(at, { bigint: true }), stat(file.path, { bigint: true })]);
    if (there.ino === ours.ino && there.dev === ours.dev) return true;
    return there.size === BigInt(file.bytes) && (await sha256OfFile(at)) === file.sha256;
  }

  async #same(stagedKey: string, stableKey: string): Promise<boolean> {
    const [staged, stable] = await Promise.all([this.#stat(stagedKey), this.#stat(stableKey)]);
    if (staged === undefined || stable === undefined || staged.size !== stable.size) return false;
    if (staged.ino === stable.ino && staged.dev === stable.dev) return true;
    const hashes = await Promise.all([stagedKey, stableKey].map((key) => sha256OfFile(this.#path(key))));
    return hashes[0] === hashes[1];
  }

  async #dropNewer(stableKey: string, than: PublishedVersion, etag: string): Promise<void> {
    const stable = await this.#stat(stableKey);
    if (stable !== undefined && etagOf(stable) === etag) await this.#order.dropNewer(stableKey, than);
  }

  async #stat(key: string): Promise<BigIntStats | undefined> {
    try {
      const found = await stat(this.#path(key), { bigint: true });
      return found.isFile() ? found : undefined;
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return undefined;
      throw error;
    }
  }

  async #isAFile(path: string): Promise<boolean> {
    return await stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  }

  /** An open file is one generation of the object, whatever is renamed over its name meanwhile. */
  async #withOpen<Result>(
    key: string,
    etag: string | undefined,
    read: (handle: FileHandle, size: number) => Promise<Result>,
  ): Promise<Result> {
    let handle: FileHandle;
    try {
      handle = await open(this.#path(key), "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") throw objectNotFound(this.uriOf(key), error);
      throw error;
    }
    try {
      const found = await handle.stat({ bigint: true });
      if (!found.isFile()) throw objectNotFound(this.uriOf(key));
      if (etag !== undefined && etag !== etagOf(found)) throw objectChanged(this.uriOf(key));
      return await read(handle, Number(found.size));
    } finally {
      await handle.close();
    }
  }

  async *#walk(folder: string, prefix: string): AsyncIterable<ObjectInfo> {
    const path = join(this.#root, ...folder.split("/"));
    const entries = await readdir(path, { withFileTypes: true }).catch(unless("ENOENT", "ENOTDIR"));
    for (const entry of entries ?? []) {
      const key = folder + entry.name;
      if (key === ownFolder) continue;
      if (entry.isDirectory() && (key.startsWith(prefix) || prefix.startsWith(`${key}/`)))
        yield* this.#walk(`${key}/`, prefix);
      else if (entry.isFile() && key.startsWith(prefix) && !entry.name.endsWith(".partial")) {
        const found = await stat(`${path}${sep}${entry.name}`, { bigint: true }).catch(unless("ENOENT"));
        if (found?.isFile()) yield infoOf(key, found);
      }
    }
  }

  /** A process that was killed leaves its temporary files; none lives for a day. */
  async #dropOldTemporaries(): Promise<void> {
    const dayAgo = Temporal.Now.instant().subtract({ hours: 24 }).epochMilliseconds;
    for (const name of await readdir(this.#temporary)) {
      const file = join(this.#temporary, name);
      const found = await stat(file).catch(unless("ENOENT"));
      if (found === undefined || found.ctimeMs >= dayAgo) continue;
      this.#log(`removing ${file}, left by a process that was killed`);
      await rm(file, { force: true });
    }
  }
}

function infoOf(key: string, found: BigIntStats): ObjectInfo {
  const modifiedAt = Temporal.Instant.fromEpochNanoseconds(found.mtimeNs);
  return { key, bytes: Number(found.size), etag: etagOf(found), modifiedAt };
}

/** Names a generation, not its contents: two files never share device time, size and inode while both are there. */
function etagOf(found: BigIntStats): string {
  return `"${found.mtimeNs.toString(36)}-${found.size.toString(36)}-${found.ino.toString(36)}"`;
}

function unless(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? "")) throw error;
    return undefined;
  };
}
