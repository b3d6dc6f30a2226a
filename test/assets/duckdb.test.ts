import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { decimal, sensitive, timestamp, type IrokoError } from "../../packages/core/src/index.ts";
import { duckdbOf, parquet, query, sql } from "../../packages/assets/src/index.ts";
import { rowsOf, step, tableOf } from "./step.ts";

test("a scope has one database, within its memory and threads, in UTC, without the network", async (t) => {
  const s = step(t, { memoryBytes: 1000 * 2 ** 20, threads: 1 });
  const database = await duckdbOf(s.scope);
  assert.equal(await duckdbOf(s.scope), database);
  const names = ["memory_limit", "threads", "temp_directory", "TimeZone", "autoinstall_known_extensions"];
  const settings = await database.all(
    `select ${names.map((name) => `current_setting('${name}')::VARCHAR as ${name}`).join(", ")}`,
  );
  assert.deepEqual(settings, [
    {
      memory_limit: "620.0 MiB",
      threads: "1",
      temp_directory: join(s.directory, "duckdb-spill"),
      TimeZone: "UTC",
      autoinstall_known_extensions: "false",
    },
  ]);
  await assert.rejects(database.run("set memory_limit = '8GB'"), /configuration has been locked/);
});

test("definitions load without the native driver", () => {
  const loaded = execFileSync(
    process.execPath,
    ["--conditions=@iroko/source", "--input-type=module", "--eval", program],
    { cwd: import.meta.dirname, encoding: "utf8" },
  );
  assert.equal(loaded.trim(), "false");
});
const program = `
  import "../../packages/assets/src/index.ts";
  console.log(process.report.getReport().sharedObjects.some((file) => file.includes("duckdb")));
`;

test("an abort stops a running query at once, with the reason, and the step ends", async (t) => {
  const s = step(t);
  const database = await duckdbOf(s.scope);
  const started = performance.now();
  const endless = assert.rejects(
    database.all("select count(*) from range(1000000000) a(x), range(1000000) b(y) where hash(x, y) = 1"),
    /step was canceled/,
  );
  setTimeout(() => s.abort(new Error("step was canceled")), 50);
  await endless;
  assert.ok(performance.now() - started < 2000);
  await assert.rejects(database.all("select 1"), /step was canceled/);
});

test("a step that ends while a query runs stops it rather than crash", async (t) => {
  const s = step(t);
  const database = await duckdbOf(s.scope);
  const running = assert.rejects(database.all("select count(*) from range(100000000000) a(x) where hash(x) = 1"));
  s.abort(new Error("gone"));
  await running;
});

test("values are bound: what they hold is never SQL", async (t) => {
  const s = step(t);
  const at = Temporal.Instant.from("2026-10-31T23:00:00.000001Z");
  const values = {
    text: `'; drop table x; --`,
    int: 2 ** 40,
    huge: 10n ** 30n,
    float: 0.1,
    flag: true,
    at,
    on: Temporal.PlainDate.from("1969-12-31"),
    none: null,
    list: ["a'", "b"],
  };
  const [row] = await rowsOf(
    query(
      { scope: s.scope },
      `select $text as text, $int as int, $huge::VARCHAR as huge, $float as float, $flag as flag, $at as at, $on as on_,
         $none as none, list_contains($list, 'a''') as listed, timezone('Africa/Lagos', $at)::VARCHAR as lagos`,
      values,
    ),
  );
  assert.deepEqual(
    { ...row, at: String(row?.["at"]), on_: String(row?.["on_"]) },
    {
      text: values.text,
      int: BigInt(2 ** 40),
      huge: "1000000000000000000000000000000",
      float: 0.1,
      flag: true,
      at: "2026-10-31T23:00:00.000001Z",
      on_: "1969-12-31",
      none: null,
      listed: true,
      lagos: "2026-11-01 00:00:00.000001",
    },
  );
});

test("relations nest in templates, each with its own values", async (t) => {
  const s = step(t);
  const base = sql({ scope: s.scope })`select range as n from range(${10})`;
  const some = sql({ scope: s.scope })`select n from ${base} where n > ${6}`;
  const both = sql({ scope: s.scope })`select a.n from ${some} a join ${base} b on a.n = b.n + ${1} order by 1;`;
  assert.deepEqual(await rowsOf(both), [{ n: 7n }, { n: 8n }, { n: 9n }]);
  assert.equal(await both.count(), 3);
});

