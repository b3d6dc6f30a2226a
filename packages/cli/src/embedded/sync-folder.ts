import { closeSync, fsyncSync, openSync } from "node:fs";

/** A name exists after a power cut only once its folder was synced. */
export function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  fsyncSync(handle);
  closeSync(handle);
}
