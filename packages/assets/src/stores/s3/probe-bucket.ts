import { randomUUID } from "node:crypto";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { StoreAbilities } from "@iroko/core/engine";
import { ownFolder } from "../object-key.ts";
import type { Bucket } from "./bucket.ts";
import { isUnsupported, statusOf } from "./explain-s3.ts";
import type { Condition } from "./ways-to-publish.ts";

/** No object has this ETag. */
const staleEtag = `"${"0".repeat(32)}"`;

/** Tries each condition that publishing relies on, on an object of its own: servers say yes to what they ignore. */
export async function probeBucket(bucket: Bucket): Promise<StoreAbilities> {
  const place = { Bucket: bucket.name };
  await bucket.send((client, sending) =>
    client.send(new ListObjectsV2Command({ ...place, Prefix: bucket.prefix, MaxKeys: 1 }), sending),
  );

  const Key = `${bucket.prefix}${ownFolder}/probe/${randomUUID()}`;
  const put = (condition: Partial<Condition>) =>
    bucket.send((client, sending) =>
      client.send(new PutObjectCommand({ ...place, Key, Body: "probe", ...condition }), sending),
    );
  try {
    await put({});
    const conditionalPut =
      (await refuses(() => put({ IfNoneMatch: "*" }))) && (await refuses(() => put({ IfMatch: staleEtag })));
    const copying = await serverCopies(bucket, Key);
    const publishBy = copying === "conditional" ? "serverCopy" : conditionalPut ? "conditionalPut" : "unconditional";
    const notes = [
      ...(conditionalPut
        ? []
        : ["The store ignores If-None-Match on a put: a staged key is only looked at before it is written."]),
      ...(publishBy === "conditionalPut"
        ? ["The store ignores conditions on a multipart copy: each publish brings the object down and up again."]
        : []),
      ...(publishBy === "unconditional"
        ? [
            "The store enforces no condition: a late publisher may put an older version back until the pointer is next compared.",
          ]
        : []),
    ];
    return { conditionalPut, conditionalMultipart: copying === "conditional", publishBy, notes };
  } finally {
    await bucket
      .send((client, sending) => client.send(new DeleteObjectCommand({ ...place, Key }), sending))
      .catch((error: unknown) => bucket.log(`could not remove the probe ${Key}: ${(error as Error).message}`));
  }
}

/** Copies the probe over itself in parts: what is complete under a false condition was unguarded. */
async function serverCopies(bucket: Bucket, Key: string): Promise<"conditional" | "unconditional" | "no"> {
  const place = { Bucket: bucket.name, Key };
  try {
    const { UploadId } = await bucket.send((client, sending) =>
      client.send(new CreateMultipartUploadCommand(place), sending),
    );
    const CopySource = `/${bucket.name}/${Key.split("/").map(encodeURIComponent).join("/")}`;
    const part = await bucket.send((client, sending) =>
      client.send(new UploadPartCopyCommand({ ...place, UploadId, PartNumber: 1, CopySource }), sending),
    );
    const Parts = [{ PartNumber: 1, ETag: part.CopyPartResult?.ETag }];
    const complete = (condition: Partial<Condition>) =>
      bucket.send((client, sending) =>
        client.send(
          new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts }, ...condition }),
          sending,
        ),
      );
    const enforced =
      (await refuses(() => complete({ IfMatch: staleEtag }))) && (await refuses(() => complete({ IfNoneMatch: "*" })));
    if (enforced) await complete({});
    return enforced ? "conditional" : "unconditional";
  } catch (error) {
    if (isUnsupported(error)) return "no";
    throw error;
  }
}

/** Whether a condition that does not hold is refused as such; a server that does not know it is no better than one that ignores it. */
async function refuses(request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return false;
  } catch (error) {
    if (statusOf(error) === 412) return true;
    if (isUnsupported(error)) return false;
    throw error;
  }
}
