import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { LocalFile, Put, StageOptions, UploadProgress } from "@iroko/core/engine";
import { IrokoError } from "@iroko/core";
import { alreadyThere, base64 } from "./already-there.ts";
import type { Bucket } from "./bucket.ts";
import { isGoneUpload, isUncertain, isUnsupported, lostTheRace } from "./explain-s3.ts";

type Part = UploadProgress["parts"][number];

const mebibyte = 1024 * 1024;
const parallelParts = 4;
const attemptsPerPart = 5;

/**
 * Uploads a file in parts, each with its own checksum and its own retries. A cut upload is left on the server with what
 * it has: the next attempt, in any process, is given the progress told to `onPart` and sends only the rest. A part counts
 * only if the server still lists it and it has the bytes of this very file.
 */
export async function stageInParts(bucket: Bucket, key: string, file: LocalFile, options: StageOptions): Promise<Put> {
  const { signal, onPart } = options;
  let progress = await adopt(bucket, key, file, options.resume, signal);
  if (progress === undefined) {
    // Our upload may be gone because it was completed, and only its answer was lost.
    const there = await alreadyThere(bucket, key, file, signal);
    if (there !== undefined) return { ...there, bytesMoved: 0 };
    progress = await begin(bucket, key, file, signal);
    await onPart?.(progress);
  }

  const { uploadId, partBytes } = progress;
  const parts = new Map(progress.parts.map((part) => [part.number, part]));
  const waiting = Array.from({ length: Math.ceil(file.bytes / partBytes) }, (_, index) => index + 1);
  const cut = new AbortController();
  const partSignal = signal === undefined ? cut.signal : AbortSignal.any([signal, cut.signal]);
  let bytesMoved = 0;
  let telling: Promise<void> = Promise.resolve();

  const handle = await open(file.path, "r");
  try {
    const sendParts = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        const body = await readPart(handle, number, partBytes, file);
        const sha256 = createHash("sha256").update(body).digest("hex");
        if (parts.get(number)?.sha256 === sha256) continue;
        const etag = await sendPart(bucket, key, uploadId, number, body, sha256, partSignal);
        parts.set(number, { number, etag, sha256 });
        bytesMoved += body.length;
        // Told one after another, so that what is recorded never goes back.
        telling = telling.then(() => onPart?.({ uploadId, sha256: file.sha256, partBytes, parts: inOrder(parts) }));
        await telling;
      }
    };
    const senders = await Promise.allSettled(
      Array.from({ length: parallelParts }, () =>
        sendParts().catch((error: unknown) => {
          cut.abort(error);
          throw error;
        }),
      ),
    );
    signal?.throwIfAborted();
    if (senders.some((sender) => sender.status === "rejected")) throw cut.signal.reason;
  } finally {
    await handle.close();
  }

  const put = await complete(bucket, key, file, uploadId, inOrder(parts), signal);
  return { ...put, bytesMoved };
}

async function begin(bucket: Bucket, key: string, file: LocalFile, signal?: AbortSignal): Promise<UploadProgress> {
  const command = new CreateMultipartUploadCommand({
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    ChecksumAlgorithm: "SHA256",
    ChecksumType: "COMPOSITE",
    Metadata: { sha256: file.sha256 },
  });
  const { UploadId } = await bucket.send((client, sending) => client.send(command, sending), { signal });
  if (UploadId === undefined)
    throw new IrokoError("STORE_FAILED", `The store gave no upload id for ${bucket.uriOf(key)}.`);
  // 8 MiB until the limit of 10,000 parts asks for more.
  const partBytes = Math.max(8, Math.ceil(file.bytes / 10_000 / mebibyte)) * mebibyte;
  return { uploadId: UploadId, sha256: file.sha256, partBytes, parts: [] };
}

/** What of an earlier attempt the server still has; undefined when its upload is gone, or another file's. */
async function adopt(
  bucket: Bucket,
  key: string,
  file: LocalFile,
  resume: UploadProgress | undefined,
  signal?: AbortSignal,
): Promise<UploadProgress | undefined> {
  if (resume === undefined) return undefined;
  // The upload carries the file's checksum from its start on: another file needs an upload of its own.
  if (resume.sha256 !== file.sha256) {
    await abortUpload(bucket, key, resume.uploadId);
    return undefined;
  }
  try {
    const listed = await bucket.sendAgain(() => listParts(bucket, key, resume.uploadId, signal), 3, signal);
    return { ...resume, parts: resume.parts.filter((part) => listed.get(part.number) === part.etag) };
  } catch (error) {
    if (isGoneUpload(error)) return undefined;
    throw error;
  }
}

