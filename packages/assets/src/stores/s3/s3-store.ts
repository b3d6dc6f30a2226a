import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import type {
  LocalFile,
  Moved,
  ObjectInfo,
  Published,
  PublishedVersion,
  PublishOptions,
  Put,
  StageOptions,
  Store,
  StoreAbilities,
  UnderwayUpload,
} from "@iroko/core/engine";
import { checkKey, ownFolder } from "../object-key.ts";
import { compareVersions } from "../published-version.ts";
import { Bucket, type BucketOptions } from "./bucket.ts";
import { probeBucket } from "./probe-bucket.ts";
import { isCopyOf, publishedVersionOf, publishObject } from "./publish-object.ts";
import { receiveObject, receiveRange } from "./receive-object.ts";
import { abortUpload } from "./stage-in-parts.ts";
import { stageObject } from "./stage-object.ts";

/** A prefix of a bucket as a store: Amazon S3, MinIO, versitygw, or another server of that protocol. */
export function openS3Store(options: BucketOptions): Store {
  return new S3Store(new Bucket(options));
}

class S3Store implements Store {
  readonly kind = "s3";
  readonly uri: string;
  readonly #bucket: Bucket;
  #abilities: Promise<StoreAbilities> | undefined;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
    this.uri = bucket.uri;
  }

  uriOf(key: string): string {
    return this.#bucket.uriOf(key);
  }

  localFile(): undefined {
    return undefined;
  }

  /** Asked once; only a failure is asked again. */
  async probe(): Promise<StoreAbilities> {
    this.#abilities ??= this.#bucket.explained(undefined, () => probeBucket(this.#bucket));
    try {
      return await this.#abilities;
    } catch (error) {
      this.#abilities = undefined;
      throw error;
    }
  }

  async stage(key: string, file: LocalFile, options: StageOptions = {}): Promise<Put> {
    const abilities = await this.#abilities?.catch(() => undefined);
    // Where the condition is not enforced, a look beforehand is all that guards a key that is written once.
    const careful = abilities?.conditionalPut === false ? { ...options, again: true } : options;
    return await this.#bucket.explained(key, () => stageObject(this.#bucket, key, file, careful));
  }

  async publish(
    stagedKey: string,
    stableKey: string,
    version: PublishedVersion,
    options: PublishOptions = {},
  ): Promise<Published> {
    for (const key of [stagedKey, stableKey]) checkKey(key);
    options.signal?.throwIfAborted();
    const { publishBy } = await this.probe();
    return await this.#bucket.explained(stableKey, () =>
      publishObject(this.#bucket, publishBy, { stagedKey, stableKey, version }, options),
    );
  }

  async isPublished(stagedKey: string, stableKey: string, version: PublishedVersion): Promise<boolean> {
    return await this.#bucket.explained(stableKey, async () => {
      const there = await this.#bucket.sendAgain(() => this.#bucket.head(stableKey), 3);
      const found = publishedVersionOf(there?.Metadata);
      return found !== undefined && compareVersions(found, version) === 0 && isCopyOf(there, stagedKey);
    });
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return await this.#bucket.explained(key, async () => {
      const found = await this.#bucket.sendAgain(() => this.#bucket.head(key), 3);
      if (found === undefined) return undefined;
      const version = publishedVersionOf(found.Metadata);
      return {
        key,
        bytes: found.ContentLength ?? 0,
        etag: found.ETag ?? "",
        modifiedAt: instantOf(found.LastModified),
        ...(version === undefined ? {} : { version }),
      };
    });
  }

  async download(
    key: string,
    toFile: string,
    options: { readonly etag?: string; readonly signal?: AbortSignal } = {},
  ): Promise<Moved> {
    return await this.#bucket.explained(key, () => receiveObject(this.#bucket, key, toFile, options));
  }

  async readRange(
    key: string,
    start: number,
    end: number,
    options: { readonly etag?: string } = {},
  ): Promise<Uint8Array> {
    return await this.#bucket.explained(key, () => receiveRange(this.#bucket, key, start, end, options));
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    let after: string | undefined;
    do {
      const command: ListObjectsV2Command = new ListObjectsV2Command({
        Bucket: this.#bucket.name,
        Prefix: this.#bucket.prefix + prefix,
        ContinuationToken: after,
      });
      const page = await this.#read((client, sending) => client.send(command, sending));
      for (const { Key = "", Size = 0, ETag = "", LastModified } of page.Contents ?? []) {
        const key = Key.slice(this.#bucket.prefix.length);
        if (key.endsWith("/") || key.startsWith(`${ownFolder}/`)) continue;
        yield { key, bytes: Size, etag: ETag, modifiedAt: instantOf(LastModified) };
      }
      after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (after !== undefined);
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket.name, Key: this.#bucket.keyOf(key) });
    await this.#bucket.explained(key, () =>
      this.#bucket.sendAgain(() => this.#bucket.send((client, sending) => client.send(command, sending)), 3),
    );
  }

  /** MinIO finds an upload only by its whole key, or with all others of the bucket: so all are asked for. */
  async *uploads(prefix: string): AsyncIterable<UnderwayUpload> {
    const full = this.#bucket.prefix + prefix;
    let after: { readonly key?: string | undefined; readonly upload?: string | undefined } | undefined = {};
    while (after !== undefined) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
        Bucket: this.#bucket.name,
        KeyMarker: after.key,
        UploadIdMarker: after.upload,
      });
      const page = await this.#read((client, sending) => client.send(command, sending));
      for (const { Key = "", UploadId, Initiated } of page.Uploads ?? []) {
        if (UploadId === undefined || !Key.startsWith(full)) continue;
        yield { key: Key.slice(this.#bucket.prefix.length), uploadId: UploadId, startedAt: instantOf(Initiated) };
      }
      after = page.IsTruncated === true ? { key: page.NextKeyMarker, upload: page.NextUploadIdMarker } : undefined;
    }
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    await this.#bucket.explained(key, () => abortUpload(this.#bucket, key, uploadId));
  }

  close(): Promise<void> {
    this.#bucket.close();
    return Promise.resolve();
  }

  async #read<Answer>(
    call: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    return await this.#bucket.explained(undefined, () => this.#bucket.sendAgain(() => this.#bucket.send(call), 3));
  }
}

function instantOf(date: Date | undefined): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(date?.getTime() ?? 0);
}
