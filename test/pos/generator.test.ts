import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import {
  addLateRecords,
  cleanDelivered,
  deliverPending,
  digestOfBuffer,
  dirtKinds,
  generate,
  type GenerateOptions,
} from "../../examples/pos-pipeline/src/generate.ts";
import { anyTransaction, payloadOf } from "../../examples/pos-pipeline/src/generate/record.ts";
import { seededRandom } from "../../examples/pos-pipeline/src/generate/random.ts";
import { checksumOf } from "./mini-buffer.ts";
import { computeOracle, judge, quarantineReasons, type Oracle } from "./oracle.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "pos-generator-"));
after(() => rmSync(scratch, { recursive: true }));
let folders = 0;

test("the same options give the same buffer and merchants, another seed gives others", () => {
  const one = made({});
  const same = made({});
  const other = made({ seed: 2 });
  assert.equal(digestOfBuffer(one.buffer), digestOfBuffer(same.buffer));
  assert.equal(readFileSync(one.merchants, "utf8"), readFileSync(same.merchants, "utf8"));
  assert.notEqual(digestOfBuffer(one.buffer), digestOfBuffer(other.buffer));
  assert.notEqual(readFileSync(one.merchants, "utf8"), readFileSync(other.merchants, "utf8"));
});

test("the buffer is in WAL mode, with the table and the indexes of an edge", () => {
  const db = new DatabaseSync(made({ recordsPerDay: 10 }).buffer, { readOnly: true });
  const texts = (sql: string, column: string): unknown[] =>
    db
      .prepare(sql)
      .all()
      .map((row) => row[column]);
  assert.deepEqual(texts("pragma journal_mode", "journal_mode"), ["wal"]);
  assert.deepEqual(texts("select name from sqlite_schema where sql is not null order by name", "name"), [
    "buffer",
    "idx_buffer_partition",
    "idx_buffer_status_created",
  ]);
  assert.deepEqual(
    texts("select name || ' ' || type || ' ' || \"notnull\" || ' ' || pk as c from pragma_table_info('buffer')", "c"),
    [
      "id TEXT 0 1",
      "payload TEXT 1 0",
      "created_at REAL 1 0",
      "status TEXT 1 0",
      "attempts INTEGER 1 0",
      "last_attempt_at REAL 0 0",
      "checksum TEXT 1 0",
      "partition_key TEXT 0 0",
    ],
  );
  db.close();
});

for (const kind of dirtKinds) {
  test(`dirt: ${kind.name} is ${kind.outcome}`, () => {
    const random = seededRandom(3);
    const dayStartMs = Temporal.Instant.from("2026-11-02T23:00:00Z").epochMilliseconds;
    for (let n = 0; n < 20; n++) {
      const eventMs = dayStartMs + Math.floor(random() * 86_400_000);
      const deliveries = kind.deliveries({
        tx: anyTransaction(random, n, eventMs, 50),
        createdAt: eventMs / 1000 + random(),
        dayStartMs,
        dayEndMs: dayStartMs + 86_400_000,
        firstDayStartMs: Temporal.Instant.from("2026-10-31T23:00:00Z").epochMilliseconds,
        random,
        earlier: () => anyTransaction(random, 1, eventMs, 50),
      });
      assert.ok(deliveries.length > 0);
      for (const { payload, createdAt, checksum = checksumOf(payload) } of deliveries) {
        const { reason = "accepted" } = judge({ payload, created_at: createdAt, checksum }, "2026-11-01");
        assert.equal(reason, kind.outcome, payload);
      }
    }
  });
}

