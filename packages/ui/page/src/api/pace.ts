/** How often an address is asked again, so that following a busy instance costs it little. Times are in ms of one clock. */

/** Several changes in a row are one question; a run of a thousand steps is not a thousand. */
const restMs = 700;
/** An answer that takes long is as much work for the server: of its time at most a fifth is spent on one reader of it. */
const restPerAnswer = 4;

export interface LastAnswer {
  readonly at: number;
  readonly tookMs: number;
}

/** When something that changed at `now` is asked for. */
export function askAgainAt(now: number, last: LastAnswer | undefined): number {
  const soonest = now + restMs;
  return last === undefined ? soonest : Math.max(soonest, last.at + restPerAnswer * last.tookMs);
}
