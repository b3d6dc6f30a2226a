/**
 * Column lineage held against DuckDB itself: of each query DESCRIBE says which columns it gives, and each of them is followed to
 * where it comes from, however the SQL names it.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataReader } from "@iroko/assets";
import type { ColumnSource, TracedQuery } from "@iroko/core";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";

const tables = {
  sales: { id: "int", merchant: "text", amount: "int", day: "text", extra: "struct(phone text)", items: "int[]" },
  shops: { merchant: "text", name: "text" },
  wide: { id: "int", jan: "int", feb: "int", note: "text" },
};
const relations: TracedQuery["relations"] = Object.fromEntries(
  Object.entries(tables).map(([name, columns]) => [name, { asset: name, columns: Object.keys(columns) }]),
);
const sales =
  "id=sales.id merchant=sales.merchant amount=sales.amount day=sales.day extra=sales.extra items=sales.items";

/** What a query gives, as `column=source,source`; `rows(asset)` where it counts them. */
const cases: Readonly<Record<string, readonly (readonly [sql: string, gives: string])[]>> = {
  "a pivot has a column for each value, made of the aggregate and of what it is chosen by": [
    [
      "from (pivot sales on day in ('a', 'b') using sum(amount))",
      "id=sales.id merchant=sales.merchant extra=sales.extra items=sales.items a=sales.amount,sales.day b=sales.amount,sales.day",
    ],
    ["pivot wide on id in (1, 2) using sum(jan) group by note", "note=wide.note 1=wide.id,wide.jan 2=wide.id,wide.jan"],
    [
      "select * from sales pivot (sum(amount) as s for day in ('a' as x) merchant in ('m', 'n') group by id)",
      "id=sales.id x_m_s=sales.amount,sales.day,sales.merchant x_n_s=sales.amount,sales.day,sales.merchant",
    ],
    [
      "from (pivot sales on day in ('a') using sum(amount), max(id), count(*) as n group by merchant)",
      "merchant=sales.merchant a_sum(amount)=sales.amount,sales.day a_max(id)=sales.day,sales.id a_n=rows(sales),sales.day",
    ],
    [
      "from (pivot sales on day::date in (date '2026-01-01') using sum(amount * 2) filter (id > 0) group by merchant)",
      "merchant=sales.merchant 2026-01-01=sales.amount,sales.day,sales.id",
    ],
    ["from (pivot wide on note in ('a') group by id)", "id=wide.id a=rows(wide),wide.note"],
    [
      "select p.x, y - z as d from wide pivot (sum(jan) for note in ('a', 'b') group by id) as p(x, y, z)",
      "x=wide.id d=wide.jan,wide.note",
    ],
  ],
  "an unpivot makes names to values, and values one column": [
    ["from (unpivot wide on jan, feb into name month value n)", "id=wide.id note=wide.note month= n=wide.feb,wide.jan"],
    [
      "from (unpivot wide on columns(* exclude (id, note)) into name month value n)",
      "id=wide.id note=wide.note month= n=wide.feb,wide.jan",
    ],
    [
      "from wide unpivot include nulls ((a, b) for q in ((jan, feb) as 'q1', (id, jan) as 'q2'))",
      "note=wide.note q= a=wide.id,wide.jan b=wide.feb,wide.jan",
    ],
    ["from (unpivot wide on (jan * 2)::text, note)", "id=wide.id feb=wide.feb name= value=wide.jan,wide.note"],
  ],
  "COLUMNS in an expression is written once for each": [
    ["select max(columns(*)) from wide", "id=wide.id jan=wide.jan feb=wide.feb note=wide.note"],
    ["select max(columns(['jan', 'feb'])), min(columns('^f')) from wide", "jan=wide.jan feb=wide.feb feb_1=wide.feb"],
    ["select id + columns('^(jan|feb)') as s from wide", "s=wide.id,wide.jan s_1=wide.feb,wide.id"],
    ["select columns(* exclude (note))::text as 'n_\\0' from wide", "n_id=wide.id n_jan=wide.jan n_feb=wide.feb"],
    ["select columns('(j|f).*') as 'x_\\1' from wide", "x_j=wide.jan x_f=wide.feb"],
    ["select count(columns(*)), count(*) as n from shops", "merchant=shops.merchant name=shops.name n=rows(shops)"],
    ["select greatest(*columns(['jan', 'feb'])) as best from wide", "best=wide.feb,wide.jan"],
  ],
  "COLUMNS and stars choose by names": [
    ["select columns(c -> c like '%a%') from wide", "jan=wide.jan"],
    ["select columns(lambda c: starts_with(c, 'j') or upper(c) in ('NOTE')) from wide", "jan=wide.jan note=wide.note"],
    ["select * like '%a%' from wide", "jan=wide.jan"],
    ["select * not ilike '%A%' from wide", "id=wide.id feb=wide.feb note=wide.note"],
    ["select s.* similar to 'er' from sales s", "merchant=sales.merchant"],
    ["select w.* not similar to 'j|.*e.*' from wide w", "id=wide.id jan=wide.jan"],
    ["select * glob 'j*' from wide", "jan=wide.jan"],
    ["select columns(w.* replace (id as jan)) from wide w", "id=wide.id jan=wide.id feb=wide.feb note=wide.note"],
  ],
  "a struct's star is its fields, each of what it was made of": [
    ["select extra.*, id from sales", "phone=sales.extra id=sales.id"],
    ["select st.* from (select {'a': id, 'b': amount} as st from sales)", "a=sales.id b=sales.amount"],
    ["select st.* exclude (a) from (select {'a': id, 'b': amount} as st from sales)", "b=sales.amount"],
    [
      "select st.a as x, st['b'] as y from (select {'a': id, 'b': amount} as st from sales)",
      "x=sales.id y=sales.amount",
    ],
    ["select r.* from (select s as r from shops s)", "merchant=shops.merchant name=shops.name"],
    ["select r.name from (select s as r from shops s)", "name=shops.name"],
    ['select j.* from (select from_json(note, \'{"a":"INT"}\') as j from wide)', "a=wide.note"],
    ["with a(x, y) as (select st.*, 1 from (select {'p': id} as st from sales)) from a", "x=sales.id y="],
  ],
  "unnest takes a list or a struct apart": [
    ["select unnest(items), id from sales", "unnest(items)=sales.items id=sales.id"],
    ["select unnest(extra) from sales", "phone=sales.extra"],
    ["select unnest({'a': id, 'b': amount}) as z from sales", "a=sales.id b=sales.amount"],
    ["select unnest([{'a': id}, {'a': amount}], recursive := true) from sales", "a=sales.amount,sales.id"],
    ["select id, u.x from sales, unnest(items) as u(x)", "id=sales.id x=sales.items"],
  ],
  "a function may be called on what it takes": [
    ["select merchant.upper().lower() as m, sales.day.upper() as d from sales", "m=sales.merchant d=sales.day"],
    ["select items.list_transform(lambda x: x + id) as l from sales", "l=sales.id,sales.items"],
    ["select list_transform([merchant], lambda x: x.upper()) as l from sales", "l=sales.merchant"],
  ],
  "names that come twice are told apart": [
    [
      "select a.merchant, b.merchant from sales a join shops b on true",
      "merchant=sales.merchant merchant_1=shops.merchant",
    ],
    ["select t.merchant_1 from (from sales a join shops b on true) t", "merchant_1=shops.merchant"],
    [
      "select a.merchant, b.merchant, a.id as merchant_1 from sales a join shops b on true",
      "merchant=sales.merchant merchant_1=shops.merchant merchant_1_1=sales.id",
    ],
    ["from sales positional join shops", `${sales} merchant_1=shops.merchant name=shops.name`],
    [
      "from shops a asof join shops b on a.merchant >= b.merchant",
      "merchant=shops.merchant name=shops.name merchant_1=shops.merchant name_1=shops.name",
    ],
  ],
  "aliases, windows, QUALIFY and groups": [
    [
      "select amount as x, x + 1 as y from sales where x > 3 group by all having y > 1",
      "x=sales.amount y=sales.amount",
    ],
    [
      "select sum(amount) over w as s from sales window w as (partition by merchant order by day) qualify rank() over w = 1",
      "s=sales.amount,sales.day,sales.merchant",
    ],
    [
      "select distinct on (merchant) merchant, #3 from sales order by day",
      "merchant=sales.merchant amount=sales.amount",
    ],
    [
      "select merchant, max(amount), count(*) from sales group by cube (merchant)",
      "merchant=sales.merchant max(amount)=sales.amount count_star()=rows(sales)",
    ],
  ],
  "recursive queries and set operations": [
    [
      "with recursive r(a, b) using key (a) as (select id, amount from sales union select a, b + 1 from r) from r",
      "a=sales.id b=sales.amount",
    ],
    [
      "with recursive r as (select id, merchant from sales union select r.id, shops.name from r join shops using (merchant)) from r",
      "id=sales.id merchant=sales.merchant,shops.name",
    ],
    [
      "select id, amount from sales union all by name select jan as amount from wide",
      "id=sales.id amount=sales.amount,wide.jan",
    ],
    [
      "(select id from sales except all select id from wide) union (select jan from wide) order by 1",
      "id=sales.id,wide.jan",
    ],
    [
      "from (pivot wide on note in ('a') using sum(jan) group by id) union all (select amount, id from sales)",
      "id=sales.amount,wide.id a=sales.id,wide.jan,wide.note",
    ],
  ],
};

let duckdb: DuckDBConnection;
before(async () => {
  duckdb = await (await DuckDBInstance.create(":memory:")).connect();
  for (const [table, columns] of Object.entries(tables)) {
    const list = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
    await duckdb.run(`create table ${table} (${list.join(", ")})`);
  }
});
after(() => duckdb?.closeSync());

const sourceText = ({ asset, column }: ColumnSource): string =>
  column === null ? `rows(${asset})` : `${asset}.${column}`;

for (const [name, queries] of Object.entries(cases)) {
  test(name, async () => {
    const traced: TracedQuery[] = [];
    for (const [sql] of queries) {
      const described = await duckdb.runAndReadAll(`describe select * from (${sql}\n)`);
      traced.push({ sql, relations, columns: described.getRows().map(([column]) => String(column)) });
    }
    const lineages = await dataReader().columnLineage(traced);
    const told = lineages.map(({ columns }, at) => [
      queries[at]![0],
      columns
        .map(({ column, from, unknown }) => `${column}=${from.map(sourceText).toSorted().join(",")}${unknown ?? ""}`)
        .join(" "),
    ]);
    assert.deepEqual(told, queries);
  });
}