test("kinds of dirt have names of their own, and every reason has kinds", () => {
  const names = dirtKinds.map((kind) => kind.name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(new Set(dirtKinds.map((kind) => kind.outcome)), new Set(["accepted", ...quarantineReasons]));
});

test("a week of the demo has every reason, duplicates of every sort, gaps, pending rows and odd merchants", () => {
  const oracle = oracleOf(made({ days: 7, recordsPerDay: 2_000 }));
  const days = oracle.days.map((key) => oracle.day(key));
  const total = (figure: (day: (typeof days)[number]) => number): number =>
    days.reduce((sum, day) => sum + figure(day), 0);
  for (const reason of quarantineReasons)
    assert.ok(total((day) => day.figures.quarantine.quarantined[reason]!) >= 2, reason);
  for (const reason of ["amount_not_positive", "amount_too_large"]) {
    assert.ok(total((day) => day.figures.cleaned.rejected[reason]!) > 0, reason);
  }
  for (const figure of [
    "duplicates_removed",
    "conflicting_duplicates",
    "cross_day_duplicates",
    "pending_in_buffer",
  ] as const) {
    assert.ok(total((day) => day.figures.cleaned[figure]) > 0, figure);
  }
  assert.ok(days.some(({ revenue }) => revenue.some((row) => row.state === null)));
  assert.ok(days.some(({ raw }) => raw.some((row) => row.extra !== null)));
  for (const odd of [/,/, /"/, /\n/, /[^\p{ASCII}]/u]) {
    assert.ok(
      oracle.merchants.some((merchant) => odd.test(merchant.merchant_name ?? "")),
      String(odd),
    );
  }
  const amounts = new Set(days.flatMap(({ raw }) => raw.map((row) => row.amount_ngn)));
  for (const amount of ["0.00", "-250.50", "0.01", "99999999.99", "100000000.00", "9999999999999999.99"]) {
    assert.ok(amounts.has(amount), amount);
  }
});

for (const seed of [1, 2, 3]) {
  test(`with seed ${seed} no row is lost: sent rows are raw or quarantined, raw rows are kept, removed or rejected`, () => {
    const oracle = oracleOf(made({ seed, days: 5, recordsPerDay: 700, dirt: 0.5 }));
    const days = oracle.days.map((key) => oracle.day(key));
    const ids = days.flatMap((day) => [...day.raw, ...day.quarantine].map((row) => row.id));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(ids.length, oracle.sentRows);
    for (const { raw, cleaned, revenue, figures } of days) {
      const { duplicates_removed, rejected } = figures.cleaned;
      const gone = Object.values(rejected).reduce((sum, count) => sum + count, duplicates_removed);
      assert.equal(raw.length, gone + cleaned.length);
      assert.equal(new Set(cleaned.map((row) => row.transaction_id)).size, cleaned.length);
      assert.equal(kobo(revenue.map((row) => row.total_revenue)), kobo(cleaned.map((row) => row.amount_ngn)));
      assert.equal(
        revenue.reduce((sum, row) => sum + row.transaction_count, 0),
        cleaned.length,
      );
    }
  });
}

test("without dirt every row is good, sent and unlike the others", () => {
  const oracle = oracleOf(made({ days: 2, recordsPerDay: 500, dirt: 0 }));
  assert.deepEqual(oracle.days, ["2026-11-01", "2026-11-02"]);
  assert.equal(oracle.sentRows, 1000);
  for (const key of oracle.days) {
    const { cleaned, figures } = oracle.day(key);
    assert.equal(cleaned.length, 500);
    assert.equal(figures.raw.pending_in_buffer, 0);
    assert.ok(cleaned.every((row) => row.state !== null));
  }
});

test("a day has as many rows as asked for, a quiet day its share, an empty day none", () => {
  const rows = (options: Partial<GenerateOptions>): number => made({ days: 3, recordsPerDay: 400, ...options }).rows;
  assert.equal(rows({}), 1200);
  assert.equal(rows({ quietDays: ["2026-11-02"] }), 820);
  assert.equal(rows({ quietDays: ["2026-11-02"], quietShare: 0 }), 800);
  const quiet = oracleOf(made({ days: 3, recordsPerDay: 400, quietDays: ["2026-11-03"] }));
  assert.deepEqual(
    ["2026-11-02", "2026-11-03"].map((day) => quiet.day(day).quiet),
    [false, true],
  );
});

test("late records belong to their days, are taken in later, and leave every other day as it was", () => {
  const files = made({ days: 4, recordsPerDay: 300 });
  const before = oracleOf(files);
  const options = { days: ["2026-11-02"], recordsPerDay: 7, takenInAt: "2026-11-09T05:00:00Z" };
  assert.equal(addLateRecords(files.out, options), 7);
  const now = oracleOf(files);
  for (const key of before.days) {
    const added = now.day(key).raw.length - before.day(key).raw.length;
    assert.equal(added, key === "2026-11-02" ? 7 : 0, key);
  }
  const late = now.day("2026-11-02").raw.slice(-7);
  assert.ok(late.every((row) => row.created_at >= "2026-11-09T05:00:00"));
  assert.throws(() => addLateRecords(files.out, options), /UNIQUE/);
  assert.equal(oracleOf(files).sentRows, now.sentRows);
});

test("the clean-up deletes what was delivered more than 72 hours ago, and nothing that was not", () => {
  const files = made({ days: 5, recordsPerDay: 300 });
  const before = oracleOf(files);
  const deleted = cleanDelivered(files.out, { now: "2026-11-06T23:00:00Z" });
  const now = oracleOf(files);
  assert.ok(deleted > 500 && deleted < 1200, String(deleted));
  assert.equal(now.sentRows, before.sentRows - deleted);
  assert.equal(now.day("2026-11-05").raw.length, before.day("2026-11-05").raw.length);
  assert.ok(now.day("2026-11-01").raw.length < before.day("2026-11-01").raw.length / 2);
  const pending = (oracle: Oracle): number[] => before.days.map((day) => oracle.day(day).figures.raw.pending_in_buffer);
  assert.deepEqual(pending(now), pending(before));

  const kept = oracleOf(files, before);
  for (const key of before.days) {
    assert.deepEqual(kept.day(key).raw, before.day(key).raw);
    assert.deepEqual(kept.day(key).revenue, before.day(key).revenue);
  }
});

test("what was pending is delivered", () => {
  const files = made({});
  const before = oracleOf(files);
  const delivered = deliverPending(files.out, { now: "2026-11-09T00:00:00Z" });
  const now = oracleOf(files);
  assert.ok(delivered > 0);
  assert.equal(now.sentRows, before.sentRows + delivered);
  assert.ok(now.days.every((day) => now.day(day).figures.raw.pending_in_buffer === 0));
});

test("files that are there are kept when asked, and replaced otherwise", () => {
  const files = made({ seed: 5 });
  const digest = digestOfBuffer(files.buffer);
  assert.equal(generate({ out: files.out, seed: 6, keep: true }).kept, true);
  assert.equal(digestOfBuffer(files.buffer), digest);
  assert.equal(generate({ out: files.out, days: 1, recordsPerDay: 10, seed: 6 }).kept, false);
  assert.notEqual(digestOfBuffer(files.buffer), digest);
});

test("the generator's command writes where it is told, and refuses what it cannot use", () => {
  const out = folder();
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ["examples/pos-pipeline/generate.ts", ...args], {
      encoding: "utf8",
      cwd: path.join(import.meta.dirname, "../.."),
    });
  const done = run("--out", out, "--days", "2", "--records", "50", "--quiet", "2026-11-02", "--quiet-share", "0");
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /buffer\.db: 50 rows/);
  const same = generate({ out: folder(), days: 2, recordsPerDay: 50, quietDays: ["2026-11-02"], quietShare: 0 });
  assert.equal(digestOfBuffer(path.join(out, "buffer.db")), digestOfBuffer(same.buffer));
  assert.match(run("--out", out, "--keep").stdout, /^kept /);
  for (const [args, message] of [
    [["--dirt", "2"], /dirt must be a share from 0 to 1, got 2/],
    [["--records", "many"], /recordsPerDay must be a whole number from 0, got NaN/],
    [["--from", "2026-02-30"], /a day must be a date like 2026-11-01, got 2026-02-30/],
    [["--quiet", "2026-11-08"], /a quiet day must be from 2026-11-01 to before 2026-11-08, got 2026-11-08/],
    [["--rows", "5"], /--rows/],
  ] as const) {
    const refused = run("--out", path.join(out, "never"), ...args);
    assert.equal(refused.status, 2, args.join(" "));
    assert.match(refused.stderr, message);
    assert.doesNotMatch(refused.stderr, /\n {4}at /);
  }
});

