/** The server's one stream of changes. The browser reconnects by itself and says what it has seen last. */
import type { StreamMessage } from "@iroko/core/client";
import { effect } from "@preact/signals";
import { heard, isAway, missed } from "./connection.ts";

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

/** A browser gives up where it was refused, and not merely cut off. */
const againMs = 5_000;

export function startLive(isAgain = false): void {
  const source = new EventSource("/api/v1/stream");
  let wasSilent = false;
  const stopWatching = effect(() => {
    if (isAway.value) return void (wasSilent = true);
    if (!wasSilent || source.readyState !== EventSource.OPEN) return;
    // The server was away and is back, and the stream knows of neither: its connection may be dead without its ends' knowing.
    source.close();
    queueMicrotask(() => {
      stopWatching();
      startLive(true);
    });
  });
  const speaks = (): void => {
    wasSilent = false;
    heard();
  };
  source.addEventListener("open", () => {
    speaks();
    // It begins now, and does not know where the one before it was.
    if (isAgain) tell({});
    isAgain = false;
  });
  source.addEventListener("error", () => {
    missed();
    if (source.readyState !== EventSource.CLOSED) return;
    stopWatching();
    setTimeout(() => startLive(true), againMs);
  });
  source.addEventListener("message", ({ data }: MessageEvent<string>) => {
    speaks();
    tell(changeOf(JSON.parse(data) as StreamMessage));
  });
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
