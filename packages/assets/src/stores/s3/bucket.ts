import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
  type HeadObjectCommandOutput,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { IrokoError } from "@iroko/core";
import { checkKey } from "../object-key.ts";
import { explainS3, isMissing, isUncertain, statusOf } from "./explain-s3.ts";

export interface BucketOptions {
  readonly bucket: string;
  /** Without slashes at its ends; "" for the bucket's root. */
  readonly prefix: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log?: (message: string) => void;
  readonly requestSeconds?: number;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** What the request moves: it gets the time that a bad link needs for it. */
  readonly bytes?: number;
}

/** The slowest connection that still counts as working: a bad link carries 60 kB/s, shared by four parts. */
const slowestBytesPerSecond = 16 * 1024;

/** A prefix of a bucket, and how requests reach it: every one of them ends within a bounded time. */
export class Bucket {
  readonly name: string;
  readonly prefix: string;
  readonly uri: string;
  /** The server's address where it was given, and the variable that gave it. */
  readonly endpoint: { readonly url: string; readonly variable: string } | undefined;
  readonly region: string | undefined;
  readonly log: (message: string) => void;
  readonly #client: S3Client;
  readonly #requestSeconds: number;

  constructor({ bucket, prefix, env = process.env, log = () => {}, requestSeconds = 15 }: BucketOptions) {
    this.name = bucket;
    this.prefix = prefix === "" ? "" : `${prefix}/`;
    this.uri = prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}`;
    this.endpoint = endpointOf(env);
    this.region = env["AWS_REGION"] ?? env["AWS_DEFAULT_REGION"];
    this.log = log;
    this.#requestSeconds = requestSeconds;
    this.#client = new S3Client(configOf(env, this.endpoint?.url, this.region));
  }

  /** The object's full key in the bucket. */
  keyOf(key: string): string {
    return this.prefix + checkKey(key);
  }

  uriOf(key: string): string {
    return `s3://${this.name}/${this.keyOf(key)}`;
  }

  /** Sends a command of the SDK: `send((client, options) => client.send(new HeadObjectCommand(…), options))`. */
  async send<Answer>(
    call: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
    { signal, bytes = 0 }: SendOptions = {},
  ): Promise<Answer> {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const seconds = this.#requestSeconds + bytes / slowestBytesPerSecond;
    const late = () => limit.abort(Object.assign(new Error(`no answer within ${seconds} s`), { code: "ETIMEDOUT" }));
    // Off with the headers: a body that still comes after them is watched by its reader.
    const timer = setTimeout(late, seconds * 1000);
    try {
      return await call(this.#client, {
        abortSignal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
      });
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends again what may be sent twice, after a random wait that grows, while the answer leaves hope. */
  async sendAgain<Answer>(request: () => Promise<Answer>, attempts: number, signal?: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (attempt >= attempts || signal?.aborted === true || !isUncertain(error)) throw error;
        this.log(`${this.uri}: ${(error as Error).message}; attempt ${attempt + 1} of ${attempts}`);
        await pause(attempt, signal);
      }
    }
  }

  /**
   * undefined: there is no such object. The answer to a HEAD has no body, so that a missing bucket looks the same, and on
   * versitygw an unknown user: a GET tells them apart, lest a wrong setting make a whole store look empty.
   */
  async head(key: string, signal?: AbortSignal): Promise<HeadObjectCommandOutput | undefined> {
    const place = { Bucket: this.name, Key: this.keyOf(key) };
    const head = new HeadObjectCommand({ ...place, ChecksumMode: "ENABLED" });
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.send((client, options) => client.send(head, options), { signal });
      } catch (error) {
        if (!isMissing(error) || attempt === 3) throw error;
      }
      try {
        const get = new GetObjectCommand({ ...place, Range: "bytes=0-0" });
        const appeared = await this.send((client, options) => client.send(get, options), { signal });
        (appeared.Body as Readable).destroy();
      } catch (error) {
        if (isMissing(error)) return undefined;
        // An empty object has no first byte.
        if (statusOf(error) !== 416) throw error;
      }
    }
  }

  /** Runs a piece of work on an object; what the SDK throws in it becomes one of our errors. */
  async explained<Result>(key: string | undefined, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw explainS3(error, this, key === undefined ? this.uri : `s3://${this.name}/${this.prefix}${key}`);
    }
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Full jitter: those who failed together must not come back together. */
export async function pause(attempt: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(Math.random() * Math.min(5000, 100 * 2 ** attempt), undefined, signal && { signal });
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}

function endpointOf(env: Readonly<Record<string, string | undefined>>): Bucket["endpoint"] {
  for (const variable of ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
    const url = env[variable];
    if (url === undefined || url === "") continue;
    if (/^https?:\/\/[^/]/.test(url) && URL.canParse(url)) return { url, variable };
    throw new IrokoError("STORE_URI", `${variable} is "${url}", which is not the address of a server.`, {
      hint: "Write it with its scheme and port, such as http://127.0.0.1:9000.",
    });
  }
  return undefined;
}

function configOf(
  env: Readonly<Record<string, string | undefined>>,
  endpoint: string | undefined,
  region: string | undefined,
): S3ClientConfig {
  const [id, secret, token, profile] = [
    env["AWS_ACCESS_KEY_ID"],
    env["AWS_SECRET_ACCESS_KEY"],
    env["AWS_SESSION_TOKEN"],
    env["AWS_PROFILE"],
  ];
  // A server of one's own has no regions; any name will do for the signature.
  const place = region ?? (endpoint !== undefined && profile === undefined ? "us-east-1" : undefined);
  return {
    ...(endpoint === undefined
      ? {}
      : { endpoint, forcePathStyle: !new URL(endpoint).hostname.endsWith(".amazonaws.com") }),
    ...(place === undefined ? {} : { region: place }),
    ...(profile === undefined ? {} : { profile }),
    ...(id === undefined || secret === undefined || profile !== undefined
      ? {}
      : {
          credentials: {
            accessKeyId: id,
            secretAccessKey: secret,
            ...(token === undefined ? {} : { sessionToken: token }),
          },
        }),
    // We send SHA-256 checksums ourselves; the SDK's own CRC trailers are refused by older servers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5000, httpAgent: { keepAlive: true }, httpsAgent: { keepAlive: true } },
  };
}
