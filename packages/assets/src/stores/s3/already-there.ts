import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import type { LocalFile, Put } from "@iroko/core/engine";
import { objectConflict } from "../object-errors.ts";
import type { Bucket } from "./bucket.ts";

/**
 * Whether the object is there, after an answer that leaves it open: ours has our checksum, and a lost answer did no harm.
 *
 * @throws {IrokoError} OBJECT_CONFLICT when it is another one
 */
export async function alreadyThere(
  bucket: Bucket,
  key: string,
  file: LocalFile,
  signal?: AbortSignal,
): Promise<Omit<Put, "bytesMoved"> | undefined> {
  const there = await bucket.sendAgain(() => bucket.head(key, signal), 3, signal);
  if (there === undefined) return undefined;
  if (!holds(there, file)) throw objectConflict(bucket.uriOf(key));
  return { etag: there.ETag ?? "", bytes: file.bytes };
}

function holds(there: HeadObjectCommandOutput, file: LocalFile): boolean {
  if (there.ContentLength !== file.bytes) return false;
  return there.Metadata?.["sha256"] === file.sha256 || there.ChecksumSHA256 === base64(file.sha256);
}

export function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