/** ETags by part number. The SDK's own paginator goes on for ever where the last page has a marker, as MinIO's has. */
async function listParts(
  bucket: Bucket,
  key: string,
  uploadId: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<number | undefined, string | undefined>> {
  const etags = new Map<number | undefined, string | undefined>();
  let after: string | undefined;
  do {
    const command: ListPartsCommand = new ListPartsCommand({
      Bucket: bucket.name,
      Key: bucket.keyOf(key),
      UploadId: uploadId,
      PartNumberMarker: after,
    });
    const page = await bucket.send((client, sending) => client.send(command, sending), { signal });
    for (const part of page.Parts ?? []) etags.set(part.PartNumber, part.ETag);
    after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (after !== undefined);
  return etags;
}

async function readPart(handle: FileHandle, number: number, partBytes: number, file: LocalFile): Promise<Buffer> {
  const start = (number - 1) * partBytes;
  const body = Buffer.allocUnsafe(Math.min(partBytes, file.bytes - start));
  for (let read = 0; read < body.length;) {
    const { bytesRead } = await handle.read(body, read, body.length - read, start + read);
    if (bytesRead === 0)
      throw new IrokoError(
        "STORE_FAILED",
        `The file ${file.path} became shorter than ${file.bytes} bytes under its upload.`,
      );
    read += bytesRead;
  }
  return body;
}

async function sendPart(
  bucket: Bucket,
  key: string,
  uploadId: string,
  number: number,
  body: Buffer,
  sha256: string,
  signal: AbortSignal,
): Promise<string> {
  const command = new UploadPartCommand({
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    UploadId: uploadId,
    PartNumber: number,
    Body: body,
    ChecksumSHA256: base64(sha256),
  });
  const answer = await bucket.sendAgain(
    () => bucket.send((client, sending) => client.send(command, sending), { signal, bytes: body.length }),
    attemptsPerPart,
    signal,
  );
  return answer.ETag ?? "";
}

async function complete(
  bucket: Bucket,
  key: string,
  file: LocalFile,
  uploadId: string,
  parts: readonly Part[],
  signal?: AbortSignal,
): Promise<Omit<Put, "bytesMoved">> {
  const input = {
    Bucket: bucket.name,
    Key: bucket.keyOf(key),
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.map(({ number, etag, sha256 }) => ({
        PartNumber: number,
        ETag: etag,
        ChecksumSHA256: base64(sha256),
      })),
    },
  };
  let condition: { IfNoneMatch?: string } = { IfNoneMatch: "*" };
  for (let attempt = 1; ; attempt++) {
    try {
      const command = new CompleteMultipartUploadCommand({ ...input, ...condition });
      // The server copies the parts together before it answers: give it the time that they would take.
      const answer = await bucket.send((client, sending) => client.send(command, sending), {
        signal,
        bytes: file.bytes,
      });
      return { etag: answer.ETag ?? "", bytes: file.bytes };
    } catch (error) {
      const unsupported = isUnsupported(error) && condition.IfNoneMatch !== undefined;
      if (!unsupported && !lostTheRace(error) && !isUncertain(error)) throw error;
      try {
        const there = await alreadyThere(bucket, key, file, signal);
        if (there !== undefined) return there;
      } catch (conflict) {
        await abortUpload(bucket, key, uploadId).catch(() => {});
        throw conflict;
      }
      if (attempt === 5 || isGoneUpload(error)) throw error;
      if (unsupported) condition = {};
    }
  }
}

/** Aborting an upload that is gone is fine. One in the store's own folder is a probe's, whose process was killed. */
export async function abortUpload(bucket: Bucket, key: string, uploadId: string): Promise<void> {
  const command = new AbortMultipartUploadCommand({
    Bucket: bucket.name,
    Key: bucket.prefix + key,
    UploadId: uploadId,
  });
  try {
    await bucket.send((client, sending) => client.send(command, sending));
  } catch (error) {
    if (!isGoneUpload(error)) throw error;
  }
}

function inOrder(parts: ReadonlyMap<number, Part>): Part[] {
  return [...parts.values()].toSorted((a, b) => a.number - b.number);
}
