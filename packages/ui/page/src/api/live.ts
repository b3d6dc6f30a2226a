/** The server's one stream of changes. The browser reconnects by itself and says what it has seen last. */
import type { StreamMessage } from "@iroko/core/client";
import { heard, missed } from "./connection.ts";

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

/** A browser gives up where it was refused, and not merely cut off. */
const againMs = 5_000;

export function startLive(): void {
  const source = new EventSource("/api/v1/stream");
  source.addEventListener("open", heard);
  source.addEventListener("error", () => {
    missed();
    if (source.readyState === EventSource.CLOSED) setTimeout(startLive, againMs);
  });
  source.addEventListener("message", ({ data }: MessageEvent<string>) => {
    heard();
    const change = changeOf(JSON.parse(data) as StreamMessage);
    for (const listener of listeners) listener(change);
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
