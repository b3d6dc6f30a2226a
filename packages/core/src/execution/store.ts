/**
 * Where bytes live: a local folder, MinIO, S3. Keys are relative to the store's root, with "/" between folders, already
 * percent-encoded where they came from partition keys. Nothing here decides what is current: Postgres does.
 *
 * Errors: STORE_UNREACHABLE (which host, which variable), STORE_DENIED, STORE_NO_BUCKET, STORE_FULL, OBJECT_NOT_FOUND,
 * OBJECT_CHANGED (an ETag that no longer matches), OBJECT_CONFLICT (another object under a key that is written once).
 */
export interface Store {
  readonly kind: "local" | "s3";
  /** `file:///srv/iroko/store` or `s3://bucket/prefix`. */
  readonly uri: string;
  uriOf(key: string): string;
  /** The object's file where the store is on this machine: read it in place, never copy it. */
  localFile(key: string): string | undefined;

  /** What the store really does; throws where it cannot be reached, entered or written. */
  probe(): Promise<StoreAbilities>;

  /**
   * Puts a local file under a key that is written once (`If-None-Match: *`, checksum). An equal object already there
   * (an answer was lost) counts as put; another one throws OBJECT_CONFLICT. A local store links the file, which must not
   * be written any more.
   */
  stage(key: string, file: LocalFile, options?: StageOptions): Promise<Put>;

  /**
   * Makes the stable key an atomic copy of a staged object, moving no bytes over the link where the store can.
   * A stable object that carries a newer (incarnation, version) is left alone: the pointer has moved, or something is wrong.
   */
  publish(
    stagedKey: string,
    stableKey: string,
    version: PublishedVersion,
    options?: PublishOptions,
  ): Promise<Published>;

  /** Whether the stable key holds this staged object. */
  isPublished(stagedKey: string, stableKey: string, version: PublishedVersion): Promise<boolean>;

  /** undefined: there is no such object. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Writes the whole object to a file that appears at once and complete; the ETag, where given, must match. */
  download(
    key: string,
    toFile: string,
    options?: { readonly etag?: string; readonly signal?: AbortSignal },
  ): Promise<Moved>;
  /** Bytes [start, end) of one generation of an object. */
  readRange(key: string, start: number, end: number, options?: { readonly etag?: string }): Promise<Uint8Array>;
  /** Every object whose key starts with the prefix, in no order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** Deleting what is not there is fine. */
  delete(key: string): Promise<void>;
  /** Multipart uploads under way; aborting one that is gone is fine. */
  uploads(prefix: string): AsyncIterable<UnderwayUpload>;
  abortUpload(key: string, uploadId: string): Promise<void>;
  close(): Promise<void>;
}

export interface LocalFile {
  readonly path: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface StageOptions {
  readonly signal?: AbortSignal;
  /** An earlier attempt may have put it: that is looked at before any byte is sent. */
  readonly again?: boolean;
  /** Goes on with a multipart upload that was cut; parts are told as they arrive, so that they can be recorded. */
  readonly resume?: UploadProgress;
  readonly onPart?: (progress: UploadProgress) => Promise<void>;
}

export interface PublishOptions {
  readonly signal?: AbortSignal;
  /** The ETag of a stable object that is replaced though it is newer: no pointer speaks of it. */
  readonly evenOver?: string;
}

export interface UploadProgress {
  readonly uploadId: string;
  /** Of the whole file: parts of another one are of no use. */
  readonly sha256: string;
  readonly partBytes: number;
  readonly parts: readonly { readonly number: number; readonly etag: string; readonly sha256: string }[];
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedAt: Temporal.Instant;
  /** (incarnation, version) of a stable object, where the store keeps metadata. */
  readonly version?: PublishedVersion;
}

/** Bytes that went over the link, both ways; 0 for a local store and for a copy made by the server. */
export interface Moved {
  readonly bytesMoved: number;
}

export interface Put extends Moved {
  readonly etag: string;
  readonly bytes: number;
}

export interface PublishedVersion {
  readonly incarnation: number;
  readonly version: number;
}

export interface Published extends Moved {
  readonly outcome: "published" | "alreadyCurrent" | "newerThere";
  /** Of the stable object as it is now. */
  readonly etag: string;
}

export interface UnderwayUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Temporal.Instant;
}

/** What the probe found: which conditions are enforced, hence how publishing works, in words for `doctor`. */
export interface StoreAbilities {
  readonly conditionalPut: boolean;
  readonly conditionalMultipart: boolean;
  readonly publishBy: "rename" | "serverCopy" | "conditionalPut" | "unconditional";
  readonly notes: readonly string[];
}
