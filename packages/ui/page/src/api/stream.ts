/**
 * A reader of the server's stream of changes, over any number of connections: each goes on after the last place that the one
 * before has told. The server says something each few seconds, so a connection that has died without its ends' knowing is told
 * by its silence: whoever keeps the reader looks at `silentMs` and calls `renew`.
 */
import type { StreamHello, StreamMessage } from "@iroko/core/client";

export interface StreamReader {
  /** Since anything came, or since it was last opened. */
  silentMs(): number;
  /** Opens another connection in place of the one that there is. */
  renew(): void;
  close(): void;
}

export interface StreamListener {
  hello(hello: StreamHello): void;
  /** It has said something, and everything up to the place; `isGap`: it began anew, and what came before is not known. */
  spoke(place: string | undefined, isGap: boolean): void;
  message(message: StreamMessage): void;
  /** It is cut off, and tries again by itself. */
  lost(): void;
}

const firstPauseMs = 1_000;
const longestPauseMs = 15_000;

export function readStream(after: string | undefined, listener: StreamListener): StreamReader {
  let place = after;
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let openedOrSpokeAt = 0;
  let tries = 0;

  const open = (): void => {
    clearTimeout(timer);
    openedOrSpokeAt = Date.now();
    let isGap = place === undefined;
    source = new EventSource(place === undefined ? "/api/v1/stream" : `/api/v1/stream?after=${place}`);
    const spoke = ({ lastEventId }: MessageEvent<string>): void => {
      openedOrSpokeAt = Date.now();
      tries = 0;
      if (lastEventId === "") return listener.spoke(undefined, false);
      place = lastEventId;
      listener.spoke(place, isGap);
      isGap = false;
    };
    source.addEventListener("hello", (event: MessageEvent<string>) => {
      listener.hello(JSON.parse(event.data) as StreamHello);
      spoke(event);
    });
    source.addEventListener("beat", spoke);
    source.addEventListener("message", (event: MessageEvent<string>) => {
      spoke(event);
      listener.message(JSON.parse(event.data) as StreamMessage);
    });
    source.addEventListener("error", () => {
      // A browser would try again by itself, but not where it was refused, and at the same moment as everybody else.
      source.close();
      listener.lost();
      timer = setTimeout(open, Math.min(firstPauseMs * 2 ** tries, longestPauseMs) * (0.5 + Math.random() / 2));
      tries += 1;
    });
  };

  open();
  return {
    silentMs: () => Date.now() - openedOrSpokeAt,
    renew() {
      source.close();
      open();
    },
    close() {
      clearTimeout(timer);
      source.close();
    },
  };
}
