import assert from "node:assert/strict";
import { test } from "node:test";
import { retryDelaySeconds } from "@iroko/core";
import fc from "fast-check";
import type { RetryPolicy } from "../../packages/core/src/definitions/retry-policy.ts";

const policyOf = (patch: Partial<RetryPolicy>): RetryPolicy => ({
  maxRetries: 8,
  backoff: "exponential",
  baseSeconds: 1,
  capSeconds: 300,
  jitter: "none",
  retryOn: "transient",
  ...patch,
});

test("by default a failed step waits 1, 2, 4 … seconds, and never more than 300", () => {
  const delays = Array.from({ length: 11 }, (_, retry) => retryDelaySeconds(policyOf({}), { retry }, 0.9));
  assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test("jitter stays within its bounds, and the cap holds after it", () => {
  const jitters = { none: [1, 1], full: [0, 1], equal: [0.5, 1] } as const;
  fc.assert(
    fc.property(
      fc.constantFrom("none", "full", "equal"),
      fc.nat(2000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (jitter, retry, random) => {
        const bare = retryDelaySeconds(policyOf({}), { retry }, random);
        const seconds = retryDelaySeconds(policyOf({ jitter }), { retry }, random);
        const [least, most] = jitters[jitter];
        assert.ok(seconds >= bare * least && seconds <= bare * most && seconds <= 300);
      },
    ),
  );
});

test("decorrelated jitter grows from the delay before, between the base and three times that", () => {
  const policy = policyOf({ jitter: "decorrelated", baseSeconds: 2, capSeconds: 60 });
  assert.equal(retryDelaySeconds(policy, { retry: 0 }, 0), 2);
  assert.equal(retryDelaySeconds(policy, { retry: 0 }, 0.5), 4);
  assert.equal(retryDelaySeconds(policy, { retry: 3, previousSeconds: 10 }, 0.5), 16);
  assert.equal(retryDelaySeconds(policy, { retry: 9, previousSeconds: 60 }, 0.99), 60);
});

test("a negative count of retries is refused", () => {
  assert.throws(() => retryDelaySeconds(policyOf({}), { retry: -1 }, 0), RangeError);
});
