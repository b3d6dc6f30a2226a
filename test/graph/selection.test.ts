import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { possibleAssets, selectAssets, type SelectionGraph } from "../../packages/core/src/graph/selection.ts";
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

test("what is made here is is:materializable, too", () => {
  assert.deepEqual(selectAssets(graph, "is:materializable"), selectAssets(graph, "*"));
  assert.match(refusal("is:materialisable").message, /expected one of external, materializable/);
});

test("a slash needs no quotes, in values as in keys", () => {
  assert.match(refusal("group:marts/eu or raw/pos").message, /no asset "raw\/pos"/);
  assert.equal(refusal("group:marts/eu").code, "SELECTION_EMPTY");
});

test("what has no owner, or no kind, is said by <null>", () => {
  type Asset = SelectionGraph["assets"] extends ReadonlyMap<string, infer One> ? One : never;
  const asset: Asset = { kind: "asset", group: "default", owners: [], kinds: [], tags: {} };
  const assets = new Map<string, Asset>([
    ["mine", { ...asset, owners: ["ann"], kinds: ["sql"] }],
    ["nobodys", asset],
  ]);
  const owned = { assets, upstream: new Map(), downstream: new Map() };
  assert.deepEqual(selectAssets(owned, "owner:<null>"), ["nobodys"]);
  assert.deepEqual(selectAssets(owned, "not kind:<null>"), ["mine"]);
  assert.equal(refusal("group:<null>").place?.column, 7);
});

