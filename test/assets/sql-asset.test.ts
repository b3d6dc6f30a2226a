import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import {
  asset,
  daily,
  date,
  decimal,
  decimalOf,
  fixed,
  materialize,
  timestamp,
  type IrokoError,
} from "../../packages/core/src/index.ts";
import { parquet, sqlAsset, sqlCheck, unique } from "../../packages/assets/src/index.ts";
import { computeOf, make, selfOf, snapshotWith } from "./compute.ts";
import { day, rowsOf, step, whole, type TestStep } from "./step.ts";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });

const Raw = z.object({ id: z.string(), event_time: timestamp(), amount: decimal(18, 2) });
const raw = asset({
  key: "raw",
  partitions: days,
  schema: Raw,
  output: parquet({ path: "raw", sortBy: ["id"] }),
  materialize: () => [],
});
const Clean = z.object({ id: z.string(), event_date: date(), amount: decimal(18, 2) });
const cleaned = sqlAsset({
  key: "cleaned",
  partitions: days,
  schema: Clean,
  deps: { raw },
  sql: `
    select id, (event_time at time zone 'Africa/Lagos')::date as event_date, amount
    from raw
    where event_time >= $window_start and event_time < $window_end -- the day itself
  `,
  metrics: `
    select
      (select count(*) from raw) - count(*) as rejected,
      sum(amount) as total,
      avg(amount) as mean,
      count(*) > 0 as any_rows,
      $partition_key as day,
      $window_start as starts,
      {'from': min(event_date), 'to': max(event_date)} as dates,
      [1, 2] as list,
      null::INTEGER as nothing,
      170141183460469231731687303715884105727::HUGEINT as huge
    from self`,
});

async function rawOf(s: TestStep, key: string, rows: readonly unknown[]) {
  const { io, schema } = selfOf(raw);
  const object = await s.stage(io, rows, s.slot(schema, { asset: "raw", partition: day(key) }));
  return await s.load(io, "raw", schema, [object]);
}

const transaction = (id: string, at: string, amount: string) => ({ id, event_time: Temporal.Instant.from(at), amount });

async function twoDays(t: TestContext) {
  const s = step(t);
  const first = await rawOf(s, "2026-11-01", [
    transaction("a", "2026-11-01T00:00:00+01:00", "0.10"),
    transaction("b", "2026-11-01T23:59:59.999999+01:00", "0.20"),
    transaction("late", "2026-11-02T00:00:00+01:00", "9.99"),
  ]);
  const second = await rawOf(s, "2026-11-02", [transaction("c", "2026-11-02T12:00:00Z", "1.00")]);
  const inputs = new Map([
    ["2026-11-01", { raw: first }],
    ["2026-11-02", { raw: second }],
  ]);
  return { s, depsOf: ({ key }: { key: string }) => inputs.get(key)! };
}

test("a SQL asset reads its dependencies by name, within the window of its partition", async (t) => {
  const { s, depsOf } = await twoDays(t);
  const [made] = await make(s, cleaned, [day("2026-11-01")], depsOf);
  const { io, schema } = selfOf(cleaned);
  const rows = await rowsOf<z.output<typeof Clean>>(await s.load(io, "cleaned", schema, [made!.object]));
  assert.deepEqual(
    rows.map(({ id, event_date, amount }) => ({ id, event_date: event_date.toString(), amount })),
    [
      { id: "a", event_date: "2026-11-01", amount: "0.10" },
      { id: "b", event_date: "2026-11-01", amount: "0.20" },
    ],
  );
});

test("metrics are one row, each value of its own type, decimals exact", async (t) => {
  const { s, depsOf } = await twoDays(t);
  const [made] = await make(s, cleaned, [day("2026-11-01")], depsOf);
  assert.deepEqual(made?.metadata, {
    rejected: { type: "int", value: 1 },
    total: { type: "decimal", value: "0.30" },
    mean: { type: "float", value: 0.15 },
    any_rows: { type: "boolean", value: true },
    day: { type: "text", value: "2026-11-01" },
    starts: { type: "timestamp", value: "2026-10-31T23:00:00Z" },
    dates: { type: "json", value: { from: "2026-11-01", to: "2026-11-01" } },
    list: { type: "json", value: [1, 2] },
    nothing: { type: "json", value: null },
    huge: { type: "decimal", value: "170141183460469231731687303715884105727" },
  });
});

