import type { NamedVersion } from "../instance/invariants.ts";
import { sha256OfFile } from "./built-files.ts";
import type { Store } from "./store.ts";

/** What is wrong with a version's object; of a store on this machine its bytes are read through. */
export async function damageOf(
  store: Store,
  { objectKey, etag, sha256, bytes }: NamedVersion,
): Promise<string | undefined> {
  const there = await store.head(objectKey);
  if (there === undefined) return "is missing";
  if (bytes !== null && there.bytes !== bytes) return `has ${there.bytes} bytes instead of ${bytes}`;
  const file = store.localFile(objectKey);
  if (file !== undefined)
    return sha256 === null || (await sha256OfFile(file)) === sha256 ? undefined : "does not hash to what was put there";
  // Elsewhere the ETag names contents, and was given for bytes whose hash the store had checked.
  return etag === null || there.etag === etag ? undefined : "is not the one that was put there";
}
