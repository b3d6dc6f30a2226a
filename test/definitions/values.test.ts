import assert from "node:assert/strict";
import { test } from "node:test";
import { byPartition, decimalOf, env, readProduct, unpartitioned, partitionOf, resource } from "@iroko/core";
import { z } from "zod";
import { envReferences, resolveEnv } from "../../packages/core/src/definitions/env.ts";
import { didYouMean, didYouMeanHint } from "../../packages/core/src/did-you-mean.ts";

const only = partitionOf(unpartitioned, "");

test("a product is data, or data with what is to be said of it", async () => {
  const rows = [{ data: 1 }];
  const nothingSaid = { metadata: {}, dataVersion: undefined, sourceVersions: {} };
  assert.deepEqual(await readProduct(rows, only), { data: rows, ...nothingSaid });
  assert.deepEqual(
    await readProduct({ data: rows, metadata: { n: 1 }, dataVersion: "v", sourceVersions: { s: "1" } }, only),
    {
      data: rows,
      metadata: { n: { type: "int", value: 1 } },
      dataVersion: "v",
      sourceVersions: { s: "1" },
    },
  );
  assert.deepEqual(await readProduct(undefined, only), { data: undefined, ...nothingSaid });
  assert.deepEqual((await readProduct({ metadata: { n: 1 } }, only)).metadata, { n: { type: "int", value: 1 } });
  const other = { data: rows, more: 1 };
  assert.equal((await readProduct(other, only)).data, other);
});

test("byPartition is asked for each partition when its turn comes", async () => {
  const asked: string[] = [];
  const product = byPartition(async ({ id }) => {
    asked.push(id);
    return { data: [id], dataVersion: "v" };
  });
  assert.deepEqual(asked, []);
  assert.deepEqual((await readProduct(product, only)).data, [""]);
  assert.equal((await readProduct(product, only)).dataVersion, "v");
  assert.deepEqual(asked, ["", ""]);
});

test("environment references are found and resolved wherever they stand", () => {
  const make = resource({ key: "r", config: z.object({ a: z.string(), list: z.array(z.string()) }), open: () => 1 });
  const { values } = make({ a: env("A"), list: ["plain", env("B", { default: "b" })] });
  assert.deepEqual(
    envReferences(values).map(({ path, reference }) => [path, reference.name, reference.default]),
    [
      [["a"], "A", undefined],
      [["list", 1], "B", "b"],
    ],
  );
  assert.deepEqual(
    resolveEnv(values, ({ name, default: value }) => value ?? `value of ${name}`),
    { a: "value of A", list: ["plain", "b"] },
  );
  const date = new Date(0);
  assert.equal(resolveEnv({ date }, () => "")?.constructor, Object);
  assert.equal((resolveEnv({ date }, () => "") as { readonly date: Date }).date, date);
});

test("a decimal is made of digits only", () => {
  assert.equal(decimalOf("-12.50"), "-12.50");
  assert.equal(decimalOf(12n), "12");
  assert.throws(() => decimalOf("1e3"), RangeError);
});

test("did-you-mean names the nearest candidate, or none", () => {
  const keys = ["raw_pos_transactions", "cleaned_pos_transactions", "daily_revenue_summary"];
  assert.equal(didYouMean("raw_pos_transaction", keys), "raw_pos_transactions");
  assert.equal(didYouMean("daily_reveune_summary", keys), "daily_revenue_summary");
  assert.equal(didYouMean("RAW_POS_TRANSACTIONS", keys), "raw_pos_transactions");
  assert.equal(didYouMean("merchants", keys), undefined);
  assert.equal(didYouMean("a", ["b"]), undefined);
  assert.equal(didYouMeanHint("x", [], "jobs"), "There are no jobs.");
  assert.match(didYouMeanHint("x", ["a", "b", "c", "d", "e", "f"], "jobs"), /and 1 more/);
});