test("a step of several partitions gives each its own inputs and window", async (t) => {
  const { s, depsOf } = await twoDays(t);
  const made = await make(s, cleaned, [day("2026-11-01"), day("2026-11-02")], depsOf);
  assert.deepEqual(
    made.map(({ object, metadata }) => [object.rows, metadata["total"]?.type === "decimal" && metadata["total"].value]),
    [
      [2, "0.30"],
      [1, "1.00"],
    ],
  );
});

test("a dependant's user code sees the rows of a SQL asset with their types", async (t) => {
  const { s, depsOf } = await twoDays(t);
  const [made] = await make(s, cleaned, [day("2026-11-02")], depsOf);
  const { io, schema } = selfOf(cleaned);
  const self = await s.load(io, "cleaned", schema, [made!.object]);
  const reader = asset({
    key: "reader",
    partitions: days,
    deps: { cleaned },
    schema: z.object({ amount: decimal(18, 2) }),
    output: parquet({ path: "reader" }),
    async *materialize(ctx) {
      for await (const row of ctx.deps.cleaned.rows()) yield { amount: row.amount };
    },
  });
  const [read] = await make(s, reader, [day("2026-11-02")], () => ({ cleaned: self }));
  assert.equal(read?.object.rows, 1);
});

test("a partition key that is SQL is a value", async (t) => {
  const s = step(t);
  const keys = [`'; drop table x; --`, `"quoted"`, "../up", "$window_start"] as const;
  const keyed = sqlAsset({
    key: "keyed",
    partitions: fixed(keys),
    schema: z.object({ key: z.string() }),
    sql: "select $partition_key as key",
  });
  for (const key of keys) {
    const [made] = await make(s, keyed, [{ ...whole, key }]);
    const { io, schema } = selfOf(keyed);
    assert.deepEqual(await rowsOf(await s.load(io, "keyed", schema, [made!.object])), [{ key }]);
  }
});

