import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A name exists after a power cut only once its folder was synced. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and its parents; each new name is synced into the folder above it. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first) return;
  }
}

/** Whether the two names could not be one file because of where they are, not because something is wrong. */
function cannotLink(error: unknown): boolean {
  return ["EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error) ?? "");
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A second name for a file: a hard link where the file system can, else a synced copy. `to` must be new. */
export async function linkOrCopy(from: string, to: string): Promise<"linked" | "copied"> {
  try {
    await link(from, to);
    return "linked";
  } catch (error) {
    if (!cannotLink(error)) throw error;
  }
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await syncFile(to);
  return "copied";
}

/** Puts a file under a name that must be free, whole and at once. EEXIST if it is taken. */
export async function placeNew(file: string, at: string, temporary: string): Promise<void> {
  try {
    await link(file, at);
    return;
  } catch (error) {
    if (!cannotLink(error)) throw error;
  }
  await makeFolder(temporary);
  const copy = join(temporary, randomUUID());
  try {
    await copyFile(file, copy, constants.COPYFILE_FICLONE);
    await syncFile(copy);
    try {
      await link(copy, at);
    } catch (error) {
      if (!cannotLink(error)) throw error;
      // No hard links here at all: hold the name with an empty file first, so that a second writer sees it taken.
      await (await open(at, "wx")).close();
      await rename(copy, at);
    }
  } finally {
    await rm(copy, { force: true });
  }
}

/** Replaces what a name stands for, at once: readers see one whole file, old or new. */
export async function replaceWith(file: string, at: string, temporary: string): Promise<void> {
  await makeFolder(temporary);
  const fresh = join(temporary, randomUUID());
  try {
    await linkOrCopy(file, fresh);
    await makeFolder(dirname(at));
    await rename(fresh, at);
  } finally {
    // Renaming one name of a file over another of the same file does nothing at all, and leaves both.
    await rm(fresh, { force: true });
  }
  await syncFolder(dirname(at));
}