test("a name that means one value outside and another inside is refused, not mixed up", async (t) => {
  const s = step(t);
  const base = query({ scope: s.scope }, "select $n as n", { n: 1 });
  const same = query({ scope: s.scope, deps: { base } }, "select n + $n as n from base; -- done", { n: 1 });
  assert.deepEqual(await rowsOf(same), [{ n: 2 }]);
  const other = query({ scope: s.scope, deps: { base } }, "select n + $n as n from base", { n: 2 });
  await assert.rejects(rowsOf(other), /\$n has one value here and another in a relation it reads/);
});

test("a query sees the dependencies of its context by name, and may read other relations' sql", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ id: z.int() }));
  const object = await s.stage(parquet({ path: "a" }), [{ id: 1 }, { id: 2 }], s.slot(schema));
  const raw = await s.load(parquet({ path: "a" }), "raw", schema, [object]);
  const ctx = { scope: s.scope, deps: { raw, settings: { not: "a relation" } } };
  assert.deepEqual(await rowsOf(query(ctx, "select sum(id)::BIGINT as total from raw")), [{ total: 3n }]);
  assert.deepEqual(await rowsOf(query(ctx, `select max(id) as last from ${raw.sql}`)), [{ last: 2n }]);
});

test("rows stream while the same step asks for other things, and an early end lets go", async (t) => {
  const s = step(t);
  const many = query<{ n: bigint }>({ scope: s.scope }, "select range as n from range(100000)");
  let seen = 0;
  for await (const row of many.rows()) {
    if (seen === 5000) assert.equal(await many.count(), 100_000);
    assert.equal(typeof row.n, "bigint");
    seen += 1;
    if (seen === 10_000) break;
  }
  assert.equal(seen, 10_000);
});

test("rows stream in their file's order, whatever the number of threads", async (t) => {
  const s = step(t, { threads: 2 });
  const schema = tableOf(z.object({ id: z.int() }));
  const io = parquet({ path: "a", sortBy: ["id"] });
  const text = "select range as id from range(600000) order by hash(range)";
  const object = await s.stage(io, query({ scope: s.scope }, text), s.slot(schema));
  const relation = await s.load(io, "a", schema, [object]);
  let expected = 0;
  for await (const { id } of relation.rows() as AsyncIterable<{ id: number }>) {
    if (id !== expected) assert.fail(`${id} came for ${expected}`);
    expected += 1;
  }
  assert.equal(expected, 600_000);
});

test("an error in SQL tells line and column in the user's text, and shows the line", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ id: z.int() }));
  const text = "-- ☃ a comment\nselect\n\tid,\n\twrong + 1\nfrom range(3) t(id)";
  const staging = s.stage(parquet({ path: "a" }), query({ scope: s.scope }, text), s.slot(schema));
  await assert.rejects(staging, (error: IrokoError) => {
    assert.equal(error.code, "SQL_FAILED");
    assert.deepEqual(error.place, { subject: "query", line: 4, column: 2 });
    assert.match(error.message, /^query, line 4, column 2: Referenced column "wrong" not found/);
    assert.ok(error.message.endsWith("\n4 | \twrong + 1\n  | \t^"), error.message);
    return true;
  });
});

test("an error that only the data makes is found when it runs, and named the same way", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ id: z.int() }));
  const text = "select\n  (x || 'a')::BIGINT as id from range(3) t(x)";
  await assert.rejects(s.stage(parquet({ path: "a" }), query({ scope: s.scope }, text), s.slot(schema)), {
    code: "SQL_FAILED",
    place: { subject: "query", line: 2, column: 13 },
  });
});

