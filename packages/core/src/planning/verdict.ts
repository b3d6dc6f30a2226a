/** What becomes of a step whose attempt failed. */
import type { RetryPolicy } from "../definitions/retry-policy.ts";
import { lastingErrors, type ErrorRecord } from "../errors.ts";
import { retryDelaySeconds } from "./retry.ts";

/** Plain data: printed, stored, compared in a test, or performed. */
export type Verdict =
  | {
      readonly next: "ready";
      readonly deferredUntil: Temporal.Instant;
      readonly delaySeconds: number;
      /** `retry 2 of 8 after CHILD_DIED`. */
      readonly reason: string;
    }
  | { readonly next: "failed"; readonly error: ErrorRecord; readonly reason: string };

export interface FailedAttempt {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** How long it had waited; the first one did not. */
  readonly previousDelaySeconds?: number;
}

/** @param random uniform in [0, 1) */
export function judgeAttempt(
  policy: RetryPolicy,
  { attempt, previousDelaySeconds }: FailedAttempt,
  error: ErrorRecord,
  now: Temporal.Instant,
  random: number,
): Verdict {
  if (error.code === "CANCELED") return { next: "failed", error, reason: "it was canceled" };
  if (!isRetried(policy, error)) {
    const why = policy.retryOn === "transient" ? "stays until somebody acts" : "is not among those its policy retries";
    return { next: "failed", error, reason: `${error.code} ${why}` };
  }
  if (attempt > policy.maxRetries) {
    const tries = attempt === 1 ? "its only attempt" : `all ${attempt} attempts`;
    return { next: "failed", error, reason: `${tries} failed, the last with ${error.code}` };
  }
  const retry = {
    retry: attempt - 1,
    ...(previousDelaySeconds === undefined ? {} : { previousSeconds: previousDelaySeconds }),
  };
  const delaySeconds = retryDelaySeconds(policy, retry, random);
  return {
    next: "ready",
    deferredUntil: now.add({ milliseconds: Math.round(delaySeconds * 1000) }),
    delaySeconds,
    reason: `retry ${attempt} of ${policy.maxRetries} after ${error.code}`,
  };
}

/** A policy's own list says it all, lasting errors included: whoever names one knows why. */
function isRetried({ retryOn }: RetryPolicy, { code, details }: ErrorRecord): boolean {
  if (retryOn === "transient") return !lastingErrors.has(code);
  const thrown = details?.["name"]; // the class of what user code threw
  return retryOn.some((name) => name === code || name === thrown);
}
