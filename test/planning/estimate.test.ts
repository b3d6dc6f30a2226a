/** What a plan will cost, from what its assets cost before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph, daily, unpartitioned } from "@iroko/core";
import { estimatedBytes, estimateOf, totalOf, type AssetHistory } from "../../packages/core/src/planning/estimate.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const [timed, whole] = [
  { kind: "asset", partitions: days },
  { kind: "asset", partitions: unpartitioned },
];
const history = (rows: readonly number[], bytes = rows, seconds = rows): AssetHistory => ({ rows, bytes, seconds });

const vectors = [
  {
    name: "the median of the last partitions, for each one to make",
    input: {
      asset: timed,
      count: 10,
      history: history([100, 1, 90, 5_000, 110, 95, 105], [10, 10, 10, 10, 10, 10, 10], [1, 2, 3, 4, 5, 6, 7]),
    },
    expected: { rows: 1_000, bytes: 100, seconds: 40, from: "median of its last 7 partitions" },
  },
  {
    name: "of an even number the middle between the two in the middle",
    input: { asset: timed, count: 3, history: history([10, 20]) },
    expected: { rows: 45, bytes: 45, seconds: 45, from: "median of its last 2 partitions" },
  },
  {
    name: "one partition is no median",
    input: { asset: timed, count: 2, history: history([7]) },
    expected: { rows: 14, bytes: 14, seconds: 14, from: "the one partition that was made" },
  },
  {
    name: "what has no partitions costs what its last version did",
    input: { asset: whole, count: 1, history: history([7]) },
    expected: { rows: 7, bytes: 7, seconds: 7, from: "its last version" },
  },
  {
    name: "nothing was made yet: no estimate, and it says so",
    input: { asset: timed, count: 5, history: undefined },
    expected: { rows: null, bytes: null, seconds: null, from: "no history" },
  },
  {
    name: "what is not known of one partition is not counted as nothing",
    input: { asset: timed, count: 2, history: { rows: [10, 30], bytes: [], seconds: [2] } },
    expected: { rows: 40, bytes: null, seconds: 4, from: "median of its last 2 partitions" },
  },
  {
    name: "external assets are observed, not made",
    input: { asset: { kind: "external", partitions: days }, count: 5, history: history([7]) },
    expected: { rows: null, bytes: null, seconds: null, from: "observed, not made" },
  },
] as const;

for (const { name, input, expected } of vectors) {
  test(`estimates: ${name}`, () => {
    assert.deepEqual(estimateOf(input.asset, input.count, input.history), expected);
  });
}

test("totals add up what is known, and name what is not", () => {
  const of = (asset: string, known: AssetHistory | undefined) => ({ asset, estimate: estimateOf(timed, 2, known) });
  assert.deepEqual(totalOf([of("a", history([5])), of("b", undefined), of("c", history([1], [2], []))]), {
    rows: 12,
    bytes: 14,
    seconds: 10,
    unknown: ["b"],
  });
  assert.deepEqual(totalOf([of("b", undefined)]), { rows: null, bytes: null, seconds: null, unknown: ["b"] });
});

test("only a store in the network makes bytes travel: what is written, and what is read and not made by the plan itself", () => {
  const snapshot = buildSnapshot({
    raw: { partitions: days },
    cleaned: { partitions: days, deps: ["raw"] },
    ordered: { partitions: days, deps: ["raw"] },
  });
  // `ordered` stores nothing: it is only an order.
  const graph = assetGraph({
    ...snapshot,
    assets: snapshot.assets.map((asset) =>
      asset.key === "ordered"
        ? asset
        : { ...asset, storage: { kind: "parquet", path: asset.key, extension: "parquet" } },
    ),
  });
  const made = [
    { asset: "cleaned", estimate: estimateOf(timed, 3, history([1], [100])) },
    { asset: "ordered", estimate: estimateOf(timed, 3, history([1], [999])) },
  ];
  const three = {
    kind: "time" as const,
    windows: [{ start: instant("2026-10-31T23:00Z"), end: instant("2026-11-03T23:00Z") }],
  };
  const reads = [{ asset: "raw", partitions: three }];
  const histories = new Map([["raw", history([1], [50, 70, 60])]]);
  assert.deepEqual(estimatedBytes(graph, made, reads, histories, "remote"), { toStore: 300, fromStore: 180, local: 0 });
  assert.deepEqual(estimatedBytes(graph, made, reads, histories, "local"), { toStore: 0, fromStore: 0, local: 300 });
});

const instant = (text: string): Temporal.Instant => Temporal.Instant.from(text);
