import { randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { IrokoError } from "@iroko/core";
import { codeOf, makeFolder, syncFolder } from "./local/durable-files.ts";

/** A file that appears at once and complete: it is written and synced under another name in the same folder. */
export async function receiveFile(toFile: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const folder = dirname(toFile);
  await makeFolder(folder);
  const partial = join(folder, `.${basename(toFile).slice(0, 100)}.${randomUUID()}.partial`);
  try {
    const handle = await open(partial, "wx");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, toFile);
  } catch (error) {
    await rm(partial, { force: true });
    throw ["ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "") ? diskFull(toFile, error) : error;
  }
  await syncFolder(folder);
}

function diskFull(file: string, cause: unknown): IrokoError {
  return new IrokoError("DISK_FULL", `The disk is full: ${file} could not be written.`, {
    hint: "Make room on it, then retry.",
    cause,
  });
}
