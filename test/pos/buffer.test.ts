// The buffer by itself: what it refuses, and what it says of days that have not changed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test, type TestContext } from "node:test";
import { PosBuffer } from "../../packages/assets/src/edge/pos-buffer.ts"; // without a resource around it
import { partitionOf, type MaterializeResult } from "@iroko/core";
import { addLateRecords, cleanDelivered, deliverPending, generate } from "../../examples/pos-pipeline/src/generate.ts";
import { days, start, timezone } from "../../examples/pos-pipeline/src/days.ts";
import { landing } from "../../examples/pos-pipeline/src/landing.ts";
import { query, readParquet } from "@iroko/assets";
import { rowsOf, step } from "../assets/step.ts";
import { MiniBuffer, payload } from "./mini-buffer.ts";
import { makePipeline, type PosFiles } from "./pipeline.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "pos-buffer-"));
after(() => rmSync(scratch, { recursive: true }));

const week = Array.from({ length: 7 }, (_, n) => `2026-11-0${n + 1}`);

test("a buffer that is missing, no SQLite, without the table or a column is refused by name, with what to do", async () => {
  const missing = path.join(scratch, "nowhere.db");
  await refused(missing, "BUFFER_NOT_FOUND", /nowhere\.db/, /POS_BUFFER/);

  const text = path.join(scratch, "text.db");
  writeFileSync(text, "not a database, but long enough to look like one ".repeat(100));
  await refused(text, "BUFFER_INVALID", /not a SQLite file/, /POS_BUFFER/);

  const other = path.join(scratch, "other.db");
  withDatabase(other, (db) => db.exec("create table buffers (id text)"));
  await refused(other, "BUFFER_INVALID", /no table "buffer"/, /POS_BUFFER/);

  const older = path.join(scratch, "older.db");
  withDatabase(older, (db) => db.exec("create table buffer (id text, payload text, status text)"));
  await refused(older, "BUFFER_INVALID", /no created_at, checksum/, /id, payload, created_at, status, checksum/);

  await refused(scratch, "BUFFER_INVALID", /is no file/, /POS_BUFFER/);
});

test("a merchants file that is missing, or has other columns, is refused with what it lacks", async () => {
  using mini = new MiniBuffer([], "merchant_id,merchant_name,category,state,lga\nM1,a,b,c,d\n");
  const made = (merchants: string) => makePipeline({ ...mini, merchants }, { partitions: ["2026-11-01"] });
  await assert.rejects(made(mini.merchants), {
    code: "SOURCE_COLUMNS",
    message: /lacks merchant_category; it has category/,
  });
  await assert.rejects(made(path.join(scratch, "none.csv")), { code: "SOURCE_NOT_FOUND" });
});

test("a merchant that stands twice keeps the merchants, and the days, from being made", async () => {
  using mini = new MiniBuffer([], "merchant_id,merchant_name,merchant_category,state,lga\nM1,a,b,c,d\nM1,e,f,g,h\n");
  await assert.rejects(makePipeline(mini, { partitions: ["2026-11-01"] }), {
    code: "CHECK_FAILED",
    message: /unique_merchant_id/,
  });
});

test("a version that would hold fewer rows than the last fails, unless told otherwise", async (t) => {
  const at = "2026-11-02T10:00:00Z";
  const event = (instant: string) => payload({ event_time: `"${instant}"`, transaction_id: `"${instant}"` });
  using mini = new MiniBuffer([
    { id: "a", payload: event("2026-11-01T10:00:00Z"), createdAt: at },
    { id: "b", payload: event("2026-11-01T11:00:00Z"), createdAt: at },
  ]);
  const { scope } = step(t);
  // The version before was made with other days: one of its rows lies in none of this one's.
  const previous = query(
    { scope },
    `select 'a' as id, timestamptz '${at}' as created_at, 'T' as transaction_id, 'M' as merchant_id, 'P' as terminal_id,
       'C' as customer_id, 1::decimal(18, 2) as amount_ngn, unnest([timestamptz '2026-11-01T10:00:00Z', timestamptz '2026-10-31T22:30:00Z',
       timestamptz '2026-10-31T22:31:00Z']) as event_time, '' as phone_number, '' as channel, null::json as extra`,
  );
  const partition = partitionOf(days, "2026-11-01");
  const read = async (allowShrink: boolean) => {
    const buffer = new PosBuffer({ path: mini.buffer, start, timezone }, scope);
    const { raw } = await buffer.read([partition], () => ({ raw: previous }), { allowShrink });
    return await rowsOf((await raw.of(partition)).data);
  };
  await assert.rejects(read(false), {
    code: "WOULD_SHRINK",
    message: "raw of 2026-11-01 would hold 2 rows; the version before it holds 3.",
    hint: /allowShrink: true/,
  });
  const ids = (await read(true)).map(({ id }) => id);
  assert.deepEqual(new Set(ids), new Set(["a", "b"]));
});

