/** How often the page asks again while things change. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { askAgainAt } from "../../../packages/ui/page/src/api/pace.ts";

test("what changed is asked for a moment later, so that many changes are one question", () => {
  assert.equal(askAgainAt(10_000, undefined), 10_700);
  assert.equal(askAgainAt(10_000, { at: 0, tookMs: 5 }), 10_700);
});

test("under changes that never end, at most a fifth of the time is spent answering, however long an answer takes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 2, maxLength: 30 }), (took) => {
      let now = 0;
      let last;
      let answering = 0;
      for (const tookMs of took) {
        now = askAgainAt(now, last) + tookMs;
        answering += tookMs;
        last = { at: now, tookMs };
      }
      assert.ok(answering <= (askAgainAt(now, last) - 700) / 5 + 1e-6, `${answering} of ${now}`);
    }),
  );
});
