import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { IrokoError } from "@iroko/core";
import type { Moved } from "@iroko/core/engine";
import { objectChanged, objectDamaged, objectNotFound } from "../object-errors.ts";
import { receiveFile } from "../receive-file.ts";
import { pause, type Bucket } from "./bucket.ts";
import { isMissing, isUncertain, statusOf } from "./explain-s3.ts";

export interface Generation {
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A link that brings nothing for this long is dead; it is tried again from the byte that it reached. */
const silenceSeconds = 30;
const attemptsWithoutProgress = 5;
const generationsTried = 5;

/**
 * Brings a whole object to a file; a cut download goes on where it stopped, in the same generation. An object that is
 * being replaced is read anew: some servers send one generation's headers with another's bytes at that moment, which
 * its checksum tells (versitygw with metadata beside the files does).
 */
export async function receiveObject(bucket: Bucket, key: string, toFile: string, wanted: Generation): Promise<Moved> {
  let bytesMoved = 0;
  await receiveFile(toFile, async (target) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await receiveGeneration(bucket, key, target, wanted, (bytes) => (bytesMoved += bytes));
        return;
      } catch (error) {
        const code = error instanceof IrokoError ? error.code : undefined;
        const replaced = code === "OBJECT_DAMAGED" || (code === "OBJECT_CHANGED" && wanted.etag === undefined);
        if (!replaced || attempt === generationsTried) throw error;
        bucket.log(`${(error as Error).message} Reading it anew.`);
        await target.truncate(0);
      }
    }
  });
  return { bytesMoved };
}

async function receiveGeneration(
  bucket: Bucket,
  key: string,
  target: FileHandle,
  wanted: Generation,
  moved: (bytes: number) => void,
): Promise<void> {
  const hash = createHash("sha256");
  let { etag } = wanted;
  let at = 0;
  for (let idle = 1; ; idle++) {
    try {
      const answer = await get(bucket, key, at === 0 ? undefined : `bytes=${at}-`, { ...wanted, etag });
      etag ??= answer.ETag;
      for await (const chunk of whileItFlows(answer.Body as Readable, wanted.signal)) {
        await target.write(chunk, 0, chunk.length, at);
        hash.update(chunk);
        at += chunk.length;
        moved(chunk.length);
        idle = 0;
      }
      const sha256 = answer.Metadata?.["sha256"];
      const found = hash.digest("hex");
      if (sha256 !== undefined && sha256 !== found) throw objectDamaged(bucket.uriOf(key), sha256, found);
      return;
    } catch (error) {
      wanted.signal?.throwIfAborted();
      if (!isUncertain(error) || idle >= attemptsWithoutProgress) throw error;
      bucket.log(`${bucket.uriOf(key)}: ${(error as Error).message} after ${at} bytes; going on from there`);
      await pause(idle + 1, wanted.signal);
    }
  }
}

/** Bytes [start, end), as far as the object goes. */
export async function receiveRange(
  bucket: Bucket,
  key: string,
  start: number,
  end: number,
  wanted: Generation,
): Promise<Uint8Array> {
  if (end <= start) return new Uint8Array();
  const request = async () => {
    const answer = await get(bucket, key, `bytes=${start}-${end - 1}`, wanted);
    const chunks: Buffer[] = [];
    for await (const chunk of whileItFlows(answer.Body as Readable, wanted.signal)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  try {
    return await bucket.sendAgain(request, 3, wanted.signal);
  } catch (error) {
    if (statusOf(error) === 416) return new Uint8Array();
    throw error;
  }
}

async function get(
  bucket: Bucket,
  key: string,
  range: string | undefined,
  { etag, signal }: Generation,
): Promise<GetObjectCommandOutput> {
  const command = new GetObjectCommand({
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    ...(range === undefined ? {} : { Range: range }),
    ...(etag === undefined ? {} : { IfMatch: etag }),
  });
  try {
    return await bucket.send((client, sending) => client.send(command, sending), { signal });
  } catch (error) {
    if (statusOf(error) === 412) throw objectChanged(bucket.uriOf(key), error);
    if (isMissing(error)) throw objectNotFound(bucket.uriOf(key), error);
    throw error;
  }
}

/** The body's chunks. The request's own time limit ended with its headers; here only silence counts. */
async function* whileItFlows(body: Readable, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const settled = new AbortController();
      const stop = signal === undefined ? settled.signal : AbortSignal.any([signal, settled.signal]);
      const silence = delay(silenceSeconds * 1000, undefined, { signal: stop }).then(
        () => {
          throw Object.assign(new Error(`nothing came for ${silenceSeconds} s`), { code: "ETIMEDOUT" });
        },
        // Never wins: either a chunk came, or the caller gave up.
        () => new Promise<never>((_, reject) => signal?.aborted === true && reject(signal.reason as Error)),
      );
      try {
        const next = await Promise.race([chunks.next(), silence]);
        if (next.done === true) return;
        yield next.value;
      } finally {
        settled.abort();
      }
    }
  } finally {
    body.destroy();
  }
}
