import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { selectAssets } from "../../packages/core/src/graph/selection.ts";
import { IrokoError } from "../../packages/core/src/errors.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";

const graph = assetGraph(
  buildSnapshot({
    revenue: { deps: ["cleaned"], group: "marts" },
    cleaned: { deps: ["raw", "merchants"] },
    raw: { deps: ["buffer"], compute: "landing" },
    quarantine: { deps: ["buffer"], compute: "landing" },
    buffer: { external: true },
    merchants: {},
    "odd.name": {},
  }),
);

test("assets come upstream first, whatever the order of their definition", () => {
  assert.deepEqual(selectAssets(graph, "*"), ["merchants", "odd.name", "raw", "quarantine", "cleaned", "revenue"]);
});

test("a bare key, a bare glob and a quoted key are shorthand for key:", () => {
  assert.deepEqual(selectAssets(graph, "+cleaned"), ["merchants", "raw", "cleaned"]);
  assert.deepEqual(selectAssets(graph, 'r* or "odd.name"'), ["odd.name", "raw", "revenue"]);
});

test("an external asset is selected by name, and by is:external", () => {
  assert.deepEqual(selectAssets(graph, "buffer"), ["buffer"]);
  assert.deepEqual(selectAssets(graph, "is:external or quarantine"), ["buffer", "quarantine"]);
});

test("a mistake is shown where it stands, with what was expected", () => {
  const error = refusal("raw and and cleaned");
  assert.equal(error.code, "SELECTION_SYNTAX");
  assert.deepEqual(error.place, { column: 9 });
  assert.match(error.message, /at character 9: expected an asset key, .* found "and"\.$/);
  assert.deepEqual(error.hint?.split("\n").slice(0, 2), ["  raw and and cleaned", "          ^"]);
});

for (const [selection, column, expected] of [
  ["", 1, "found the end"],
  ["key:a.b", 6, 'anything but letters, digits and "_" stands in double quotes'],
  ["tag:tier=2", 10, "the tag's value; anything but letters"],
  ["owners:ann", 1, 'one of "key:", "group:", "tag:", "owner:", "kind:", "is:"'],
  ["(raw", 5, '"and", "or" or "\\)"'],
  ['key:"raw', 5, "the quotes never close"],
  ["2 raw", 3, '"\\+" after the number'],
] as const) {
  test(`${JSON.stringify(selection)} is refused at character ${column}`, () => {
    const error = refusal(selection);
    assert.equal(error.code, "SELECTION_SYNTAX");
    assert.equal(error.place?.column, column);
    assert.match(error.message, new RegExp(expected));
  });
}

test("a key that there is none of is refused with the one that was probably meant", () => {
  const error = refusal("+revenu and not raw");
  assert.equal(error.code, "ASSET_NOT_FOUND");
  assert.equal(error.message, 'There is no asset "revenu".');
  assert.equal(error.hint, 'Did you mean "revenue"?');
  assert.deepEqual(error.place, { column: 2 });
});

test("what selects nothing is refused, unless that is allowed", () => {
  assert.equal(refusal("group:ingestion").code, "SELECTION_EMPTY");
  assert.equal(refusal("x*").code, "SELECTION_EMPTY");
  assert.deepEqual(selectAssets(graph, "group:ingestion", { allowEmpty: true }), []);
});

test("a circle of dependencies is refused by its members", () => {
  const circle = buildSnapshot({ a: { deps: ["b"] }, b: { deps: ["a"] }, c: {} });
  assert.throws(() => assetGraph(circle), /The dependencies of a, b run in a circle/);
});

function refusal(selection: string): IrokoError {
  try {
    selectAssets(graph, selection);
  } catch (error) {
    if (error instanceof IrokoError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `"${selection}" was not refused` });
}
