/** The rule by which a TTL is judged against the link: one second, and seven round trips as they may take. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hearRoundTrip, leastTtlSeconds, requireTtl, type Link } from "../../packages/core/src/execution/link-gauge.ts";

const after = (roundTrips: readonly number[]): Link =>
  roundTrips.reduce<Link | undefined>(hearRoundTrip, undefined) ?? { meanMs: 0, jitterMs: 0 };

test("beside the database two seconds do; a link that is far, or uneven, needs as many as its round trips say", () => {
  assert.equal(leastTtlSeconds(after(Array<number>(60).fill(1))), 2);
  assert.equal(leastTtlSeconds(after(Array<number>(60).fill(300))), 4);
  // 15 % of the packets are lost: every seventh round trip takes 2.3 s instead of 0.3 s.
  const lossy = Array.from({ length: 70 }, (_, n) => (n % 7 === 3 ? 2300 : 300));
  const least = leastTtlSeconds(after(lossy));
  assert.ok(least >= 15 && least <= 60, `${least} s`);
  assert.equal(
    leastTtlSeconds(after([...lossy, ...Array<number>(60).fill(300)])),
    4,
    "and no longer once it is good again",
  );
});

test("a TTL is refused only where the quickest round trip does not allow it", () => {
  requireTtl(5, [900, 2, 800, 700, 900]);
  requireTtl(5, [571, 571]);
  assert.throws(() => requireTtl(5, [900, 700, 800]), {
    code: "TTL_TOO_SHORT",
    message: "A round trip to Postgres takes 700 ms: with a TTL of 5 s, one lost beat costs the worker its steps.",
    hint: /--ttl 6/,
  });
});
