/** The server: an instance's API and page on one port of this machine. It reads snapshots and never loads user code. */
import { createAdaptorServer } from "@hono/node-server";
import { IrokoError, type ErrorCode, type Logger } from "@iroko/core";
import { anybodyMayEnter, openDatabase, type Database, type DataReader, type Store } from "@iroko/core/engine";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext } from "node:tls";
import type { StreamOptions } from "./api/stream.ts";
import { makeApp } from "./app.ts";
import { exposureOf } from "./auth/exposure.ts";

export interface ServerOptions {
  /** Where its database is. */
  readonly instance: { readonly db: Database } | { readonly databaseUrl: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 3939; 0 takes any that is free. */
  readonly port?: number;
  /** What the server is called by those who reach it from elsewhere: `https://iroko.example`. They have to sign in. */
  readonly publicUrl?: string;
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A proxy in front speaks TLS. Its X-Forwarded-Proto is believed, and what it adds to X-Forwarded-For. */
  readonly behindProxy?: boolean;
  /** How long a request may take to arrive: 30. */
  readonly requestSeconds?: number;
  /** Whether the instance's store is reached over a network: plans then tell what will travel. */
  readonly store?: "local" | "remote";
  /** Opens that store, for what has to look into it; the server closes it again. */
  readonly openStore?: () => Promise<Store>;
  /** Its address, for SQL to copy: a folder, or s3://bucket/prefix. */
  readonly storeUri?: string;
  /** Looks into data, for column lineage and the first rows of a partition: `dataReader()` of @iroko/assets. */
  readonly dataReader?: DataReader;
  readonly log?: Logger;
  /** How long one statement may take: 10. */
  readonly statementTimeoutSeconds?: number;
  /** How often the stream looks, and how many may read it. */
  readonly stream?: StreamOptions;
  /** Compares each answer of the API with its contract, and fails where they differ: for tests. */
  readonly checkAnswers?: boolean;
  /** The real clock, unless a test gives another. */
  readonly now?: () => Temporal.Instant;
}

export interface RunningServer {
  /** Where the page is, e.g. http://127.0.0.1:3939. */
  readonly url: string;
  /** The one that it took, where any free one was to do. */
  readonly port: number;
  /** Ends open connections; an answer under way is finished first. */
  close(): Promise<void>;
}

export const defaultPort = 3939;
const maxHeaderBytes = 16 * 1024;

/** @throws {IrokoError} HOST_NOT_ALLOWED, PUBLIC_URL, TLS_INVALID, PORT_IN_USE, LISTEN_FAILED */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const {
    instance,
    host = "127.0.0.1",
    port = defaultPort,
    store,
    openStore,
    storeUri,
    dataReader,
    log,
    checkAnswers,
    stream,
    now,
  } = options;
  const { statementTimeoutSeconds = 10, requestSeconds = 30, publicUrl, tls, behindProxy = false } = options;
  // A pool of its own: what a page asks may not keep Postgres busy for as long as what workers and schedules do.
  const db = openDatabase("db" in instance ? instance.db.url : instance.databaseUrl, {
    applicationName: "iroko server",
    statementTimeoutSeconds,
  });
  let server: HttpServer;
  try {
    const exposure = await exposureOf({ host, port, publicUrl, hasTls: tls !== undefined, behindProxy }, () =>
      anybodyMayEnter(db),
    );
    const app = makeApp({
      db,
      now: now ?? (() => Temporal.Now.instant()),
      store,
      openStore,
      storeUri,
      dataReader,
      log,
      checkAnswers,
      stream,
      exposure,
    });
    server = createAdaptorServer({
      fetch: app.fetch,
      serverOptions: {
        requestTimeout: requestSeconds * 1_000,
        headersTimeout: Math.min(10, requestSeconds) * 1_000,
        // How often it is looked whether either has passed.
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: maxHeaderBytes,
        // Opening a connection takes a far reader a round trip, or three with TLS; a proxy in front keeps its own for a minute.
        keepAliveTimeout: 65_000,
        ...(tls === undefined ? {} : readTls(tls)),
      },
      ...(tls === undefined ? {} : { createServer: createTlsServer }),
    }) as HttpServer;
    const answers = new WeakMap<Duplex, ServerResponse>();
    server.on("request", ({ socket }: IncomingMessage, answer: ServerResponse) => answers.set(socket, answer));
    server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      const answer = answers.get(socket);
      // In the middle of another's answer nothing can be said.
      if (answer?.headersSent === true && !answer.writableFinished) socket.destroy();
      else refuseUnread(error, socket);
    });
    await listen(server, host, port);
  } catch (error) {
    await db.close();
    throw error;
  }
  const bound = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: publicUrl ?? `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    port: bound.port,
    close: () =>
      (closing ??= (async () => {
        await closeServer(server);
        await db.close();
      })()),
  };
}

/** What is no HTTP, comes too slowly or has too much before its body is told so, as every other refusal is, and hung up on. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, code, message, hint] = unread[error.code ?? ""] ?? unread[""]!;
  const body = JSON.stringify({ error: { code, message, hint } });
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

type Unread = readonly [status: string, code: ErrorCode, message: string, hint: string];
const unread: Readonly<Record<string, Unread>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "REQUEST_INVALID",
    `A request's address and headers may have ${maxHeaderBytes} bytes.`,
    "Ask for fewer partitions at once, or for ranges of them: 2026-11-01..2026-11-30.",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    "408 Request Timeout",
    "REQUEST_INVALID",
    "The request took too long to arrive.",
    "Send it again.",
  ],
  "": ["400 Bad Request", "REQUEST_INVALID", "This is no request that HTTP has.", "Look at /api for those there are."],
};

interface HttpServer extends Server {
  closeAllConnections(): void;
  closeIdleConnections(): void;
}

/** Read and tried before anything listens: a key that is not the certificate's is told by name, and not to each browser. */
function readTls(files: { readonly cert: string; readonly key: string }): {
  readonly cert: Buffer;
  readonly key: Buffer;
} {
  try {
    const pem = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    createSecureContext(pem);
    return pem;
  } catch (error) {
    throw new IrokoError(
      "TLS_INVALID",
      `The certificate ${files.cert} and the key ${files.key} cannot be used: ${(error as Error).message}.`,
      { hint: "Both are PEM files that this user may read; the key is that of the first certificate.", cause: error },
    );
  }
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new IrokoError("PORT_IN_USE", `Port ${port} on ${host} is in use by another process.`, {
        hint: `Take another one: --port ${port + 1}. Is it iroko already? Look at http://${host}:${port}`,
        cause: error,
      });
    }
    throw new IrokoError("LISTEN_FAILED", `The server cannot listen on ${host}:${port}: ${message}.`, {
      hint: code === "EACCES" ? "Ports below 1024 are for root: take one above, --port 3939." : "Take another --port.",
      cause: error,
    });
  } finally {
    server.removeListener("error", reject);
  }
}

/** Answers under way get a moment; a browser's kept connections end at once. */
async function closeServer(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(timer);
}
