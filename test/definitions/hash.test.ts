import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalCopy, canonicalJson } from "../../packages/core/src/definitions/hash.ts";

const data = fc.jsonValue({ maxDepth: 4 });

test("canonical JSON holds what JSON does, however its keys were written", () => {
  fc.assert(
    fc.property(data, (value) => {
      const text = canonicalJson(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.equal(canonicalJson(turned(value)), text);
    }),
    { numRuns: 2_000, seed: 26 },
  );
});

test("the copy is what the text reads back as, with what stands in several places copied once", () => {
  const shared = { b: 1, a: [1n, undefined, NaN, () => 1], none: undefined, call: () => 1 };
  const value = { two: shared, one: shared };
  const copies = new Map<object, unknown>([[shared, canonicalCopy(shared)]]);
  const copy = canonicalCopy(value, copies) as Record<string, unknown>;
  assert.deepEqual(copy, JSON.parse(canonicalJson(value)));
  assert.equal(copy["one"], copy["two"]);
  assert.equal(
    canonicalJson(value, copies),
    '{"one":{"a":["1",null,null,null],"b":1},"two":{"a":["1",null,null,null],"b":1}}',
  );
});

test("a key that means something to JavaScript is data like any other", () => {
  const text = '{"__proto__":{"a":1},"b":2}';
  assert.equal(canonicalJson(JSON.parse(text)), text);
});

/** The same with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, turned(inner)]),
  );
}
