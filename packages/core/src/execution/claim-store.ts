/**
 * One instance to a store: a marker object names the instance whose the store is. Two that shared it would publish over each
 * other and collect each other's versions. The first that uses a store claims it; a restored instance keeps its id.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../definitions/hash.ts";
import { IrokoError } from "../errors.ts";
import type { Queryable } from "../instance/database.ts";
import { instanceFacts } from "../instance/locations.ts";
import type { Store } from "./store.ts";

export const markerKey = "_iroko/instance.json";

/** A marker is a line; what is longer is none. */
const mostBytes = 1024;

/**
 * Makes the store this instance's, if it is nobody's yet.
 *
 * @throws {IrokoError} STORE_TAKEN
 */
export async function claimStore(db: Queryable, store: Store): Promise<void> {
  const { id } = await instanceFacts(db);
  const owner = (await ownerOf(store)) ?? (await markAs(store, id));
  if (owner !== id) throw storeTaken(store, owner, id);
}

/** The instance that a store's marker names; undefined: it has none. */
export async function ownerOf(store: Store): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await store.readRange(markerKey, 0, mostBytes);
  } catch (error) {
    if (error instanceof IrokoError && error.code === "OBJECT_NOT_FOUND") return undefined;
    throw error;
  }
  const text = Buffer.from(bytes).toString();
  return /"instance":\s*"([0-9a-f-]{36})"/.exec(text)?.[1] ?? "one whose marker cannot be read";
}

export function storeTaken(store: Store, owner: string, id: string): IrokoError {
  return new IrokoError("STORE_TAKEN", `The store ${store.uri} belongs to instance ${owner}; this one is ${id}.`, {
    hint:
      `Give each instance a folder or prefix of its own in IROKO_STORE. If that instance is gone for good and this one ` +
      `takes its place, delete ${store.uriOf(markerKey)}.`,
    details: { store: store.uri, owner, instance: id },
  });
}

/** Written only where there is none; returns whose it is then. */
async function markAs(store: Store, id: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "iroko-marker-"));
  try {
    const path = join(folder, "instance.json");
    const text = `${JSON.stringify({ instance: id })}\n`;
    await writeFile(path, text);
    await store.stage(markerKey, { path, bytes: Buffer.byteLength(text), sha256: sha256(text) });
    return id;
  } catch (error) {
    // Another instance was quicker.
    if (error instanceof IrokoError && error.code === "OBJECT_CONFLICT") return (await ownerOf(store)) ?? id;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
