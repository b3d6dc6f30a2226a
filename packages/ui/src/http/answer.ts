/**
 * Binds an operation of the contract to what answers it. What is true of every route stands here once: input is read
 * strictly, the role is asked for, a GET has an ETag and is compressed where that is worth it, and an answer is what the
 * contract says. What goes on is never compressed: each piece is to arrive when it is sent.
 */
import { isDeepStrictEqual } from "node:util";
import { pathNames, type Operation } from "@iroko/core/client";
import type { Context, Hono } from "hono";
import { compress } from "hono/compress";
import { etag } from "hono/etag";
import { readInput } from "./input.ts";
import { requireRole } from "./require-role.ts";

/** What `JSON.stringify` makes an answer of: instants become texts. */
export type Sendable<Value> =
  | (string extends Value ? Temporal.Instant : never)
  | (Value extends readonly (infer Item)[]
      ? readonly Sendable<Item>[]
      : Value extends object
        ? { readonly [Name in keyof Value]: Sendable<Value[Name]> }
        : Value);

export type Handler<Input, Answer> = (input: Input, c: Context) => Promise<Sendable<Answer>>;

/** Adds an operation's route. */
export type Answer = <Input, Answer>(
  operation: Operation<Input, Answer>,
  handle: Handler<NoInfer<Input>, NoInfer<Answer>>,
) => void;

export interface AnswerOptions {
  /** Compares each answer with its schema, and fails where they differ: for tests. */
  readonly checkAnswers?: boolean | undefined;
}

export function answers(app: Hono, { checkAnswers = false }: AnswerOptions = {}): Answer {
  return (operation, handle) => {
    const respond = async (c: Context): Promise<Response> => {
      requireRole(c, operation.role);
      const answer = await handle(await readInput(c, operation), c);
      const text = JSON.stringify(answer);
      if (checkAnswers) checkAnswer(operation, text);
      if (operation.method === "GET") c.header("cache-control", "no-cache");
      return c.body(text, operation.status ?? 200, {
        "content-type": "application/json",
        "content-length": `${Buffer.byteLength(text)}`,
      });
    };
    const path = routeOf(operation);
    // The ETag is of what was asked for, however it travels: it is told before it is compressed.
    if (operation.method === "GET") app.get(path, compress(), etag(), respond);
    else app.on(operation.method, path, respond);
  };
}

export type AnswerStream = <Input>(
  operation: Operation<Input> & { readonly content: string },
  open: (input: NoInfer<Input>, c: Context) => Promise<ReadableStream<Uint8Array>>,
) => void;

/** The same of an operation whose answer goes on. */
export function streams(app: Hono): AnswerStream {
  return (operation, open) => {
    app.get(routeOf(operation), async (c) => {
      requireRole(c, operation.role);
      const body = await open(await readInput(c, operation), c);
      return c.body(body, 200, { "content-type": operation.content, "cache-control": "no-store" });
    });
  };
}

/** `/runs/{id}` as the router writes it. */
export function routeOf(operation: Pick<Operation, "path">): string {
  return pathNames(operation).reduce((path, name) => path.replace(`{${name}}`, `:${name}`), operation.path);
}

/** A field too many is as wrong as one that lacks: nobody would read it, and nobody has decided to tell it. */
function checkAnswer({ method, path, answer }: Operation, text: string): void {
  const sent: unknown = JSON.parse(text);
  const read = answer.safeParse(sent);
  if (!read.success) throw new Error(`${method} ${path} answers otherwise than its schema: ${read.error.message}`);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(read.data)), sent))
    throw new Error(`${method} ${path} answers more than its schema: ${text}\n${JSON.stringify(read.data)}`);
}
