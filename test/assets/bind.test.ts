import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { asset, daily, decimal, dynamic, json, multi, timestamp } from "../../packages/core/src/index.ts";
import { bindSql, parquet, sqlAsset, sqlCheck, type SqlProblem } from "../../packages/assets/src/index.ts";
import { snapshotWith } from "./compute.ts";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const raw = asset({
  key: "raw",
  partitions: days,
  schema: z.object({ id: z.string(), amount: decimal(18, 2), event_time: timestamp(), extra: json().nullable() }),
  output: parquet({ path: "raw" }),
  materialize: () => [],
});
const schema = z.object({ id: z.string(), total: decimal(38, 2), n: z.int() });
const right = "select id, sum(amount) as total, count(*) as n from raw where event_time >= $window_start group by id";

async function problemsOf(options: { sql?: string; metrics?: string; check?: string }): Promise<readonly SqlProblem[]> {
  const totals = sqlAsset({
    key: "totals",
    partitions: days,
    schema,
    deps: { raw },
    sql: options.sql ?? right,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    checks: options.check === undefined ? [] : [sqlCheck({ name: "mine", sql: options.check })],
  });
  return await bindSql(snapshotWith(raw, totals));
}

test("queries that fit bind without any data", async () => {
  const problems = await problemsOf({
    metrics: "select count(*) as rows, $partition_key as day, (select count(*) from raw) as raw from self",
    check: "select * from self anti join previous using (id) where $window_end is null",
  });
  assert.deepEqual(problems, []);
});

for (const [what, options, code, place, message] of [
  [
    "a column that the dependency lacks",
    { sql: "select id,\n  sum(price) as total,\n  count(*) as n\nfrom raw group by id" },
    "SQL_FAILED",
    { subject: 'asset "totals", sql', line: 2, column: 7 },
    /Referenced column "price" not found[^]*2 \|   sum\(price\) as total,\n  \|       \^$/,
  ],
  [
    "a relation that is no dependency",
    { sql: "select * from raws" },
    "SQL_FAILED",
    { subject: 'asset "totals", sql', line: 1, column: 15 },
    /Table with name raws does not exist/,
  ],
  [
    "a syntax error",
    { sql: "select id from\nwhere 1" },
    "SQL_FAILED",
    { subject: 'asset "totals", sql', line: 2, column: 1 },
    /syntax error/,
  ],
  [
    "a query that ends too soon",
    { sql: "select id from raw\nwhere id =  \n" },
    "SQL_FAILED",
    { subject: 'asset "totals", sql', line: 2, column: 11 },
    /syntax error/,
  ],
  [
    "a type that does not fit",
    { sql: right.replace("sum(amount)", "avg(amount)") },
    "SQL_RESULT",
    { subject: 'asset "totals", sql', line: 1, column: 27 },
    /it gives column "total" as DOUBLE, the schema says DECIMAL\(38,2\)/,
  ],
  [
    "a column too few",
    { sql: right.replace(", count(*) as n", "") },
    "SQL_RESULT",
    { subject: 'asset "totals", sql' },
    /it gives no column "n" \(BIGINT\)/,
  ],
  [
    "a column too many",
    { sql: right.replace("count(*) as n", "count(*) as n, 1 as more") },
    "SQL_RESULT",
    { subject: 'asset "totals", sql', line: 1, column: 54 },
    /it gives column "more" \(INTEGER\), which the schema does not have/,
  ],
  [
    "wrong arguments",
    { sql: right.replace("sum(amount)", "sum(event_time)") },
    "SQL_FAILED",
    { subject: 'asset "totals", sql', line: 1, column: 12 },
    /No function matches/,
  ],
  [
    "a parameter that nobody gives",
    { sql: right.replace("$window_start", "$start") },
    "SQL_FAILED",
    { subject: 'asset "totals", sql' },
    /start/,
  ],
  [
    "wrong metrics",
    { metrics: "select count(nope) from self" },
    "SQL_FAILED",
    { subject: 'asset "totals", metrics', line: 1, column: 14 },
    /"nope" not found/,
  ],
  [
    "a wrong check",
    { check: "select id from self where extra is null" },
    "SQL_FAILED",
    { subject: 'asset "totals", check "mine"', line: 1, column: 27 },
    /"extra" not found/,
  ],
] as const) {
  test(`${what} is reported with its place before anything runs`, async () => {
    const problems = await problemsOf(options);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    const [problem] = problems;
    assert.equal(problem?.code, code);
    assert.deepEqual(problem.place, place);
    assert.match(problem.message, message);
    assert.ok(problem.hint);
  });
}

test("of several dimensions a query has the key in each, and the window of the one by time", async () => {
  const partitions = multi({ tenant: dynamic("tenants"), day: days });
  const bind = (sql: string): Promise<readonly SqlProblem[]> =>
    bindSql(snapshotWith(sqlAsset({ key: "totals", partitions, schema: z.object({ id: z.string() }), sql })));
  const right = "select $partition_tenant || $partition_day || $partition_key as id where $window_start < $window_end";
  assert.deepEqual(await bind(right), []);
  const [problem] = await bind("select $partition_tenants as id");
  assert.match(problem!.message, /partition_tenants/);
});

test("every mistake is reported, not the first alone", async () => {
  const problems = await problemsOf({
    sql: "select 1 as id, 'x' as total, 1 as n",
    metrics: "select nope",
    check: "select nope",
  });
  assert.equal(problems.length, 4);
});
