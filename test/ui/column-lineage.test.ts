/** Where columns come from: every form of SQL that hides it, the POS pipeline's own, and what the API and the page make of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dataReader } from "@iroko/assets";
import { assetGraph, assetOf, tracedQuery, type ColumnSource, type QueryLineage, type TracedQuery } from "@iroko/core";
import type { AssetColumns } from "@iroko/core/client";
import { loadSnapshot } from "@iroko/core/engine";
import { assetSample } from "./asset-sample.ts";
import { json } from "./sample.ts";

const relations: TracedQuery["relations"] = {
  sales: { asset: "shop/sales", columns: ["id", "merchant", "amount", "day", "extra", "items"] },
  shops: { asset: "shops", columns: ["merchant", "name", "city"] },
  loose: { asset: "no_schema" },
};

const sourceText = ({ asset, column }: ColumnSource): string =>
  column === null ? `rows of ${asset}` : `${asset}.${column}`;
const asText = ({ columns }: QueryLineage): Record<string, string> =>
  Object.fromEntries(
    columns.map(({ column, from, unknown }) => [
      column,
      [from.map(sourceText).toSorted().join(", "), unknown === null ? "" : `because ${unknown}`]
        .filter(Boolean)
        .join("; "),
    ]),
  );

/** A sentence, its SQL, and of each column what makes its values. */
const cases: readonly (readonly [name: string, sql: string, expected: Readonly<Record<string, string>>])[] = [
  ["a column is itself", "select id from sales", { id: "shop/sales.id" }],
  ["names have no case", "SELECT ID AS Number FROM Sales", { number: "shop/sales.id" }],
  ["an alias renames", "select amount as ngn from sales s", { ngn: "shop/sales.amount" }],
  [
    "a table's alias qualifies, and the first name may be a struct",
    "select s.id, s.extra.phone, extra.mail from sales s",
    { id: "shop/sales.id", phone: "shop/sales.extra", mail: "shop/sales.extra" },
  ],
  [
    "an expression has the columns it is made of, each once",
    "select amount * 2 + amount - id as n, case when day = current_date then merchant else 'x' end as m from sales",
    { n: "shop/sales.amount, shop/sales.id", m: "shop/sales.day, shop/sales.merchant" },
  ],
  [
    "constants and parameters come from nowhere",
    "select 1 as one, $p::date as day, now() as at from sales",
    { one: "", day: "", at: "" },
  ],
  [
    "an alias of the select list is seen by what stands after it",
    "select amount as ngn, ngn / 100 as kobo from sales",
    { ngn: "shop/sales.amount", kobo: "shop/sales.amount" },
  ],
  [
    "a column wins over an alias",
    "select id as amount, amount as second from sales",
    { amount: "shop/sales.id", second: "shop/sales.amount" },
  ],
  ["a star is all of it", "from sales", { id: "shop/sales.id", items: "shop/sales.items" }],
  [
    "a star leaves out, replaces and renames",
    "select * exclude (extra, items) replace (amount / 100 as amount, day::varchar as day) rename (merchant as who) from sales",
    {
      id: "shop/sales.id",
      amount: "shop/sales.amount",
      who: "shop/sales.merchant",
      extra: "because the query gives no column of that name",
    },
  ],
  [
    "a qualified star is of one table",
    "select b.*, a.id from sales a join shops b using (merchant)",
    { merchant: "shops.merchant", name: "shops.name", id: "shop/sales.id" },
  ],
  [
    "a star leaves out of one table only",
    "select * exclude (a.merchant) from sales a join shops b on a.merchant = b.merchant",
    { merchant: "shops.merchant", id: "shop/sales.id" },
  ],
  [
    "COLUMNS takes by a pattern or a list",
    "select columns('^(id|am)'), columns(['day']) from sales",
    {
      id: "shop/sales.id",
      amount: "shop/sales.amount",
      day: "shop/sales.day",
      merchant: "because the query gives no column of that name",
    },
  ],
  [
    "a shared column is that of the side whose rows are all there",
    "select merchant, id, city from sales right join shops using (merchant)",
    { merchant: "shops.merchant", id: "shop/sales.id", city: "shops.city" },
  ],
  [
    "a full join's shared column is of both",
    "select merchant from sales full join shops using (merchant)",
    { merchant: "shop/sales.merchant, shops.merchant" },
  ],
  [
    "a natural join shares what both have",
    "select * from sales natural join shops",
    { merchant: "shop/sales.merchant", name: "shops.name" },
  ],
  [
    "a semi join gives its left side alone",
    "select * from sales semi join shops using (merchant)",
    { merchant: "shop/sales.merchant", name: "because the query gives no column of that name" },
  ],
  [
    "CTEs are followed, in their order, and hide tables of their name",
    "with a as (select id as x from sales), sales as (select x as y from a) select y from sales",
    { y: "shop/sales.id" },
  ],
  [
    "a CTE's columns may have names of its own",
    "with a(x, y) as (select id, amount from sales) select y as n from a",
    { n: "shop/sales.amount" },
  ],
  [
    "an inner CTE is not seen outside",
    "select (with a as (select max(amount) as m from sales) select m from a) as m, n from (select name as n from shops) a",
    { m: "shop/sales.amount", n: "shops.name" },
  ],
  [
    "a recursive CTE gathers over its rounds",
    "with recursive r(a, b) as (select id, day from sales union all select b, a from r) select a, b from r",
    { a: "shop/sales.day, shop/sales.id", b: "shop/sales.day, shop/sales.id" },
  ],
  [
    "subqueries in FROM are followed",
    "select t.n from (select u.amount as n from (select * from sales) u) t",
    { n: "shop/sales.amount" },
  ],
  ["values have names by place", "select b from (values (1, 2)) v(a, b)", { b: "" }],
  [
    "a scalar subquery is what it gives, with what it takes from outside only read",
    "select (select max(name) from shops where shops.merchant = sales.merchant) as name from sales",
    { name: "shops.name" },
  ],
  [
    "a lateral subquery sees what stands before it",
    "select l.twice from sales, lateral (select amount * 2 as twice) l",
    { twice: "shop/sales.amount" },
  ],
  [
    "EXISTS tells of rows, IN of a column",
    "select exists (from shops) as any, merchant in (select merchant from shops) as known from sales",
    { any: "rows of shops", known: "shop/sales.merchant, shops.merchant" },
  ],
  [
    "aggregates count rows and take columns, with their filter and order",
    "select count(*) as n, sum(amount) filter (day is not null) as s, list(id order by merchant) as l from sales",
    { n: "rows of shop/sales", s: "shop/sales.amount, shop/sales.day", l: "shop/sales.id, shop/sales.merchant" },
  ],
  [
    "window functions take their partition and order",
    "select row_number() over (partition by merchant order by day) as nth, lag(amount) over w as before, count(*) over () as n from sales window w as (order by id)",
    { nth: "shop/sales.day, shop/sales.merchant", before: "shop/sales.amount, shop/sales.id", n: "rows of shop/sales" },
  ],
  [
    "a union mixes by place",
    "select id as x, day as y from sales union all select name, city from shops",
    { x: "shop/sales.id, shops.name", y: "shop/sales.day, shops.city" },
  ],
  [
    "a union by name mixes by name",
    "select id as x, amount as z from sales union by name select city as x, name as y from shops",
    { x: "shop/sales.id, shops.city", y: "shops.name", z: "shop/sales.amount" },
  ],
  [
    "EXCEPT and INTERSECT leave what the left side has",
    "select id from sales except select name from shops",
    { id: "shop/sales.id" },
  ],
  [
    "a lambda's parameter is no column, an arrow into JSON is one",
    "select list_transform(items, day -> day + id) as l, list_reduce(items, lambda a, b: a + b + amount) as r, extra -> '$.phone' as p from sales",
    { l: "shop/sales.id, shop/sales.items", r: "shop/sales.amount, shop/sales.items", p: "shop/sales.extra" },
  ],
  [
    "unnest gives what it is given",
    "select unnest(items) as item, u.one from sales, unnest(items) u(one)",
    { item: "shop/sales.items", one: "shop/sales.items" },
  ],
  [
    "structs, lists and casts hold what they hold",
    "select {'a': id, 'b': [amount]} as s, try_cast(day as date) as d from sales",
    { s: "shop/sales.amount, shop/sales.id", d: "shop/sales.day" },
  ],
  ["a whole row is all its columns", "select shops as s from shops", { s: "shops.city, shops.merchant, shops.name" }],
  [
    "what decides which rows there are makes no value",
    "select name from shops where city = 'x' qualify row_number() over (order by merchant) = 1 order by city",
    { name: "shops.name" },
  ],
  [
    "of what has no schema a column is unknown",
    "select x, l.y, name from loose l, shops",
    { x: 'because "no_schema" has no schema', y: 'because "no_schema" has no schema', name: "shops.name" },
  ],
  [
    "a file is no asset",
    "select a from read_csv('x.csv')",
    { a: "because its rows come from read_csv(…), which is no asset" },
  ],
  [
    "a table that is no dependency is said to be none",
    "select a from elsewhere",
    { a: 'because "elsewhere" is none of its dependencies' },
  ],
  [
    "a known part is told beside an unknown one",
    "select id + e.a as n from sales, elsewhere e",
    { n: 'shop/sales.id; because "elsewhere" is none of its dependencies' },
  ],
  [
    "which of several that data names is not known",
    "from (pivot sales on day in ('a', 'b') using sum(amount + 1), max(id) group by merchant)",
    {
      merchant: "shop/sales.merchant",
      "a_max(id)":
        "shop/sales.amount, shop/sales.day, shop/sales.id; because it may be any of several whose names are not known",
    },
  ],
  [
    "what only DuckDB can choose is not known",
    "select columns(lambda c: length(c) = 3) from sales",
    { day: "because COLUMNS(…) chooses by a function" },
  ],
  [
    "names by position are not known where it is not known how many stand before them",
    "with a(x, y) as (select l.*, id from loose l, sales) select x, y from a",
    { x: 'because "no_schema" has no schema', y: 'because "no_schema" has no schema' },
  ],
  [
    "a union by name has what the other side may have",
    "select id as x from sales union all by name select * from loose",
    { x: 'shop/sales.id; because "no_schema" has no schema' },
  ],
  [
    "a statement that is no select is said to be none",
    "pivot sales on day using sum(amount)",
    { a: "because DuckDB does not tell how the query is built: Only SELECT statements can be serialized to json!" },
  ],
  [
    "a mistake is DuckDB's own words",
    "selec 1",
    { a: 'because DuckDB does not tell how the query is built: syntax error at or near "selec"' },
  ],
];

