/** The server's one stream of changes. The browser reconnects by itself and says what it has seen last. */
import { heard, missed } from "./connection.ts";

export interface Change {
  readonly type: string;
  readonly run: string | null;
  readonly step: number | null;
  readonly asset: string | null;
  readonly partitions: string | null;
}

const listeners = new Set<(change: Change) => void>();

export function onChange(listener: (change: Change) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A change whose kind nobody knows, after something was missed: everything may be other than it was. */
const anything: Change = { type: "anything", run: null, step: null, asset: null, partitions: null };

let source: EventSource | undefined;

export function startLive(): void {
  source ??= new EventSource("/api/v1/stream");
  const tell = (change: Change): void => {
    for (const listener of listeners) listener(change);
  };
  source.addEventListener("open", heard);
  source.addEventListener("error", missed);
  source.addEventListener("heartbeat", heard);
  source.addEventListener("event", ({ data }: MessageEvent<string>) => {
    heard();
    tell(JSON.parse(data) as Change);
  });
  source.addEventListener("progress", ({ data }: MessageEvent<string>) => {
    heard();
    const { run } = JSON.parse(data) as { run: string };
    tell({ ...anything, type: "progress", run });
  });
  source.addEventListener("reset", () => tell(anything));
}
