/** Somebody outside who reads the stable paths all the time, and must never see anything but whole versions. */
import { setTimeout as sleep } from "node:timers/promises";

/** It leaves room for those that it watches. */
const pauseMs = 5;

export interface Reader {
  /** So far; each whole, or the reader would have stopped. */
  readonly reads: number;
  /** @throws what it saw that it must not see */
  stop(): Promise<void>;
}

/**
 * @param read what is under the stable path now; undefined: nothing yet
 * @param judge throws where that is no whole version
 */
export function keepReading<Seen>(
  read: (round: number) => Promise<Seen | undefined>,
  judge: (seen: Seen) => void,
): Reader {
  let over = false;
  let reads = 0;
  const loop = (async () => {
    for (let round = 0; !over; round += 1) {
      const seen = await read(round);
      if (seen !== undefined) {
        judge(seen);
        reads += 1;
      }
      await sleep(pauseMs, undefined, { ref: false });
    }
  })();
  loop.catch(() => {});
  return {
    get reads() {
      return reads;
    },
    async stop() {
      over = true;
      await loop;
    },
  };
}
