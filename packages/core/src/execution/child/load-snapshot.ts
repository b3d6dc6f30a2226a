import { resolve } from "node:path";
import type { Snapshot } from "../../definitions/snapshot.ts";
import { Child, type ChildOptions } from "./child.ts";

/**
 * What a definitions module defines, found out in a process of its own.
 *
 * @throws {IrokoError} DEFINITIONS_NOT_FOUND, DEFINITIONS_THREW, DEFINITIONS_NO_DEFAULT, DEFINITIONS_INVALID
 */
export async function loadSnapshot(module: string, options: Omit<ChildOptions, "module"> = {}): Promise<Snapshot> {
  const child = new Child({ ...options, module: resolve(module) });
  try {
    return await child.ready;
  } finally {
    child.kill();
    await child.exited;
  }
}
