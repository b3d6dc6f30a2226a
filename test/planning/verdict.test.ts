import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "../../packages/core/src/definitions/retry-policy.ts";
import { errorCatalogue, lastingErrors, type ErrorRecord } from "../../packages/core/src/errors.ts";
import { judgeAttempt } from "../../packages/core/src/planning/verdict.ts";

const now = Temporal.Instant.from("2026-11-21T02:00:00Z");
const died: ErrorRecord = { code: "CHILD_DIED", message: "The process that ran the step died." };

test("a transient error is retried after base · 2ⁿ seconds, until no retry is left", () => {
  const delays = Array.from({ length: 9 }, (_, index) => {
    const verdict = judgeAttempt(defaultRetryPolicy, { attempt: index + 1 }, died, now, 0.5);
    return verdict.next === "ready" ? verdict.delaySeconds : verdict.reason;
  });
  assert.deepEqual(delays, [1, 2, 4, 8, 16, 32, 64, 128, "all 9 attempts failed, the last with CHILD_DIED"]);
});

test("a retry is due at now plus its delay, with a reason", () => {
  assert.deepEqual(judgeAttempt(defaultRetryPolicy, { attempt: 2 }, died, now, 0.5), {
    next: "ready",
    delaySeconds: 2,
    deferredUntil: Temporal.Instant.from("2026-11-21T02:00:02Z"),
    reason: "retry 2 of 8 after CHILD_DIED",
  });
});

test("a lasting error fails at once", () => {
  const verdict = judgeAttempt(
    defaultRetryPolicy,
    { attempt: 1 },
    { code: "CONTRACT_VIOLATED", message: "" },
    now,
    0.5,
  );
  assert.equal(verdict.next, "failed");
  assert.equal(verdict.reason, "CONTRACT_VIOLATED stays until somebody acts");
});

test("a policy that lists codes or classes retries those and nothing else", () => {
  const policy = { ...defaultRetryPolicy, retryOn: ["SQL_FAILED", "FetchError"] };
  const next = (error: ErrorRecord) => judgeAttempt(policy, { attempt: 1 }, error, now, 0.5).next;
  assert.equal(next({ code: "SQL_FAILED", message: "" }), "ready", "even a lasting one");
  assert.equal(next({ code: "USER_CODE", message: "", details: { name: "FetchError" } }), "ready");
  assert.equal(next({ code: "USER_CODE", message: "", details: { name: "TypeError" } }), "failed");
  assert.equal(next(died), "failed");
});

test("what was canceled stays canceled, whatever the policy", () => {
  const policy = { ...defaultRetryPolicy, retryOn: ["CANCELED"] };
  assert.equal(judgeAttempt(policy, { attempt: 1 }, { code: "CANCELED", message: "" }, now, 0.5).next, "failed");
});

test("decorrelated jitter goes by the delay before", () => {
  const policy = { ...defaultRetryPolicy, jitter: "decorrelated" } as const;
  const verdict = judgeAttempt(policy, { attempt: 3, previousDelaySeconds: 10 }, died, now, 0.5);
  assert.equal(verdict.next === "ready" && verdict.delaySeconds, 1 + (30 - 1) / 2);
});

test("lasting errors are all in the catalogue", () => {
  for (const code of lastingErrors) assert.ok(Object.hasOwn(errorCatalogue, code), code);
});
