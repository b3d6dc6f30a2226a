/** How long a failed step waits. Formulas: AWS Architecture Blog, "Exponential Backoff And Jitter" (Brooker, 2015). */
import { IrokoError } from "../errors.ts";
import type { RetryPolicy } from "../definitions/retry-policy.ts";

/** Where in a step's retries we are. */
export interface Retry {
  /** Retries made so far, from 0. */
  readonly retry: number;
  /** The delay before the last one; only decorrelated jitter looks at it. */
  readonly previousSeconds?: number;
}

/**
 * How long a failed step waits before its next attempt: base, base · (n + 1) or base · 2ⁿ for n retries made, never above
 * the cap, then jitter. None keeps the delay, full takes any part of it, equal at least half; decorrelated takes what lies
 * between the base and three times the delay before, whatever the backoff.
 *
 * @param random uniform in [0, 1); passed in, so that a test can fix it
 * @returns seconds, never negative
 * @throws {RangeError} when `retry` is negative
 * @throws {IrokoError} RETRY_INVALID when a growing backoff has nothing to grow from; `define()` says so beforehand
 */
export function retryDelaySeconds(policy: RetryPolicy, { retry, previousSeconds }: Retry, random: number): number {
  const { backoff, baseSeconds, capSeconds, jitter } = policy;
  if (retry < 0) throw new RangeError(`retry must be 0 or more, got ${retry}`);
  if (backoff !== "constant" && !(baseSeconds > 0)) {
    throw new IrokoError("RETRY_INVALID", `A ${backoff} backoff needs a baseSeconds above 0, got ${baseSeconds}.`, {
      hint: 'Write the seconds of the first delay, or backoff: "constant".',
    });
  }
  const factor = { constant: 1, linear: retry + 1, exponential: 2 ** retry }[backoff];
  const delay = Math.min(capSeconds, baseSeconds * factor);
  switch (jitter) {
    case "none":
      return delay;
    case "full":
      return delay * random;
    case "equal":
      return delay / 2 + (delay / 2) * random;
    case "decorrelated": {
      const ceiling = Math.max(baseSeconds, (previousSeconds ?? baseSeconds) * 3);
      return Math.min(capSeconds, baseSeconds + (ceiling - baseSeconds) * random);
    }
  }
}
