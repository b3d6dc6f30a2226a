/** A stream that goes on for hours ends when whoever reads it may no longer: its client asks again, and is refused. */
import type { Context } from "hono";
import type { Caller } from "./caller.ts";

const everyMs = 2_000;

export function whileKnown(c: Context, find: () => Promise<Caller | undefined>): void {
  const { body, headers } = c.res;
  if (body === null || headers.get("content-type")?.startsWith("text/event-stream") !== true) return;
  const gone = new AbortController();
  const timer = setInterval(() => {
    find().then(
      (caller) => caller === undefined && gone.abort(),
      () => gone.abort(),
    );
  }, everyMs);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  void body
    .pipeTo(writable, { signal: gone.signal, preventAbort: true })
    // To its reader it is an end like any other; a reader that has left needs none.
    .catch(() => writable.close().catch(() => {}))
    .finally(() => clearInterval(timer));
  c.res = new Response(readable, c.res);
}