test("no steps up leave out what is made elsewhere, no steps down do not", () => {
  assert.deepEqual(selectAssets(graph, "0+(buffer or raw)"), ["raw"]);
  assert.deepEqual(selectAssets(graph, "(buffer or raw)+0"), ["buffer", "raw"]);
  assert.deepEqual(selectAssets(graph, "0+(buffer or raw)+0"), ["buffer", "raw"]);
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
  ["key:a.b", 6, 'anything but letters, digits, "_" and "/" stands in double quotes'],
  ["tag:tier=2", 10, "the tag's value; anything but letters"],
  [
    "owners:ann",
    1,
    'one of "key:", "group:", "tag:", "owner:", "kind:", "location:", "column:", "status:", "changed:", "is:"',
  ],
  ["status:stael", 8, 'one of missing, failed, stale, running, materialized, fresh, found "stael"'],
  ["changed:since", 9, "one of any, new, code, schema, deps, partitions"],
  ["column:", 8, "the column; anything but letters"],
  ["(raw", 5, '"and", "or" or "\\)"'],
  ['key:"raw', 5, "the quotes never close"],
  [String.raw`key:"r\aw"`, 5, "before anything but"],
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

test("what was probably meant is told of attributes, terms, groups and tags", () => {
  assert.match(refusal("owners:ann").hint!, /Did you mean "owner:"\?$/);
  assert.match(refusal("status:stael").hint!, /Did you mean "stale"\?$/);
  assert.equal(refusal("group:mart").hint, 'There is no group "mart". Did you mean "marts"?');
  assert.equal(refusal("raw and group:mart").hint, 'There is no group "mart". Did you mean "marts"?');
  assert.equal(refusal("tag:teir").hint, 'There is no tag "teir". There are no tags.');
});

test("a column selects the assets whose schema has it, by a glob too", () => {
  const column = { type: { kind: "text" }, nullable: false, sensitive: false } as const;
  const assets = new Map(
    Object.entries({ a: ["id", "amount_kobo"], b: ["id"], c: undefined }).map(([key, names]) => [
      key,
      {
        ...({ kind: "asset", group: "", kinds: [], owners: [], tags: {} } as const),
        ...(names === undefined ? {} : { schema: { hash: "", columns: names.map((name) => ({ ...column, name })) } }),
      },
    ]),
  );
  const tables = { assets, upstream: new Map(), downstream: new Map() };
  assert.deepEqual(selectAssets(tables, "column:amount_*"), ["a"]);
  assert.deepEqual(selectAssets(tables, 'column:"id" and not column:amount_kobo'), ["b"]);
});

const described = {
  assets: new Map(
    (
      [
        ["shop/sales", { group: "raw", kinds: ["sql"], owners: ["team:data"], tags: { tier: "gold", pii: "" } }],
        [
          "shop/returns",
          { group: "raw_late", kinds: ["python", "sql"], owners: ["ann@shop.ng"], tags: { tier: "silver" } },
        ],
        ["note", { group: "default", kinds: [], owners: [], tags: {} }],
        ["and", { group: "default", kinds: [], owners: [], tags: {} }],
      ] as const
    ).map(([key, rest]) => [key, { kind: "asset" as const, ...rest }]),
  ),
  upstream: new Map<string, string[]>(),
  downstream: new Map<string, string[]>(),
};
const sales = "shop/sales";
const returns = "shop/returns";

for (const [text, keys] of [
  // Keys and globs
  ["note", ["note"]],
  ["shop/sales", [sales]],
  ["key:note", ["note"]],
  ['key:"shop/sales"', [sales]],
  ["shop/*", [sales, returns]],
  ["*s", [sales, returns]],
  ["*o*t*", [returns, "note"]],
  ['"*/returns"', [returns]],
  ["*", [sales, returns, "note", "and"]],
  ['key:"and"', ["and"]],
  // Attributes
  ["group:raw", [sales]],
  ['group:"raw*"', [sales, returns]],
  ["kind:sql", [sales, returns]],
  ["kind:python", [returns]],
  ['owner:"team:data"', [sales]],
  ['owner:"*@shop.ng"', [returns]],
  ["tag:tier=gold", [sales]],
  ['tag:"tier"="s*"', [returns]],
  ["tag:pii", [sales]],
  // Precedence: not before and, and before or; parentheses before all; capitals too
  ["note or shop/* and kind:python", [returns, "note"]],
  ["(note or shop/*) and kind:python", [returns]],
  ["not note and not shop/returns", [sales, "and"]],
  ["not (note or shop/returns)", [sales, "and"]],
  ["not not note", ["note"]],
  ["note OR NOT shop/* AND kind:sql", ["note"]],
] as const) {
  test(`${text} selects ${keys.join(", ")}`, () => {
    assert.deepEqual(selectAssets(described, text), keys);
  });
}

test("a quoted value holds anything, a quote and a backslash behind a backslash", () => {
  const key = String.raw`a"b\c (d) or +e:f`;
  const odd = { ...described, assets: new Map([[key, described.assets.get("note")!]]) };
  assert.deepEqual(selectAssets(odd, `key:"${key.replaceAll(/["\\]/g, (c) => `\\${c}`)}"`), [key]);
});

test("a traversal goes as many steps as its number says, through assets that are not selected; without one to the ends", () => {
  for (const [text, keys] of [
    ["1+revenue", ["cleaned", "revenue"]],
    ["2+revenue", ["merchants", "raw", "cleaned", "revenue"]],
    ["+revenue", ["merchants", "raw", "cleaned", "revenue"]],
    ["0+revenue", ["revenue"]],
    ["raw+1", ["raw", "cleaned"]],
    ["raw+", ["raw", "cleaned", "revenue"]],
    ["1+cleaned+1", ["merchants", "raw", "cleaned", "revenue"]],
    ["buffer+1", ["buffer", "raw", "quarantine"]],
    ["+raw", ["raw"]],
    ["1+(raw or cleaned)", ["merchants", "raw", "cleaned"]],
    ["roots(raw or revenue)", ["raw"]],
    ["sinks(raw or revenue)", ["revenue"]],
    ["+sinks(group:marts) and not roots(*)", ["cleaned", "revenue"]],
  ] as const)
    assert.deepEqual(selectAssets(graph, text), keys, text);
});

test("status, changed and location are answered by facts, and refused where there are none", () => {
  const facts = {
    location: "shops",
    statuses: new Map([["raw", new Set(["stale", "materialized"] as const)]]),
    changes: new Map([["cleaned", new Set(["any", "code"] as const)]]),
  };
  assert.deepEqual(selectAssets(graph, "status:stale+", { facts }), ["raw", "cleaned", "revenue"]);
  assert.deepEqual(selectAssets(graph, "changed:code or status:stale", { facts }), ["raw", "cleaned"]);
  assert.deepEqual(selectAssets(graph, "location:sho* and r*", { facts }), ["raw", "revenue"]);
  assert.deepEqual(selectAssets(graph, "location:other", { facts, allowEmpty: true }), []);
  for (const [text, column] of [
    ["status:stale", 8],
    ["raw or changed:any", 16],
    ["not location:shops", 14],
  ] as const) {
    assert.equal(refusal(text).code, "SELECTION_STATE");
    assert.deepEqual(refusal(text).place, { column });
  }
});

test("what a selection may select, whatever the state, holds whatever it does select", () => {
  const key = fc.constantFrom(...graph.assets.keys());
  const terms = fc.constantFrom("stale", "failed", "missing", "running", "materialized", "fresh");
  const statuses = fc.dictionary(key, fc.uniqueArray(terms));
  fc.assert(
    fc.property(
      selections(
        fc.oneof(
          key.map(quoted),
          terms.map((term) => `status:${term}`),
        ),
      ),
      statuses,
      (text, known) => {
        const facts = { statuses: new Map(Object.entries(known).map(([of, some]) => [of, new Set(some)])) } as const;
        const selected = selectAssets(graph, text, { facts, allowEmpty: true });
        const possible = selected.length === 0 ? [] : possibleAssets(graph, text);
        assert.deepEqual(
          selected.filter((one) => !possible.includes(one)),
          [],
        );
      },
    ),
    { numRuns: 2_000, seed: 26 },
  );
});

test("selections obey the algebra of sets, and traversals the paths of the graph", () => {
  const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 });
  const some = fc.constantFrom("a*", "*1", "key:a10", "group:odd", "group:even", "*", "a3", "a0");
  fc.assert(
    fc.property(edges, selections(some), selections(some), (pairs, left, right) => {
      const arrows = pairs.filter(([from, to]) => from < to);
      const model = assetGraph(
        buildSnapshot(
          Object.fromEntries(
            Array.from({ length: 12 }, (_, n) => [
              `a${n}`,
              {
                group: n % 2 === 0 ? "even" : "odd",
                deps: [...new Set(arrows.flatMap(([from, to]) => (to === n ? [`a${from}`] : [])))],
              },
            ]),
          ),
        ),
      );
      const all = [...model.assets.keys()];
      const select = (text: string): readonly string[] => selectAssets(model, text, { allowEmpty: true });
      const [a, b] = [new Set(select(left)), new Set(select(right))];
      const expect = (text: string, has: (key: string) => boolean): void =>
        assert.deepEqual(select(text), all.filter(has), text);
      expect(`(${left}) and (${right})`, (key) => a.has(key) && b.has(key));
      expect(`(${left}) or (${right})`, (key) => a.has(key) || b.has(key));
      expect(`not (${left})`, (key) => !a.has(key));
      // By relaxing arrows as often as there are assets, the naive way.
      const distances = (start: ReadonlySet<string>, towards: 0 | 1): ReadonlyMap<string, number> => {
        const found = new Map(Array.from(start, (key) => [key, 0]));
        for (let round = 0; round < 12; round += 1)
          for (const arrow of arrows) {
            const [at, next] = [`a${arrow[1 - towards]}`, `a${arrow[towards]}`];
            const distance = found.get(at);
            if (distance !== undefined) found.set(next, Math.min(found.get(next) ?? Infinity, distance + 1));
          }
        return found;
      };
      const [above, below] = [distances(a, 0), distances(a, 1)];
      expect(`+(${left})`, (key) => above.has(key));
      expect(`(${left})+2`, (key) => (below.get(key) ?? Infinity) <= 2);
      expect(`1+(${left})+`, (key) => (above.get(key) ?? Infinity) <= 1 || below.has(key));
      const leads = (from: string, to: string): boolean => from !== to && distances(new Set([from]), 1).has(to);
      expect(`sinks(${left})`, (key) => a.has(key) && ![...a].some((other) => leads(key, other)));
      expect(`roots(${left})`, (key) => a.has(key) && ![...a].some((other) => leads(other, key)));
    }),
    { numRuns: 300, seed: 26 },
  );
});

const quoted = (key: string): string => `key:"${key}"`;

/** Texts of the grammar, from these terms up. */
function selections(term: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.letrec<{ text: string }>((tie) => ({
    text: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      term,
      fc.tuple(tie("text"), fc.constantFrom("and", "or"), tie("text")).map(([l, op, r]) => `(${l}) ${op} (${r})`),
      tie("text").map((of) => `not (${of})`),
      tie("text").map((of) => `1+(${of})+`),
      fc.tuple(fc.constantFrom("sinks", "roots"), tie("text")).map(([ends, of]) => `${ends}(${of})`),
    ),
  })).text;
}

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
