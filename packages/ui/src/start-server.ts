/** The server: an instance's API and page on one port of this machine. It reads snapshots and never loads user code. */
import { createAdaptorServer } from "@hono/node-server";
import { IrokoError, type Logger } from "@iroko/core";
import { openDatabase, type Database } from "@iroko/core/engine";
import type { AddressInfo, Server } from "node:net";
import { makeApp } from "./app.ts";

export interface ServerOptions {
  /** Where its database is. */
  readonly instance: { readonly db: Database } | { readonly databaseUrl: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 3939; 0 takes any that is free. */
  readonly port?: number;
  /** Whether the instance's store is reached over a network: plans then tell what will travel. */
  readonly store?: "local" | "remote";
  readonly log?: Logger;
  /** How long one statement may take: 10. */
  readonly statementTimeoutSeconds?: number;
  /** Compares each answer of the API with its contract, and fails where they differ: for tests. */
  readonly checkAnswers?: boolean;
  /** The real clock, unless a test gives another. */
  readonly now?: () => Temporal.Instant;
}

export interface RunningServer {
  /** Where the page is, e.g. http://127.0.0.1:3939. */
  readonly url: string;
  /** Ends open connections; an answer under way is finished first. */
  close(): Promise<void>;
}

export const defaultPort = 3939;
const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/** @throws {IrokoError} HOST_NOT_ALLOWED, PORT_IN_USE, LISTEN_FAILED */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { instance, host = "127.0.0.1", port = defaultPort, store, log, checkAnswers, now } = options;
  const { statementTimeoutSeconds = 10 } = options;
  if (!loopback.has(host)) {
    const tunnel = port === 0 ? defaultPort : port;
    throw new IrokoError("HOST_NOT_ALLOWED", `The page has no login yet, so it does not listen on ${host}.`, {
      hint: `Leave --host out, and reach it from elsewhere through a tunnel: ssh -L ${tunnel}:127.0.0.1:${tunnel} <this machine>`,
    });
  }
  // A pool of its own: what a page asks may not keep Postgres busy for as long as what workers and schedules do.
  const db = openDatabase("db" in instance ? instance.db.url : instance.databaseUrl, {
    applicationName: "iroko server",
    statementTimeoutSeconds,
  });
  const app = makeApp({ db, now: now ?? (() => Temporal.Now.instant()), store, log, checkAnswers });
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
  }) as Server & { closeAllConnections(): void; closeIdleConnections(): void };
  try {
    await listen(server, host, port);
  } catch (error) {
    await db.close();
    throw error;
  }
  const bound = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      (closing ??= (async () => {
        await closeServer(server);
        await db.close();
      })()),
  };
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
async function closeServer(
  server: Server & { closeAllConnections(): void; closeIdleConnections(): void },
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 1_000);
  await closed;
  clearTimeout(timer);
}
