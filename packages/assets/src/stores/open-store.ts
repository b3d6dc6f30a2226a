import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { IrokoError } from "@iroko/core";
import type { Store } from "@iroko/core/engine";

export interface OpenStoreOptions {
  /** Where the AWS variables are read; `process.env` by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Told what went wrong and was done again. */
  readonly log?: (message: string) => void;
  /** How long a request that moves no object may take; 15 by default. Transfers get more, by their size. */
  readonly requestSeconds?: number;
}

/**
 * Opens `file:///srv/iroko/store`, a plain path, or `s3://bucket/prefix`. It touches nothing yet: `probe()` does.
 *
 * S3 and its like follow the AWS SDK's conventions: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION, AWS_PROFILE,
 * AWS_ACCESS_KEY_ID and the rest; an endpoint of your own is addressed by path, as MinIO wants it.
 *
 * @throws {IrokoError} STORE_URI
 */
export async function openStore(uri: string, options: OpenStoreOptions = {}): Promise<Store> {
  if (uri.startsWith("s3://")) {
    const [bucket, ...prefix] = uri.slice("s3://".length).split("/");
    if (bucket === undefined || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
      throw notAStore(uri, "it names no valid bucket");
    // The SDK takes a third of a second to load: a local store must not wait for it.
    const { openS3Store } = await import("./s3/s3-store.ts");
    return openS3Store({ bucket, prefix: prefix.filter((name) => name !== "").join("/"), ...options });
  }
  const { openLocalStore } = await import("./local/local-store.ts");
  return openLocalStore(folderOf(uri), options.log);
}

function folderOf(uri: string): string {
  if (uri.startsWith("file:")) {
    try {
      return resolve(fileURLToPath(uri));
    } catch (cause) {
      throw notAStore(uri, "it is not the URL of a folder on this machine", cause);
    }
  }
  if (uri === "" || uri.includes("\0") || /^[a-z][a-z0-9+.-]+:/i.test(uri))
    throw notAStore(uri, "its scheme is unknown");
  if (uri === "~" || uri.startsWith("~/")) return join(homedir(), uri.slice(1));
  return isAbsolute(uri) ? resolve(uri) : resolve(process.cwd(), uri);
}

function notAStore(uri: string, why: string, cause?: unknown): IrokoError {
  return new IrokoError("STORE_URI", `"${uri}" is not the address of a store: ${why}.`, {
    hint: "Give a folder (/srv/iroko/store or file:///srv/iroko/store) or s3://bucket/prefix, in IROKO_STORE for example.",
    cause,
  });
}