test("the payload written by hand is what a JSON library would write", () => {
  const random = seededRandom(9);
  for (let n = 0; n < 2_000; n++) {
    const text = payloadOf(anyTransaction(random, n, 1_793_520_862_031 + n * 40_321, 100));
    const record = JSON.parse(text) as Record<string, unknown>;
    assert.equal(JSON.stringify(record), text);
    assert.deepEqual(Object.keys(record), Object.keys(record).toSorted());
    assert.equal(new Date(String(record["event_time"])).toISOString(), record["event_time"]);
    assert.match(text, /"amount_ngn":[0-9]+(\.[0-9]{1,2})?,/);
  }
});

interface Files {
  readonly out: string;
  readonly buffer: string;
  readonly merchants: string;
  readonly rows: number;
}

function made(options: Partial<GenerateOptions>): Files {
  const out = folder();
  return { ...generate({ out, days: 3, recordsPerDay: 400, merchants: 60, ...options }), out };
}

function folder(): string {
  folders += 1;
  return path.join(scratch, String(folders));
}

function oracleOf(files: Files, previous?: Oracle): Oracle {
  return computeOracle({ buffer: files.buffer, merchants: files.merchants, ...(previous ? { previous } : {}) });
}

function kobo(amounts: readonly string[]): bigint {
  return amounts.reduce((sum, amount) => sum + BigInt(amount.replace(".", "")), 0n);
}
