/** How often and when a failed step tries again. Data: it stands in the snapshot. */
export interface RetryPolicy {
  /** Retries after the first attempt. */
  readonly maxRetries: number;
  readonly backoff: "constant" | "linear" | "exponential";
  readonly baseSeconds: number;
  readonly capSeconds: number;
  readonly jitter: "none" | "full" | "equal" | "decorrelated";
  /** Codes of `IrokoError`s or names of error classes; "transient": everything but errors that stay until somebody acts. */
  readonly retryOn: "transient" | readonly string[];
}

/** 8 retries, base 1 s, cap 300 s, base · 2ⁿ, no jitter, everything transient. */
export const defaultRetryPolicy: RetryPolicy = Object.freeze({
  maxRetries: 8,
  backoff: "exponential",
  baseSeconds: 1,
  capSeconds: 300,
  jitter: "none",
  retryOn: "transient",
});

/** The default policy with what is given changed; `define()` checks the numbers. */
export function retryPolicy(options: Partial<RetryPolicy> = {}): RetryPolicy {
  return Object.freeze({ ...defaultRetryPolicy, ...options });
}
