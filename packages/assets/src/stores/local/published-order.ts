import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PublishedVersion } from "@iroko/core/engine";
import { compareVersions } from "../published-version.ts";
import { codeOf, makeFolder } from "./durable-files.ts";

/**
 * A file carries no metadata that a rename would set with it, so what S3 keeps in an object's metadata is kept beside:
 * a folder for each stable key, in it a small file for each version that asked to be published, named after the version
 * and naming the staged key. The newest name decides. It is a guard and not the truth: lost, the next publish makes it.
 */
export interface Candidate extends PublishedVersion {
  readonly stagedKey: string;
}

export class PublishedOrder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async enter(stableKey: string, candidate: Candidate): Promise<void> {
    const folder = this.#folderOf(stableKey);
    await makeFolder(this.#root);
    await mkdir(folder, { recursive: true });
    const fresh = join(this.#root, randomUUID());
    await writeFile(fresh, candidate.stagedKey, { flag: "wx" });
    await rename(fresh, join(folder, nameOf(candidate)));
  }

  async newest(stableKey: string): Promise<Candidate | undefined> {
    const folder = this.#folderOf(stableKey);
    const versions = (await this.#names(folder)).map(versionOf).filter((version) => version !== undefined);
    for (const version of versions.toSorted((a, b) => compareVersions(b, a))) {
      const stagedKey = await readFile(join(folder, nameOf(version)), "utf8").catch(() => "");
      if (stagedKey !== "") return { ...version, stagedKey };
    }
    return undefined;
  }

  async dropOlder(stableKey: string, than: PublishedVersion): Promise<void> {
    await this.#drop(stableKey, (version) => compareVersions(version, than) < 0);
  }

  async dropNewer(stableKey: string, than: PublishedVersion): Promise<void> {
    await this.#drop(stableKey, (version) => compareVersions(version, than) > 0);
  }

  async #drop(stableKey: string, isToGo: (version: PublishedVersion) => boolean): Promise<void> {
    const folder = this.#folderOf(stableKey);
    for (const name of await this.#names(folder)) {
      const version = versionOf(name);
      if (version !== undefined && isToGo(version)) await rm(join(folder, name), { force: true });
    }
  }

  async forget(stableKey: string): Promise<void> {
    await rm(this.#folderOf(stableKey), { recursive: true, force: true });
  }

  /** Keys may be longer than names, and a key may be a folder of another. */
  #folderOf(stableKey: string): string {
    return join(this.#root, createHash("sha256").update(stableKey).digest("hex").slice(0, 40));
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }
}

function nameOf(version: PublishedVersion): string {
  return `${version.incarnation}-${version.version}`;
}

function versionOf(name: string): PublishedVersion | undefined {
  const match = /^(\d+)-(\d+)$/.exec(name);
  return match === null ? undefined : { incarnation: Number(match[1]), version: Number(match[2]) };
}
