import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import {
  asset,
  date,
  decimal,
  decimalOf,
  sensitive,
  timestamp,
  type Check,
  type CheckOutcome,
  type IrokoError,
} from "../../packages/core/src/index.ts";
import { notNull, parquet, range, rowCount, sqlCheck, unique } from "../../packages/assets/src/index.ts";
import { make, selfOf } from "./compute.ts";
import { day, step, whole } from "./step.ts";

const Sale = z.object({
  id: z.string().nullable(),
  shop: z.string(),
  phone: sensitive(z.string()),
  amount: decimal(18, 2),
  score: z.number(),
  n: z.int(),
  at: timestamp(),
  on: date(),
});

const sale = (over: Partial<z.output<typeof Sale>> = {}): z.output<typeof Sale> => ({
  id: "a",
  shop: "s",
  phone: "+234",
  amount: decimalOf("10.00"),
  score: 0.5,
  n: 1,
  at: Temporal.Instant.from("2026-11-01T00:00:00Z"),
  on: Temporal.PlainDate.from("2026-11-01"),
  ...over,
});

/** The outcome of one check over these rows. */
async function outcomeOf(
  t: TestContext,
  check: Check<keyof z.output<typeof Sale>>,
  rows: readonly z.output<typeof Sale>[],
  { history, before }: { history?: readonly number[]; before?: readonly z.output<typeof Sale>[] } = {},
): Promise<CheckOutcome> {
  const s = step(t);
  const sales = asset({
    key: "sales",
    schema: Sale,
    output: parquet({ path: "sales" }),
    checks: [check],
    materialize: () => rows,
  });
  const { io, schema } = selfOf(sales);
  const previous =
    before === undefined
      ? undefined
      : await s.load(io, "previous", schema, [await s.stage(io, before, s.slot(schema))]);
  const [made] = await make(s, sales, [whole], undefined, {
    ...(history === undefined ? {} : { history }),
    ...(previous === undefined ? {} : { previous }),
  });
  return made!.checks[check.name]!;
}

test("errors block and warnings do not, unless said otherwise; names tell what is checked", () => {
  const facts = ({ name, severity, blocking }: Check) => [name, severity, blocking];
  assert.deepEqual(facts(unique("id", "shop")), ["unique_id_shop", "error", true]);
  assert.deepEqual(facts(unique("id", { severity: "warn" })), ["unique_id", "warn", false]);
  assert.deepEqual(facts(notNull("id", { blocking: false })), ["not_null_id", "error", false]);
  assert.deepEqual(facts(range("n", { gt: 0 }, { name: "positive" })), ["positive", "error", true]);
  assert.deepEqual(facts(rowCount({ min: 1, severity: "warn" })), ["row_count", "warn", false]);
  assert.equal(rowCount({ atLeastOfMedian: { partitions: 7, factor: 0.5 } }).history, 7);
});

test("unique passes where no two rows are alike, and leaves nulls alone", async (t) => {
  const rows = [sale({ id: "a" }), sale({ id: "b" }), sale({ id: null }), sale({ id: null })];
  assert.deepEqual(await outcomeOf(t, unique("id"), rows), { passed: true, violations: 0 });
});

test("unique counts the rows that are not alone, and shows their values", async (t) => {
  const rows = [sale(), sale({ n: 2 }), sale({ n: 3 }), sale({ id: "b" }), sale({ id: "b" }), sale({ id: "c" })];
  assert.deepEqual(await outcomeOf(t, unique("id"), rows), {
    passed: false,
    violations: 5,
    message: "5 rows share their id with another.",
    sample: [
      { id: "a", copies: 3 },
      { id: "b", copies: 2 },
    ],
  });
});

test("unique over several columns compares them together", async (t) => {
  const rows = [sale(), sale({ shop: "t" }), sale({ id: "b" })];
  assert.equal((await outcomeOf(t, unique("id", "shop"), rows)).passed, true);
});

test("notNull counts the rows without a value", async (t) => {
  const outcome = await outcomeOf(t, notNull("id"), [sale(), sale({ id: null })]);
  assert.equal(outcome.violations, 1);
  assert.equal(outcome.message, "1 row without id.");
  assert.deepEqual(outcome.sample?.[0]?.["phone"], "•••");
});