test("columns are followed through every form of SQL", async (t) => {
  const found = await dataReader().columnLineage(
    cases.map(([, sql, expected]) => ({ sql, relations, columns: Object.keys(expected) })),
  );
  for (const [at, [name, , expected]] of cases.entries())
    await t.test(name, () => assert.deepEqual(asText(found[at]!), expected));
});

test("whatever a query looks at is read, in a condition, too", async () => {
  const [found] = await dataReader().columnLineage([
    {
      sql: "select name from shops join sales s on s.merchant = shops.merchant where amount > 0 group by name having max(day) > '2' order by min(id)",
      relations,
      columns: ["name"],
    },
  ]);
  assert.deepEqual(asText(found!), { name: "shops.name" });
  assert.deepEqual(found!.reads.map(sourceText).toSorted(), [
    "shop/sales.amount",
    "shop/sales.day",
    "shop/sales.id",
    "shop/sales.merchant",
    "shops.merchant",
    "shops.name",
  ]);
});

test("every column of the POS pipeline's SQL is known, from the till's buffer to the revenue", async () => {
  const graph = assetGraph(await loadSnapshot("examples/pos-pipeline/iroko.config.ts"));
  const [cleaned, revenue] = await dataReader().columnLineage(
    ["cleaned_pos_transactions", "daily_revenue_summary"].map((key) => tracedQuery(graph, assetOf(graph, key))!),
  );
  const raw = ["id", "created_at", "transaction_id", "merchant_id", "terminal_id", "customer_id", "amount_ngn"];
  assert.deepEqual(asText(cleaned!), {
    ...Object.fromEntries(
      [...raw, "event_time", "channel"].map((column) => [column, `raw_pos_transactions.${column}`]),
    ),
    ...Object.fromEntries(
      ["merchant_name", "merchant_category", "state", "lga"].map((column) => [column, `merchants.${column}`]),
    ),
    event_date: "",
  });
  const of = (column: string): string => `cleaned_pos_transactions.${column}`;
  assert.deepEqual(asText(revenue!), {
    state: of("state"),
    lga: of("lga"),
    merchant_category: of("merchant_category"),
    event_date: of("event_date"),
    total_revenue: of("amount_ngn"),
    transaction_count: "rows of cleaned_pos_transactions",
    unique_merchants: of("merchant_id"),
    avg_transaction: `${of("amount_ngn")}, rows of cleaned_pos_transactions`,
  });
});