test("an error about sensitive rows does not quote them", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ phone: sensitive(z.string()) }));
  const object = await s.stage(parquet({ path: "a" }), [{ phone: "+2348000182034" }], s.slot(schema));
  const people = await s.load(parquet({ path: "a" }), "people", schema, [object]);
  const bad = query({ scope: s.scope, deps: { people } }, "select phone::DATE as phone from people");
  await assert.rejects(rowsOf(bad), (error: IrokoError) => {
    assert.equal(error.code, "SQL_FAILED");
    assert.match(error.message, /^query, line 1, column 13: Conversion error \(DuckDB's message is withheld/);
    assert.ok(!JSON.stringify(error.toRecord()).includes("8000182034"));
    assert.equal(error.cause, undefined);
    return true;
  });
});

test("a query beyond the step's memory fails with what to do, and the process lives", async (t) => {
  const s = step(t, { memoryBytes: 110 * 2 ** 20 });
  const hungry = query(
    { scope: s.scope },
    "select list(x::VARCHAR || repeat('x', 100)) as id from range(3000000) t(x)",
  );
  await assert.rejects(rowsOf(hungry), { code: "OUT_OF_MEMORY" });
  assert.equal(await query({ scope: s.scope }, "select 1").count(), 1);
});

test("what a step spills goes into its own folder", async (t) => {
  const s = step(t, { memoryBytes: 110 * 2 ** 20 });
  const schema = tableOf(z.object({ id: z.string() }));
  const text = "select md5(x::VARCHAR) as id from range(2000000) t(x)";
  const { rows } = await s.stage(parquet({ path: "a" }), query({ scope: s.scope }, text), s.slot(schema));
  assert.equal(rows, 2_000_000);
  assert.ok(existsSync(join(s.directory, "duckdb-spill")));
});

test("sums of decimals are exact where a float would not be", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ total: decimal(38, 2), at: timestamp() }));
  const text =
    "select sum(0.10::DECIMAL(18,2)) + 90071992547409930::DECIMAL(38,2) as total, '2026-11-01T00:30:00+01:00'::TIMESTAMPTZ as at from range(1000003)";
  const object = await s.stage(parquet({ path: "a" }), query({ scope: s.scope }, text), s.slot(schema));
  const [row] = await rowsOf<{ total: string; at: Temporal.Instant }>(
    await s.load(parquet({ path: "a" }), "a", schema, [object]),
  );
  assert.equal(row?.total, "90071992547509930.30");
  assert.equal(row?.at.toString(), "2026-10-31T23:30:00Z");
});

test("queries of one step may run side by side", async (t) => {
  const s = step(t);
  const database = await duckdbOf(s.scope);
  const sums = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      database.all(`select sum(range + ${index})::BIGINT as n from range(1000)`),
    ),
  );
  assert.deepEqual(
    sums.map(([row]) => row?.["n"]),
    sums.map((_, index) => BigInt(499_500 + index * 1000)),
  );
});

test("a step ends though user code still owes it rows, and takes none of them after that", async (t) => {
  let release = () => undefined as void;
  const held = new Promise<void>((resolve) => (release = resolve));
  const schema = tableOf(z.object({ id: z.int() }));
  let staging: Promise<unknown> = Promise.resolve();
  await t.test("the step", async (inner) => {
    const s = step(inner);
    let asked = () => undefined as void;
    const started = new Promise<void>((resolve) => (asked = resolve));
    async function* slow() {
      asked();
      await held;
      for (let id = 0; id < 5000; id += 1) yield { id };
    }
    staging = s.stage(parquet({ path: "a" }), slow(), s.slot(schema)).catch((error: unknown) => error);
    await started;
  });
  release();
  assert.match(String(await staging), /is closed/);
});

test("rows whose file is gone or is no Parquet are an error of ours that names the file", async (t) => {
  const s = step(t);
  const schema = tableOf(z.object({ id: z.int() }));
  const io = parquet({ path: "a" });
  const object = await s.stage(io, [{ id: 1 }], s.slot(schema));
  for (const [file, content] of [
    [join(s.directory, "gone.parquet"), undefined],
    [join(s.directory, "torn.parquet"), "PAR1 and then the power failed"],
  ] as const) {
    if (content !== undefined) writeFileSync(file, content);
    const relation = await s.load(io, "a", schema, [{ ...object, file }]);
    await assert.rejects(rowsOf(relation), (error: IrokoError) => {
      assert.equal(error.code, "SQL_FAILED");
      assert.ok(error.message.includes(file), error.message);
      return true;
    });
  }
});
