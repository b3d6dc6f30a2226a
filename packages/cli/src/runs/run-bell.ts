/** Tells when to look at a run again: at a notification of its end or after a moment here, at a message of the stream there. */
import type { Database } from "@iroko/core/engine";
import type { Client } from "@iroko/core/client";
import type { Bell } from "./runs.ts";

const lookEveryMs = 250;
/** After the end: what was made is published any moment. */
const publishedEveryMs = 15;
/** A server's stream tells; a look in between mends what was missed. */
const remoteLookEveryMs = 5_000;
/** A stream may have more to tell than a slow link can be asked about. */
const remoteRestMs = 200;

/** The engine notifies a run's end: then nobody waits for the next look. */
export async function listenHere(db: Database, run: string): Promise<Bell> {
  const session = await db.session();
  const nap = naps();
  let hasEnded = false;
  session.on("notification", ({ payload }) => {
    if (payload !== run) return;
    hasEnded = true;
    nap.wake();
  });
  session.on("error", () => {}); // then the looks have to do
  await session.query("listen iroko_run");
  return {
    wait: (signal) => nap.take(hasEnded ? publishedEveryMs : lookEveryMs, signal),
    close: () => session.end().catch(() => {}),
  };
}

export function listenThere(client: Client, run: string): Bell {
  const nap = naps();
  let hasRung = false;
  const stop = new AbortController();
  const reading = (async () => {
    for await (const _ of client.events({ run }, { signal: stop.signal })) {
      hasRung = true;
      nap.wake();
    }
  })().catch(() => {}); // then the looks have to do
  return {
    async wait(signal) {
      if (!hasRung) await nap.take(remoteLookEveryMs, signal);
      await naps().take(remoteRestMs, signal);
      hasRung = false;
    },
    async close() {
      stop.abort();
      await reading;
    },
  };
}

interface Naps {
  take(milliseconds: number, signal?: AbortSignal): Promise<void>;
  wake(): void;
}

function naps(): Naps {
  let wake = (): void => {};
  return {
    wake: () => wake(),
    async take(milliseconds, signal) {
      if (signal?.aborted === true) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const awake = (): void => resolve();
      const timer = setTimeout(awake, milliseconds);
      wake = awake;
      signal?.addEventListener("abort", awake, { once: true });
      await promise;
      clearTimeout(timer);
      signal?.removeEventListener("abort", awake);
    },
  };
}
