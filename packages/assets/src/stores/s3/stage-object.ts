import { readFile } from "node:fs/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { LocalFile, Put, StageOptions } from "@iroko/core/engine";
import { alreadyThere, base64 } from "./already-there.ts";
import { pause, type Bucket } from "./bucket.ts";
import { isUncertain, isUnsupported, lostTheRace } from "./explain-s3.ts";
import { stageInParts } from "./stage-in-parts.ts";

export const multipartAbove: number = 64 * 1024 * 1024;

/** Puts a file under a key that is written once: in one request, or in parts that survive a cut link. */
export async function stageObject(bucket: Bucket, key: string, file: LocalFile, options: StageOptions): Promise<Put> {
  return file.bytes > multipartAbove || options.resume !== undefined
    ? await stageInParts(bucket, key, file, options)
    : await stageWhole(bucket, key, file, options);
}

async function stageWhole(
  bucket: Bucket,
  key: string,
  file: LocalFile,
  { signal, again = false }: StageOptions,
): Promise<Put> {
  if (again) {
    const there = await alreadyThere(bucket, key, file, signal);
    if (there !== undefined) return { ...there, bytesMoved: 0 };
  }
  const body = await readFile(file.path);
  const input = {
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    Body: body,
    ChecksumSHA256: base64(file.sha256),
    Metadata: { sha256: file.sha256 },
  };
  let condition: { IfNoneMatch?: string } = { IfNoneMatch: "*" };
  for (let attempt = 1; ; attempt++) {
    try {
      const command = new PutObjectCommand({ ...input, ...condition });
      const answer = await bucket.send((client, sending) => client.send(command, sending), {
        signal,
        bytes: file.bytes,
      });
      return { etag: answer.ETag ?? "", bytes: file.bytes, bytesMoved: file.bytes };
    } catch (error) {
      const unsupported = isUnsupported(error) && condition.IfNoneMatch !== undefined;
      if (!unsupported && !lostTheRace(error) && !isUncertain(error)) throw error;
      const there = await alreadyThere(bucket, key, file, signal);
      if (there !== undefined) return { ...there, bytesMoved: file.bytes };
      if (attempt === 5) throw error;
      // A server without conditions: what we have just looked at is all that guards the key.
      if (unsupported) condition = {};
      else await pause(attempt, signal);
    }
  }
}
