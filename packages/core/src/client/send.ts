/**
 * One call over HTTP, over a link that loses things: what may be repeated is sent again, the server's errors come back as
 * they were thrown, and a server that does not answer is one clear error.
 */
import { IrokoError, type ErrorCode } from "../errors.ts";
import { apiRoot, pathNames, type Operation } from "./operation.ts";

export interface Connection {
  /** Where the server is: http://127.0.0.1:3939. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly fetch: typeof fetch;
  /** How long one try may take. */
  readonly timeoutMs: number;
}

/** After the first try; a GET and a repeatable change is tried so often again. */
const retries = 4;
const firstPauseMs = 250;
const longestPauseMs = 5_000;
/** Nobody has looked at the request, or somebody in between has not passed it on. */
const passing = new Set([429, 502, 503, 504]);

/** @throws {IrokoError} the server's own; SERVER_UNREACHABLE, ANSWER_INVALID */
export async function send<Input, Answer>(
  connection: Connection,
  operation: Operation<Input, Answer>,
  input: Input,
  signal?: AbortSignal,
): Promise<Answer> {
  const mayRepeat = operation.method === "GET" || operation.repeatable === true;
  for (let retry = 0; ; retry += 1) {
    const tried = await attempt(connection, operation, input, signal);
    if (!("failure" in tried)) return answerOf(connection, operation, tried.value);
    if (!tried.passing || !mayRepeat || retry === retries) throw tried.failure;
    await pause(tried.retryAfterMs ?? pauseMs(retry), signal);
  }
}

/** A request for an operation, its input split into path, query and body. */
export function requestFor(
  { url, token }: Pick<Connection, "url" | "token">,
  operation: Pick<Operation, "method" | "path">,
  input: unknown,
): { readonly url: URL; readonly init: RequestInit } {
  const rest = new Map(Object.entries(input ?? {}).filter(([, value]) => value !== undefined));
  const take = (name: string): string => {
    const value = rest.get(name);
    rest.delete(name);
    return String(value);
  };
  const names = new Map(pathNames(operation).map((name) => [name, take(name)]));
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names.get(name)!));
  const target = new URL(url.replace(/\/+$/, "") + apiRoot + path);
  // A browser sets its own, which is the page's.
  const headers = new Headers({ accept: "application/json", origin: target.origin });
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (operation.method === "GET") {
    for (const [name, value] of rest) target.searchParams.set(name, String(value));
    return { url: target, init: { method: "GET", headers } };
  }
  headers.set("content-type", "application/json");
  return { url: target, init: { method: operation.method, headers, body: JSON.stringify(Object.fromEntries(rest)) } };
}

/** The server's error as it threw it; what no server of ours has said is told by its status. */
export async function errorIn(connection: Pick<Connection, "url">, answer: Response): Promise<IrokoError> {
  const text = await answer.text().catch(() => "");
  try {
    const { error } = JSON.parse(text) as {
      readonly error: Readonly<Record<"code" | "message", string>> & ErrorExtras;
    };
    if (typeof error.code === "string" && typeof error.message === "string") {
      const { hint, place, details } = error;
      return new IrokoError(error.code as ErrorCode, error.message, {
        ...(hint === undefined ? {} : { hint }),
        ...(place === undefined ? {} : { place }),
        ...(details === undefined ? {} : { details }),
      });
    }
  } catch {
    // no answer of an Iroko server
  }
  return invalid(connection, `status ${answer.status} and ${JSON.stringify(text.slice(0, 100))}`);
}

interface ErrorExtras {
  readonly hint?: string;
  readonly place?: NonNullable<IrokoError["place"]>;
  readonly details?: NonNullable<IrokoError["details"]>;
}

export function unreachable({ url }: Pick<Connection, "url">, cause: unknown): IrokoError {
  return new IrokoError("SERVER_UNREACHABLE", `The server at ${url} does not answer: ${reasonOf(cause)}.`, {
    hint: "Is iroko serve running there, and is the address right? Nothing is known to have been changed.",
    cause,
  });
}

export function invalid({ url }: Pick<Connection, "url">, what: string): IrokoError {
  return new IrokoError("ANSWER_INVALID", `What answers at ${url} is no Iroko server of this version: ${what}.`, {
    hint: "Check the address and whatever stands in between, and use the server's version of @iroko/core.",
  });
}

/** @throws {DOMException} the signal's reason */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal?.throwIfAborted();
}

/** Doubles, up to a limit; a random half of it, so that clients of a server that comes back do not come at once. */
export function pauseMs(retry: number): number {
  return Math.min(firstPauseMs * 2 ** retry, longestPauseMs) * (0.5 + Math.random() / 2);
}

type Tried =
  | { readonly value: unknown }
  | { readonly failure: unknown; readonly passing: boolean; readonly retryAfterMs?: number | undefined };

async function attempt(
  connection: Connection,
  operation: Operation,
  input: unknown,
  signal: AbortSignal | undefined,
): Promise<Tried> {
  const { url, init } = requestFor(connection, operation, input);
  const timeout = AbortSignal.timeout(connection.timeoutMs);
  try {
    const answer = await connection.fetch(url, {
      ...init,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (answer.ok) return { value: readJson(connection, await answer.text()) };
    const after = Number(answer.headers.get("retry-after") ?? NaN);
    return {
      failure: await errorIn(connection, answer),
      passing: passing.has(answer.status),
      retryAfterMs: after > 0 ? Math.min(after * 1000, longestPauseMs) : undefined,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof IrokoError) return { failure: error, passing: false };
    return { failure: unreachable(connection, error), passing: true };
  }
}

function readJson(connection: Connection, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(connection, `${JSON.stringify(text.slice(0, 100))} instead of JSON`);
  }
}

function answerOf<Answer>(
  connection: Connection,
  { method, path, answer }: Operation<unknown, Answer>,
  value: unknown,
): Answer {
  const read = answer.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(connection, `${method} ${path} gives ${issue?.path.join(".") || "it"}: ${issue?.message ?? ""}`);
}

/** Of fetch, the cause says more than the error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "it took too long";
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ((cause as { readonly code?: string }).code ?? error.message);
}