test("SQL may come from a file beside the module, and its mistakes are placed in that file", async (t) => {
  const s = step(t);
  const path = join(s.directory, "it's.sql");
  writeFileSync(path, "select 1 as id,\n  nope as name;\n");
  const fromFile = sqlAsset({
    key: "from_file",
    schema: z.object({ id: z.int(), name: z.string() }),
    file: pathToFileURL(path),
  });
  assert.equal(computeOf(fromFile).sql?.text, "select 1 as id,\n  nope as name;\n");
  await assert.rejects(make(s, fromFile, [whole]), (error: IrokoError) => {
    assert.equal(error.code, "SQL_FAILED");
    assert.equal(error.place?.line, 2);
    assert.equal(error.place?.column, 3);
    assert.match(error.place?.file ?? "", /it's\.sql$/);
    return true;
  });
  const missing = pathToFileURL(join(s.directory, "missing.sql"));
  assert.throws(() => sqlAsset({ key: "x", schema: z.object({ id: z.int() }), file: missing }), { code: "SQL_FILE" });
});

test("with readsPrevious a query reads the version before, of no rows at first", async (t) => {
  const s = step(t);
  const growing = sqlAsset({
    key: "growing",
    schema: z.object({ n: z.int() }),
    readsPrevious: true,
    sql: "select n from previous union all select 1 + coalesce(max(n), 0) from previous",
  });
  const { io, schema } = selfOf(growing);
  const [first] = await make(s, growing, [whole]);
  const previous = await s.load(io, "previous", schema, [first!.object]);
  const [second] = await make(s, growing, [whole], undefined, { previous });
  const rows = await rowsOf<{ n: number }>(await s.load(io, "growing", schema, [second!.object]));
  assert.deepEqual(rows, [{ n: 1 }, { n: 2 }]);
});

for (const [what, metrics] of [
  ["no row", "select 1 as a where false"],
  ["several rows", "select range as a from range(3)"],
] as const) {
  test(`metrics of ${what} are an error that says so`, async (t) => {
    const s = step(t);
    const one = sqlAsset({ key: "one", schema: z.object({ id: z.int() }), sql: "select 1 as id", metrics });
    await assert.rejects(make(s, one, [whole]), (error: IrokoError) => {
      assert.equal(error.code, "METRICS_INVALID");
      assert.match(error.message, new RegExp(`asset "one", metrics: the query gives ${what}`));
      return true;
    });
  });
}

test("a parameter that the partition does not give is named", async (t) => {
  const s = step(t);
  const plain = sqlAsset({
    key: "plain",
    schema: z.object({ id: z.string() }),
    sql: "select $window_start::VARCHAR as id",
  });
  await assert.rejects(make(s, plain, [whole]), (error: IrokoError) => {
    assert.equal(error.code, "SQL_FAILED");
    assert.match(error.message, /window_start/);
    return true;
  });
});

test("the snapshot holds the SQL, and the asset is stored under its key unless told otherwise", () => {
  const snapshot = snapshotWith(raw, cleaned);
  assert.equal(snapshot.computes.find(({ name }) => name === "cleaned")?.sql?.text, computeOf(cleaned).sql?.text);
  const stored = snapshot.assets.find(({ key }) => key === "cleaned");
  assert.deepEqual(stored?.storage, { kind: "parquet", path: "cleaned", extension: ".parquet" });
  assert.deepEqual(stored?.kinds, ["sql"]);
});

test("wrong dependencies and columns of a SQL asset do not compile", () => {
  const options = { key: "x", schema: Clean, sql: "select 1" } as const;
  // @ts-expect-error not an asset
  sqlAsset({ ...options, deps: { raw: "raw" } });
  // @ts-expect-error either text or file
  sqlAsset({ key: "x", schema: Clean });
  // @ts-expect-error days do not map onto these keys by themselves
  sqlAsset({ ...options, partitions: fixed(["a", "b"]), deps: { raw } });
  // @ts-expect-error no such column
  sqlAsset({ ...options, checks: [unique("idd")] });
  const fine = sqlAsset({ ...options, partitions: days, deps: { raw }, checks: [unique("id")] });
  assert.deepEqual(
    selfOf(fine).checks.map(({ name }) => name),
    ["unique_id"],
  );
});

test("a pipeline of SQL assets runs in memory, for users' tests", async () => {
  const landing = asset({
    key: "landing",
    partitions: days,
    schema: Raw,
    output: parquet({ path: "landing", sortBy: ["id"] }),
    materialize: (ctx) => [
      { id: "a", event_time: ctx.partition.window.start, amount: decimalOf("0.10") },
      { id: "b", event_time: ctx.partition.window.start, amount: decimalOf("0.20") },
    ],
  });
  const totals = sqlAsset({
    key: "totals",
    partitions: days,
    backfill: "range",
    schema: z.object({ day: z.string(), total: decimal(38, 2) }),
    deps: { landing },
    sql: "select $partition_key as day, sum(amount) as total from landing",
    metrics: "select count(*) as input_rows, (select total from self) as total from landing",
    checks: [
      unique("day"),
      sqlCheck({ name: "kobo", sql: "select 1 from self where total <> (select sum(amount) from landing)" }),
    ],
  });
  await using made = await materialize([landing, totals], { partitions: ["2026-11-01", "2026-11-02"] });
  assert.deepEqual(await made.rows(totals, "2026-11-02"), [{ day: "2026-11-02", total: "0.30" }]);
  const [, , first] = made.materializations;
  assert.deepEqual(first?.metadata, {
    input_rows: { type: "int", value: 2 },
    total: { type: "decimal", value: "0.30" },
  });
  assert.deepEqual(
    first.checks.map(({ name, passed }) => [name, passed]),
    [
      ["unique_day", true],
      ["kobo", true],
    ],
  );
});