test("an observation changes for exactly the days that late deliveries touch, and for nothing that is cleaned away", async (t) => {
  const files = generate({ out: path.join(scratch, "observed"), recordsPerDay: 300, dirt: 0.3, seed: 9 });
  const dir = path.dirname(files.buffer);
  const before = await observed(t, files);
  assert.deepEqual([...before.keys()], week);

  const made = await makePipeline(files, { partitions: week, store: path.join(scratch, "observed-store") });
  assert.deepEqual(await observed(t, files, made), before, "making the days changes nothing");

  assert.ok(cleanDelivered(dir, { now: "2026-11-07T23:00:00Z" }) > 0);
  const cleaned = await observed(t, files, made);
  for (const [day, version] of cleaned) assert.equal(version, before.get(day), `${day} after the clean-up`);
  assert.ok(!cleaned.has("2026-11-02"), "nothing is said of a day that the buffer holds nothing of");

  addLateRecords(dir, { days: ["2026-11-02", "2026-11-05"], takenInAt: "2026-11-08T09:00:00Z" });
  addLateRecords(dir, { days: ["2026-11-06"], takenInAt: "2026-11-08T10:00:00Z", status: "pending" });
  assert.deepEqual(changes(before, await observed(t, files, made)), ["2026-11-02", "2026-11-05"]);

  // What waited comes through: the days of its records, and no others.
  deliverPending(dir, { now: "2026-11-08T11:00:00Z" });
  const touched = changes(before, await observed(t, files, made));
  assert.ok(touched.includes("2026-11-06"));

  const again = await makePipeline(files, { partitions: week, store: path.join(scratch, "observed-store") });
  const settled = await observed(t, files, again);
  cleanDelivered(dir, { now: "2026-12-01T00:00:00Z" });
  assert.equal((await observed(t, files, again)).size, 0);
  assert.deepEqual(changes(before, settled).toSorted(), touched.toSorted());
});

async function refused(file: string, code: string, message: RegExp, hint: RegExp): Promise<void> {
  using mini = new MiniBuffer([]);
  await assert.rejects(makePipeline({ ...mini, buffer: file }, { partitions: ["2026-11-01"] }), {
    code,
    message,
    hint,
  });
}

function withDatabase(file: string, use: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  use(db);
  db.close();
}

/** The data version of each day that the buffer says something of. */
async function observed(t: TestContext, files: PosFiles, made?: MaterializeResult): Promise<Map<string, string>> {
  const { scope } = step(t);
  const buffer = new PosBuffer({ path: files.buffer, start, timezone }, scope);
  const partitions = week.map((key) => partitionOf(days, key));
  const fileOf = (asset: string, key: string) =>
    made?.materializations.find((each) => each.asset === asset && each.partition === key)?.file;
  const published = (asset: string, key: string) => {
    const file = fileOf(asset, key);
    return file === undefined ? undefined : query({ scope }, `from ${readParquet([file])}`);
  };
  const seen = await buffer.observe(partitions, ({ key }) => ({
    raw: published(landing.raw.key, key),
    quarantine: published(landing.quarantine.key, key),
  }));
  return new Map(seen.map(({ partition, dataVersion }) => [partition.key, dataVersion]));
}

function changes(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  return [...now].filter(([day, version]) => before.get(day) !== version).map(([day]) => day);
}