test("the API tells of each column where it comes from and who reads it, and of whom that is not known", async () => {
  await using at = await assetSample();
  const of = async (key: string): Promise<AssetColumns> =>
    json<AssetColumns>(await at.get(`/api/v1/assets/${encodeURIComponent(key)}/columns`));
  const sales = await of("shop/sales");
  // What letters makes its other column of, nobody says.
  assert.deepEqual(sales.otherReaders, ["letters", "mailing"]);
  assert.deepEqual(
    sales.columns.map(({ column, readBy }) => [column, readBy]),
    [
      ["id", []],
      ["phone", [{ asset: "letters", columns: ["to"] }]],
      ["amount", [{ asset: "totals", columns: ["revenue"] }]],
      ["note", [{ asset: "totals", columns: [] }]],
    ],
  );
  assert.equal(sales.columns[0]!.unknown, "code makes it, and declares no lineage");
  const told = async (key: string): Promise<readonly unknown[]> =>
    (await of(key)).columns.map(({ column, from, unknown, source }) => [column, from.map(sourceText), unknown, source]);
  assert.deepEqual(await told("totals"), [
    ["day", ["rows of shop/sales"], null, "declared"],
    ["revenue", ["shop/sales.amount"], null, "sql"],
    ["sold", ["rows of shop/sales"], null, "sql"],
  ]);
  assert.deepEqual(await told("letters"), [
    ["to", ["shop/sales.phone"], null, "declared"],
    ["text", [], "code makes it, and declares no lineage", null],
  ]);
  const [{ sql, description, transformation }, to] = [
    (await of("totals")).columns[0]!,
    (await of("letters")).columns[0]!,
  ];
  assert.deepEqual(
    { sql, description, transformation },
    {
      sql: { from: [], unknown: null },
      description: "of the till",
      transformation: null,
    },
  );
  assert.deepEqual([to.transformation, to.sql], ["identity", null]);
  assert.deepEqual(await of("till"), { columns: [], otherReaders: ["shop/sales"] });
});
