/**
 * What changes on the server, heard once for all tabs of a browser: it opens at most six connections to a server, and a stream
 * keeps one. The tab that holds a lock reads the stream and passes on what it hears; one that hears nothing of it for long
 * takes the lock away. Whoever becomes the reader goes on from the place that it has heard of last.
 */
import type { StreamHello, StreamMessage } from "@iroko/core/client";
import { effect } from "@preact/signals";
import { isAway, isDeaf, ownBuild, patienceMs, streamSays, streamSpoke } from "./connection.ts";
import { readStream, type StreamReader } from "./stream.ts";
import { toldPosition } from "./told.ts";
import { askServer } from "./watch-link.ts";

/** What has changed; all undefined: anything may have. */
export interface Change {
  readonly run?: string | undefined;
  readonly asset?: string | undefined;
}

const listeners = new Set<(change: Change) => void>();

export function onChange(listener: (change: Change) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(change: Change): void {
  for (const listener of listeners) listener(change);
}

/** What tabs say to each other; all but `asks` is the reader's. */
type Said =
  /** Somebody has just come, and wants to know where the stream is. */
  | { readonly kind: "asks" }
  | {
      readonly kind: "spoke";
      readonly place: string | undefined;
      readonly isGap: boolean;
      readonly hello: StreamHello | undefined;
    }
  | { readonly kind: "changed"; readonly change: Change }
  | { readonly kind: "lost" };

/** A page of another build may speak another language. */
const name = `iroko.stream.${ownBuild ?? ""}`;
const others = "locks" in navigator && "BroadcastChannel" in globalThis ? new BroadcastChannel(name) : undefined;
const watchMs = 1_000;

let place = toldPosition ?? undefined;
/** Where this tab reads the stream itself. */
let reader: StreamReader | undefined;
let hello: StreamHello | undefined;
/** Whether anybody has said where the stream is. */
let hasJoined = false;
let readerSaidAt = Date.now();
let polledAt = Date.now();

export function startLive(): void {
  others?.addEventListener("message", ({ data }: MessageEvent<Said>) => take(data));
  if (others === undefined) read();
  else waitForLock();
  toOthers({ kind: "asks" });
  setInterval(watch, watchMs);
  addEventListener("visibilitychange", watch);
  addEventListener("online", () => reader?.renew()); // by another way: the one before may be dead
  let wasAway = false;
  effect(() => {
    // It was away and is back, and the connection that there was may know of neither.
    if (wasAway && !isAway.value && reader !== undefined && reader.silentMs() > watchMs) reader.renew();
    wasAway = isAway.value;
  });
}

/** Reads from when no other tab does. */
let waiting = new AbortController();
function waitForLock(): void {
  waiting = new AbortController();
  void hold({ signal: waiting.signal });
}
function takeOver(): void {
  waiting.abort();
  void hold({ steal: true });
}
async function hold(options: LockOptions): Promise<void> {
  try {
    await navigator.locks.request(name, options, async () => {
      read();
      await new Promise<never>(() => {}); // for as long as the tab is there
    });
  } catch {
    if (options.signal?.aborted) return; // it takes over instead of waiting
    reader?.close();
    reader = undefined;
    waitForLock();
  }
}

function read(): void {
  reader?.close();
  readerSaidAt = Date.now();
  reader = readStream(place, {
    hello: (said) => (hello = said),
    spoke: (at, isGap) => say({ kind: "spoke", place: at, isGap, hello }),
    message: (message) => say({ kind: "changed", change: changeOf(message) }),
    lost: () => say({ kind: "lost" }),
  });
}

function say(said: Said): void {
  take(said);
  toOthers(said);
}

function toOthers(said: Said): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel's has none: it is the own origin's alone
  others?.postMessage(said);
}

function take(said: Said): void {
  if (said.kind === "asks") {
    if (reader !== undefined && hello !== undefined) say({ kind: "spoke", place, isGap: false, hello });
    return;
  }
  readerSaidAt = Date.now();
  switch (said.kind) {
    case "spoke":
      hello = said.hello ?? hello;
      if (hello !== undefined) streamSays(hello.beatSeconds, hello.page);
      streamSpoke();
      if (said.place === undefined) return;
      // Whoever comes to a stream that is elsewhere than the page's own answers are does not know what was in between.
      if (said.isGap || (!hasJoined && reader === undefined && said.place !== place)) tell({});
      hasJoined = true;
      place = said.place;
      return;
    case "changed":
      return tell(said.change);
    case "lost":
      return void askServer();
  }
}

/** Looks whether what should come still comes. */
function watch(): void {
  const patience = patienceMs.peek();
  if (reader === undefined) {
    // Twice, and not all at once: first of all it is the reader's own matter.
    if (Date.now() - readerSaidAt > (2 + Math.random()) * patience) takeOver();
  } else if (reader.silentMs() > patience) {
    reader.renew();
    say({ kind: "lost" });
  }
  // Nobody says what changes: it is looked at anew.
  if (!isDeaf.peek() || Date.now() - polledAt < patience) return;
  polledAt = Date.now();
  tell({});
}

function changeOf(message: StreamMessage): Change {
  switch (message.type) {
    case "event":
      return { run: message.event.run ?? undefined, asset: message.event.asset ?? undefined };
    case "progress":
      return { run: message.progress.run };
    case "reset":
      return {};
  }
}
