import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { objectChanged, objectNotFound } from "../object-errors.ts";
import type { Bucket } from "./bucket.ts";
import { isGoneUpload, isMissing, statusOf } from "./explain-s3.ts";
import { receiveObject } from "./receive-object.ts";
import { abortUpload } from "./stage-in-parts.ts";

export type Condition = { readonly IfMatch: string } | { readonly IfNoneMatch: "*" };

export interface Copy {
  readonly bucket: Bucket;
  readonly stagedKey: string;
  readonly stableKey: string;
  readonly stagedEtag: string;
  readonly bytes: number;
  readonly metadata: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** One way to write the stable object under a condition. It may be tried again with another condition. */
export interface Way {
  /** The new object's ETag. A condition that does not hold is thrown as the server says it. */
  write(condition: Condition): Promise<string>;
  discard(): Promise<void>;
  bytesMoved(): number;
}

const gibibyte = 1024 ** 3;
const largestCopy = 5 * gibibyte;

/** A multipart upload whose parts the server copies; nothing goes over the link. Its completion honours conditions. */
export function copyOnServer(copy: Copy): Way {
  const { bucket, stableKey, signal } = copy;
  let prepared: { readonly uploadId: string; readonly etags: readonly string[] } | undefined;
  let uploadId: string | undefined;

  async function prepare(): Promise<NonNullable<typeof prepared>> {
    const create = new CreateMultipartUploadCommand({
      Bucket: bucket.name,
      Key: bucket.keyOf(stableKey),
      Metadata: copy.metadata,
    });
    const created = await bucket.send((client, sending) => client.send(create, sending), { signal });
    uploadId = created.UploadId ?? "";
    const etags = [];
    for (const [index, range] of rangesOf(copy.bytes).entries())
      etags.push(await copyPart(copy, uploadId, index + 1, range));
    return { uploadId, etags };
  }

  return {
    async write(condition) {
      prepared ??= await prepare();
      const command = new CompleteMultipartUploadCommand({
        Bucket: bucket.name,
        Key: bucket.keyOf(stableKey),
        UploadId: prepared.uploadId,
        MultipartUpload: { Parts: prepared.etags.map((ETag, index) => ({ PartNumber: index + 1, ETag })) },
        ...condition,
      });
      try {
        const answer = await bucket.send((client, sending) => client.send(command, sending), {
          signal,
          bytes: copy.bytes,
        });
        uploadId = undefined;
        return answer.ETag ?? "";
      } catch (error) {
        // Completed by a try whose answer was lost, or swept: a further try begins anew.
        if (isGoneUpload(error)) prepared = uploadId = undefined;
        throw error;
      }
    },
    async discard() {
      if (uploadId !== undefined) await abortUpload(bucket, stableKey, uploadId);
    },
    bytesMoved: () => 0,
  };
}

/** undefined: the whole object, which a single part may be up to 5 GiB. */
function rangesOf(bytes: number): (string | undefined)[] {
  if (bytes <= largestCopy) return [undefined];
  return Array.from(
    { length: Math.ceil(bytes / gibibyte) },
    (_, index) => `bytes=${index * gibibyte}-${Math.min(bytes, (index + 1) * gibibyte) - 1}`,
  );
}

async function copyPart(copy: Copy, uploadId: string, number: number, range: string | undefined): Promise<string> {
  const { bucket, signal } = copy;
  const command = new UploadPartCopyCommand({
    Bucket: bucket.name,
    Key: bucket.keyOf(copy.stableKey),
    UploadId: uploadId,
    PartNumber: number,
    CopySource: sourceOf(copy),
    CopySourceIfMatch: copy.stagedEtag,
    ...(range === undefined ? {} : { CopySourceRange: range }),
  });
  const request = () => bucket.send((client, sending) => client.send(command, sending), { signal, bytes: copy.bytes });
  const answer = await explainSource(copy, () => bucket.sendAgain(request, 3, signal));
  return answer.CopyPartResult?.ETag ?? "";
}

/** Here a condition that fails is the staged object's, not the stable one's: no race to try again. */
async function explainSource<Answer>({ bucket, stagedKey }: Copy, request: () => Promise<Answer>): Promise<Answer> {
  try {
    return await request();
  } catch (error) {
    if (statusOf(error) === 412) throw objectChanged(bucket.uriOf(stagedKey), error);
    if (isMissing(error)) throw objectNotFound(bucket.uriOf(stagedKey), error);
    throw error;
  }
}

/** A header: each byte outside the unreserved ones is percent-encoded, those of the encoded keys once more. */
function sourceOf({ bucket, stagedKey }: Copy): string {
  return `/${bucket.name}/${bucket.keyOf(stagedKey).split("/").map(encodeURIComponent).join("/")}`;
}

/** For a server that knows conditions on a put only: the object comes down and goes up again. */
export function putAgain(copy: Copy): Way {
  const { bucket, signal } = copy;
  const file = join(tmpdir(), `iroko-publish-${randomUUID()}`);
  let moved = 0;
  let here = false;
  return {
    async write(condition) {
      if (!here) {
        const received = await receiveObject(bucket, copy.stagedKey, file, { etag: copy.stagedEtag, signal });
        moved += received.bytesMoved;
        here = true;
      }
      const command = new PutObjectCommand({
        Bucket: bucket.name,
        Key: bucket.keyOf(copy.stableKey),
        // A buffer can be sent again by the SDK; a stream cannot, but does not fill the memory.
        Body: copy.bytes <= 64 * 1024 ** 2 ? await readFile(file) : createReadStream(file),
        ContentLength: copy.bytes,
        Metadata: copy.metadata,
        ...condition,
      });
      const answer = await bucket.send((client, sending) => client.send(command, sending), {
        signal,
        bytes: copy.bytes,
      });
      moved += copy.bytes;
      return answer.ETag ?? "";
    },
    discard: () => rm(file, { force: true }),
    bytesMoved: () => moved,
  };
}

/** The last way: nothing but the look just before guards against a newer version. The probe's notes say so. */
export function copyUnconditionally(copy: Copy): Way {
  const { bucket, signal } = copy;
  return {
    async write() {
      const command = new CopyObjectCommand({
        Bucket: bucket.name,
        Key: bucket.keyOf(copy.stableKey),
        CopySource: sourceOf(copy),
        CopySourceIfMatch: copy.stagedEtag,
        MetadataDirective: "REPLACE",
        Metadata: copy.metadata,
      });
      const answer = await explainSource(copy, () =>
        bucket.send((client, sending) => client.send(command, sending), { signal, bytes: copy.bytes }),
      );
      return answer.CopyObjectResult?.ETag ?? "";
    },
    discard: () => Promise.resolve(),
    bytesMoved: () => 0,
  };
}