for (const [what, check, bad, good] of [
  [
    "a decimal, exactly",
    range("amount", { gt: 0, lt: "100000000" }),
    { amount: decimalOf("100000000.00") },
    { amount: decimalOf("99999999.99") },
  ],
  [
    "a decimal against finer limits",
    range("amount", { gt: "9.995" }),
    { amount: decimalOf("9.99") },
    { amount: decimalOf("10.00") },
  ],
  [
    "a decimal against a limit with an exponent",
    range("amount", { gt: 1.5e-7 }),
    { amount: decimalOf("0.00") },
    { amount: decimalOf("0.01") },
  ],
  [
    "a date, given as one",
    range("on", { gte: Temporal.PlainDate.from("2026-11-02") }),
    {},
    { on: Temporal.PlainDate.from("2026-11-02") },
  ],
  ["an integer", range("n", { gte: 1, lte: 10 }), { n: 11 }, { n: 10 }],
  ["an integer against a fraction", range("n", { lt: 1.5 }), { n: 2 }, { n: 1 }],
  ["a float", range("score", { lte: 0.5 }), { score: 0.5000001 }, { score: 0.5 }],
  [
    "an instant",
    range("at", { lt: "2026-11-01T01:00:00+01:00" }),
    {},
    { at: Temporal.Instant.from("2026-10-31T23:59:59Z") },
  ],
  ["a date", range("on", { gte: "2026-11-02" }), {}, { on: Temporal.PlainDate.from("2026-11-02") }],
] as const) {
  test(`range bounds ${what}`, async (t) => {
    const outcome = await outcomeOf(t, check, [sale(bad), sale(good)]);
    assert.equal(outcome.passed, false);
    assert.equal(outcome.violations, 1);
    assert.match(outcome.message ?? "", /^1 row with \w+ not [<>]/);
    assert.equal((await outcomeOf(t, check, [sale(good)])).passed, true);
  });
}

for (const [what, options, rows, history, message] of [
  ["too few rows", { min: 2 }, 1, [], "1 row: fewer than 2."],
  ["too many rows", { max: 1 }, 2, [], "2 rows: more than 1."],
  [
    "fewer than half the median",
    { atLeastOfMedian: { partitions: 7, factor: 0.5 } },
    4,
    [100, 9, 1],
    "4 rows: fewer than 0.5 of the usual 9 (median of the 3 before).",
  ],
  ["as many as half the median", { atLeastOfMedian: { partitions: 7, factor: 0.5 } }, 5, [10, 10], undefined],
  ["no history yet", { atLeastOfMedian: { partitions: 7, factor: 0.5 } }, 0, [], undefined],
] as const) {
  test(`rowCount judges ${what}`, async (t) => {
    const outcome = await outcomeOf(
      t,
      rowCount(options),
      Array.from({ length: rows }, () => sale()),
      { history },
    );
    assert.equal(outcome.passed, message === undefined);
    assert.equal(outcome.message, message);
    assert.deepEqual(outcome.metadata?.["rows"], { type: "int", value: rows });
  });
}

test("sqlCheck gives the rows that break it, five at most, with sensitive values masked", async (t) => {
  const check = sqlCheck({
    name: "small",
    sql: "select phone, phone as renamed, shop, amount from self where amount > 5;",
  });
  const outcome = await outcomeOf(
    t,
    check,
    Array.from({ length: 7 }, () => sale()),
  );
  assert.equal(outcome.violations, 7);
  assert.equal(outcome.message, "7 rows found.");
  assert.deepEqual(
    outcome.sample,
    Array.from({ length: 5 }, () => ({ phone: "•••", renamed: "•••", shop: "s", amount: "10.00" })),
  );
});

test("sqlCheck compares with the version before, which has no rows at first", async (t) => {
  const check = sqlCheck({
    name: "never_shrinks",
    sql: "select p.n, s.n from (select count(*) as n from previous) p, (select count(*) as n from self) s where s.n < p.n",
  });
  assert.equal((await outcomeOf(t, check, [])).passed, true);
  assert.equal((await outcomeOf(t, check, [sale()], { before: [sale(), sale()] })).passed, false);
});

test("a check's SQL that fails is placed in that check", async (t) => {
  const check = sqlCheck({ name: "broken", sql: "select *\nfrom self where nope = 1" });
  await assert.rejects(outcomeOf(t, check, [sale()]), (error: IrokoError) => {
    assert.equal(error.code, "SQL_FAILED");
    assert.deepEqual(error.place, { subject: 'asset "sales", check "broken"', line: 2, column: 17 });
    return true;
  });
});

test("a check over a step of several partitions binds the window of the one it looks at", async (t) => {
  const s = step(t);
  const { window } = day("2026-11-01");
  const windows = asset({
    key: "sales",
    schema: Sale,
    output: parquet({ path: "sales" }),
    checks: [sqlCheck({ name: "window", sql: 'select * from self where "at" < $window_start or "at" >= $window_end' })],
    materialize: () => [sale({ at: window.start }), sale({ at: window.end })],
  });
  const [made] = await make(s, windows, [day("2026-11-01")]);
  assert.equal(made?.checks["window"]?.violations, 1);
});

test("a check on a column that the schema lacks does not compile", () => {
  const options = { key: "sales", schema: Sale, output: parquet({ path: "sales" }), materialize: () => [] } as const;
  asset({ ...options, checks: [unique("id"), range("n", { gt: 0 }), rowCount({ min: 1 })] });
  // @ts-expect-error no such column
  asset({ ...options, checks: [unique("idd")] });
  // @ts-expect-error no such column
  asset({ ...options, checks: [range("price", { gt: 0 })] });
});
