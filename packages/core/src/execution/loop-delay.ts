/** How late a worker's own work comes to its turn: what it sends to Postgres, its beats, its children's words. */
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Above this a worker is behind: doctor says so. */
export const slowLoopMs = 500;
const resolutionMs = 20;
/** What is told is of the last one to two minutes. */
const readsPerWindow = 60;

export interface LoopDelay extends Disposable {
  /** The longest, in milliseconds. Meant to be asked once a second. */
  longestMs(): number;
}

export function loopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let reads = 0;
  let before = 0;
  return {
    longestMs() {
      // What it measures is the time between two looks, which are so far apart at the least.
      const now = Math.max(0, histogram.max / 1e6 - resolutionMs);
      const worst = Math.max(now, before);
      reads += 1;
      if (reads % readsPerWindow === 0) {
        before = now;
        histogram.reset();
      }
      return worst;
    },
    [Symbol.dispose]: () => void histogram.disable(),
  };
}
