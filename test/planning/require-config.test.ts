import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { asset, define, multiAsset, output, snapshotOf, type IrokoError, type Json } from "@iroko/core";
import { requireConfig } from "@iroko/core/engine";

const made = asset({
  key: "made",
  config: z.object({ rows: z.int().min(1).default(10), mode: z.enum(["full", "sample"]).default("full") }),
  materialize: () => {},
});
const needy = asset({
  key: "needy",
  config: z.object({ day: z.iso.date(), deep: z.object({ limit: z.number() }).optional() }),
  materialize: () => {},
});
const pair = multiAsset({
  name: "pair",
  outputs: { a: output({ key: "a" }), b: output({ key: "b" }) },
  config: z.strictObject({ rows: z.int() }),
  materialize: () => Promise.reject(new Error("it is only planned")),
});
const plain = asset({ key: "plain", materialize: () => {} });
const snapshot = snapshotOf(define({ assets: [made, needy, pair, plain] }));

const planOf = (...assets: readonly string[]): Parameters<typeof requireConfig>[1] => ({
  assets: assets.map((key) => ({ asset: key, partitions: { kind: "unpartitioned" }, steps: 1, reason: "" }) as never),
});

function problems(assets: readonly string[], config?: Readonly<Record<string, Json>>): readonly string[] {
  try {
    requireConfig(snapshot, planOf(...assets), config);
    return [];
  } catch (error) {
    const { code, message, details } = error as IrokoError;
    assert.equal(code, "CONFIG_INVALID");
    const found = details?.["problems"] as readonly Readonly<Record<"asset" | "path" | "message", string>>[];
    for (const problem of found) assert.ok(message.includes(problem.message), message);
    return found.map(({ asset: of, path }) => `${of} ${path}`);
  }
}

test("what is not given is as the schema says, and what the schema needs is asked for", () => {
  assert.deepEqual(problems(["made", "plain"]), []);
  assert.deepEqual(problems(["needy"]), ["needy day"]);
  assert.deepEqual(problems(["needy"], { needy: { day: "2026-11-01" } }), []);
});

test("each value that does not fit is told once, by where it stands", () => {
  const config = { made: { rows: 0, mode: "half" }, needy: { day: "soon", deep: { limit: "much" } } };
  assert.deepEqual(problems(["made", "needy"], config), ["made mode", "made rows", "needy day", "needy deep.limit"]);
  assert.deepEqual(problems(["made"], { made: [] }), ["made "]);
});

test("a multi-asset has one config, under its own name, also where one of its assets is made", () => {
  assert.deepEqual(problems(["b"]), ["pair rows"]);
  assert.deepEqual(problems(["b"], { pair: { rows: 1 } }), []);
  assert.deepEqual(problems(["b"], { pair: { rows: 1, more: 2 } }), ["pair "]);
});

test("config of what takes none is a mistake, of what is not made this time is looked at all the same", () => {
  assert.deepEqual(problems(["plain"], { plain: {} }), ["plain "]);
  assert.deepEqual(problems(["plain"], { made: { rows: "x" } }), ["made rows"]);
  assert.throws(() => requireConfig(snapshot, planOf("made"), { maed: {} }), {
    hint: 'Did you mean "made"?',
  });
});
