/**
 * Files that a step has built and checked, kept beside the attempt that made them: what was computed once is not computed
 * again because an upload failed, a worker died or the power went. A row says which file of which machine waits for which
 * key; a later attempt there adopts both. Files live until their step has ended and its commit has been verified.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { extname, join, resolve } from "node:path";
import { validate } from "uuid";
import { builtOf, builtOn, recordBuilt, workersAmong } from "../instance/built.ts";
import type { Database } from "../instance/database.ts";
import type { Claim } from "../instance/step-claims.ts";
import type { BuiltOutput } from "./step-protocol.ts";

/** An output that awaits its upload. */
export interface BuiltFile {
  readonly output: BuiltOutput & { readonly file: string };
  readonly objectKey: string;
  /** Of an earlier attempt, which may have put it, or parts of it. */
  readonly adopted: boolean;
}

export interface BuiltFiles {
  readonly machine: string;
  /** Takes a built file out of its attempt's folder and writes down that it waits. */
  keep(db: Database, claim: Claim, built: BuiltFile): Promise<BuiltFile>;
  /** What earlier attempts of the step have left here, as they left it: a file that is gone or damaged is not among them. */
  adopt(db: Database, step: number): Promise<readonly BuiltFile[]>;
  /** Removes files that no row speaks of any more, and the folders of workers that are gone. */
  sweep(db: Database): Promise<void>;
}

/** @param workFolder of this instance on this machine, shared by all its workers here */
export async function builtFiles(workFolder: string): Promise<BuiltFiles> {
  const folder = resolve(workFolder, "built");
  const machine = `${await machineId()} ${resolve(workFolder)}`;
  return {
    machine,
    async keep(db, claim, built) {
      const { output, objectKey } = built;
      const name = createHash("sha256").update(objectKey).digest("hex").slice(0, 32) + extname(output.file);
      const file = join(folder, name);
      if (file === output.file) return built;
      // The row first: a file without one is swept.
      const { asset, partition, staged } = output;
      const row = { asset, partition: partition.id, machine, file, objectKey, sha256: staged.sha256, output };
      if (!(await recordBuilt(db, claim, row))) return built;
      await mkdir(folder, { recursive: true });
      await rename(output.file, file);
      await syncFolder(folder);
      return { ...built, output: { ...output, file } };
    },
    async adopt(db, step) {
      const adopted: BuiltFile[] = [];
      for (const { file, sha256, objectKey, output } of await builtOf<BuiltOutput>(db, step, machine)) {
        if ((await sha256OfFile(file)) !== sha256) continue;
        adopted.push({ output: { ...output, file }, objectKey, adopted: true });
      }
      return adopted;
    },
    async sweep(db) {
      // Listed before the rows are read: whatever is listed had its row by then.
      const files = (await namesIn(folder)).map((name) => join(folder, name));
      const workers = (await namesIn(workFolder)).filter((name) => validate(name));
      const kept = new Set(files.length === 0 ? [] : await builtOn(db, machine));
      for (const file of files) if (!kept.has(file)) await rm(file, { force: true });
      const alive = workers.length === 0 ? [] : await workersAmong(db, workers);
      for (const id of workers)
        if (!alive.includes(id)) await rm(join(workFolder, id), { recursive: true, force: true });
    },
  };
}

/** undefined: it cannot be read. */
export async function sha256OfFile(file: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    return hash.digest("hex");
  } catch {
    return undefined;
  }
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/** Outlives reboots; two machines with one name are told apart by what is in their folders. */
async function machineId(): Promise<string> {
  const text = await readFile("/etc/machine-id", "utf8").catch(() => "");
  return text.trim() || hostname();
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
