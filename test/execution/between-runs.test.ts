/** Runs that meet: on the same partitions, in the same pools, on the same worker. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import {
  cancelRun,
  listEvents,
  listPartitions,
  listSteps,
  materializationsOf,
  readLogs,
  retryRun,
  runProgress,
  setPool,
  type RunProgress,
} from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const head = `
  import { existsSync, readFileSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (name, signal) => { while (!existsSync(here(name)) && !signal.aborted) await pause(10); };
`;

const day = (text: string) => ({ kind: "text" as const, text });
const whole = { kind: "unspecified" as const };
const stepsOf = (instance: TestInstance, run: string) => listSteps(instance.db, run, { limit: 1000 });
const counts = ({ status, planned, succeeded, failed, skipped, canceled }: RunProgress) => ({
  status,
  planned,
  succeeded,
  failed,
  skipped,
  canceled,
});

/** \`below\` reads \`above\`, whose rows stand in the file "n"; it fails until the file "mended" is there. */
const readsPinned = `${head}
  export const above = asset({ key: "above", schema, output: jsonLines("above"), materialize: () => [{ n: Number(readFileSync(here("n"), "utf8")) }] });
  export const below = asset({
    key: "below", schema, output: jsonLines("below"), deps: { above }, retry: retryPolicy({ maxRetries: 0 }),
    async materialize(ctx) {
      if (existsSync(here("broken"))) throw new Error("broken");
      const rows = [];
      for await (const row of ctx.deps.above.rows()) rows.push(row);
      return rows;
    },
  });
  export default define({ assets: [above, below] });
`;

test("a retry reads what the first claim pinned, and does not undo what was made of later inputs", async () => {
  await using instance = await testInstance({ "iroko.config.ts": readsPinned, n: "1", broken: "" });
  await instance.deploy();
  await instance.startWorker();
  const first = await instance.submit({ select: "*", partitions: whole });
  assert.equal((await instance.ended(first)).status, "failed");

  await instance.project.write("n", "2");
  await instance.ended(await instance.submit({ select: "above", partitions: whole }));
  await rm(instance.project.file("broken"));
  const again = await retryRun(instance.db, first);
  assert.deepEqual(counts(await instance.ended(again)), {
    status: "succeeded",
    planned: 1,
    succeeded: 1,
    failed: 0,
    skipped: 0,
    canceled: 0,
  });
  const above = await listPartitions(instance.db, "above", { limit: 1 });
  const versions = await materializationsOf(instance.db, first);
  const [below] = await listPartitions(instance.db, "below", { limit: 1 });
  assert.deepEqual(
    below?.inputs,
    { above: { "": versions[0]?.dataVersion } },
    "the version that the first attempt read",
  );
  assert.notEqual(below?.inputs?.["above"]?.[""], above[0]?.dataVersion);

  // Now somebody makes it of the later version, and the old run is retried once more.
  await instance.project.write("broken", "");
  const late = await instance.submit({ select: "below", partitions: whole });
  await instance.ended(late);
  await instance.project.write("n", "3");
  await instance.ended(await instance.submit({ select: "above", partitions: whole }));
  await rm(instance.project.file("broken"));
  await instance.ended(await instance.submit({ select: "below", partitions: whole }));
  const newest = (await listPartitions(instance.db, "below", { limit: 1 }))[0];
  const superseded = await retryRun(instance.db, late);
  assert.equal((await instance.ended(superseded)).status, "succeeded");
  assert.equal((await stepsOf(instance, superseded))[0]?.outcome, "superseded");
  assert.deepEqual((await listPartitions(instance.db, "below", { limit: 1 }))[0], newest, "the pointer stays");
  const made = (await listEvents(instance.db, { run: superseded }, { limit: 10 })).find(
    ({ type }) => type === "materialization",
  );
  assert.equal((made?.payload as { superseded?: boolean } | undefined)?.superseded, true);
});

const oneAsset = `${head}
  export const one = asset({ key: "one", partitions: days, schema, output: jsonLines("one"), materialize: async () => { await pause(20); return [{ n: 1 }]; } });
  export default define({ assets: [one] });
`;

test("two runs over the same partitions in opposite order make all of them, each once", async () => {
  await using instance = await testInstance({ "iroko.config.ts": oneAsset });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  await instance.startWorker({ slots: 2 });
  const runs = await Promise.all([
    instance.submit({ select: "one", partitions: day("2026-11-01..2026-11-12"), order: "oldest" }),
    instance.submit({ select: "one", partitions: day("2026-11-01..2026-11-12"), order: "newest" }),
  ]);
  const ended = await Promise.all(runs.map((run) => instance.ended(run, 60)));
  assert.deepEqual(
    ended.map(({ status, succeeded }) => [status, succeeded]),
    [
      ["succeeded", 12],
      ["succeeded", 12],
    ],
  );
  const busy = await instance.db.query("select from iroko.asset_partition where busy_step is not null");
  assert.equal(busy.rowCount, 0);
  const versions = (await listPartitions(instance.db, "one", { limit: 100 })).map(({ version }) => version);
  assert.equal(versions.length, 12);
  assert.ok(versions.every((version) => version >= 1 && version <= 2));
});

test("a pool never has more running steps than slots, and none of its steps is forgotten", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      const body = { partitions: days, schema, materialize: async () => { await pause(15); return [{ n: 1 }]; } };
      export const narrow = asset({ key: "narrow", ...body, pools: ["one", "two"], output: jsonLines("narrow") });
      export const wide = asset({ key: "wide", ...body, pools: ["two"], output: jsonLines("wide") });
      export default define({ assets: [narrow, wide] });
    `,
  });
  await instance.deploy();
  await setPool(instance.db, "one", 1);
  await setPool(instance.db, "two", 2);
  await instance.db.query(`
    create table seen (pool text, running bigint);
    create function see() returns trigger language plpgsql as $$ begin
      insert into seen select name, (select count(*) from iroko.step s where s.status = 'running' and p.name = any (s.pools)) from iroko.pool p;
      return null; end $$;
    create trigger see after update of status on iroko.step for each statement execute function see()`);
  await instance.startWorker({ slots: 3 });
  await instance.startWorker({ slots: 3 });
  const startedAt = performance.now();
  const run = await instance.submit({ select: "*", partitions: day("2026-11-01..2026-11-12") });
  assert.equal((await instance.ended(run, 60)).succeeded, 24);
  const seconds = (performance.now() - startedAt) / 1000;
  const { rows } = await instance.db.query<{ pool: string; most: number }>(
    "select pool, max(running) as most from seen group by pool order by pool",
  );
  assert.deepEqual(rows, [
    { pool: "one", most: 1 },
    { pool: "two", most: 2 },
  ]);
  assert.ok(seconds < 20, `they took ${seconds.toFixed(1)} s: some waited for the reconciler`);
});

test("three steps asked for during a backfill of short steps start within a second or two", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const many = asset({ key: "many", partitions: days, materialize: async () => { await pause(20); } });
      export const few = asset({ key: "few", partitions: days, materialize: () => undefined });
      export default define({ assets: [many, few] });
    `,
  });
  const now = Temporal.Instant.from("2028-01-01T00:00:00Z");
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const backfill = await instance.submit({ select: "many", partitions: { kind: "text", text: "all" } }, now);
  await waitFor(
    "the backfill to be under way",
    async () => ((await runProgress(instance.db, backfill))?.succeeded ?? 0) > 10,
  );
  const tonight = await instance.submit({ select: "few", partitions: day("2026-11-01..2026-11-03") }, now);
  await instance.ended(tonight);
  const { rows } = await instance.db.query<{ waited: number }>(
    "select extract(epoch from max(started_at - ready_at))::float8 as waited from iroko.step where run = $1",
    [tonight],
  );
  assert.ok((rows[0]?.waited ?? 99) < 2, `started after ${rows[0]?.waited} s`);
  assert.ok(((await runProgress(instance.db, backfill))?.succeeded ?? 0) < 400, "the backfill is still under way");
  await cancelRun(instance.db, backfill, "enough");
  assert.equal((await instance.ended(backfill)).status, "canceled");
});

test("steps whose code no worker has take no room from others, and go on when it is back", async () => {
  const versioned = (version: string) => `${head}
    export const old = asset({ key: "old", partitions: days, codeVersion: "${version}", materialize: () => undefined });
    export const other = asset({ key: "other", partitions: days, codeVersion: "1", materialize: () => undefined });
    export default define({ assets: [old, other] });
  `;
  await using instance = await testInstance({ "iroko.config.ts": versioned("1") });
  await instance.deploy();
  const moved = await instance.submit({ select: "old", partitions: day("2026-11-01..2026-11-15") });
  await instance.project.write("iroko.config.ts", versioned("2"));
  const worker = await instance.startWorker({ slots: 1 });
  // As after a worker of the old code has admitted them.
  await instance.db.query(
    "update iroko.step set admitted = true, ready_at = ready_at - interval '2 minutes' where run = $1",
    [moved],
  );
  const other = await instance.submit({ select: "other", partitions: day("2026-11-01..2026-11-03") });
  assert.equal((await instance.ended(other)).status, "succeeded");
  await waitFor(
    "the reason to be told",
    async () =>
      (await stepsOf(instance, moved)).every(({ deferredReason }) => deferredReason?.startsWith("CODE_MOVED:")),
    { seconds: 15 },
  );
  await worker.drain(1);
  await instance.project.write("iroko.config.ts", versioned("1"));
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(moved)).status, "succeeded");
});

test("a run that is canceled while its step is between two tries ends, and so does one whose worker is lost", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const shaky = asset({ key: "shaky", schema, output: jsonLines("shaky"), retry: retryPolicy({ maxRetries: 5, baseSeconds: 3600, capSeconds: 3600 }),
        materialize() { throw new Error("not today"); } });
      export const slow = asset({ key: "slow", schema, output: jsonLines("slow"), async materialize(ctx) {
        process.on("SIGTERM", () => {});
        await until("never", { aborted: false });
      } });
      export default define({ assets: [shaky, slow] });
    `,
  });
  await instance.deploy();
  const worker = await instance.startWorker({ slots: 2 });
  const shaky = await instance.submit({ select: "shaky", partitions: whole });
  await waitFor("the first try to fail", async () =>
    (await stepsOf(instance, shaky))[0]?.deferredReason?.startsWith("retry 1 of 5"),
  );
  await cancelRun(instance.db, shaky, "a test");
  assert.equal((await instance.ended(shaky)).status, "canceled");

  const slow = await instance.submit({ select: "slow", partitions: whole });
  await waitFor("it to run", async () => (await runProgress(instance.db, slow))?.running === 1);
  await instance.db.query("update iroko.run set cancel_requested_at = clock_timestamp() where id = $1", [slow]);
  await worker.drain(0);
  const next = await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(slow)).status, "canceled");
  assert.ok(next.id !== worker.id);
});

test("a drained worker hands over what still runs; nothing counts against the step", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const slow = asset({ key: "slow", schema, output: jsonLines("slow"), retry: retryPolicy({ maxRetries: 0 }),
        async materialize(ctx) { await until("go", ctx.signal); return [{ n: ctx.attempt }]; } });
      export default define({ assets: [slow] });
    `,
  });
  await instance.deploy();
  const first = await instance.startWorker({ slots: 1 });
  const run = await instance.submit({ select: "slow", partitions: whole });
  await waitFor("it to run", async () => (await runProgress(instance.db, run))?.running === 1);
  await instance.startWorker({ slots: 1 });
  await first.drain(0);
  await waitFor("the other to have it", async () => (await runProgress(instance.db, run))?.running === 1);
  await instance.project.write("go", "");
  assert.equal((await instance.ended(run)).status, "succeeded");
  const [step] = await stepsOf(instance, run);
  assert.deepEqual([step?.attempt, step?.lostAttempts], [2, 1]);
});

test("what an attempt prints is kept up to a bound, and text that Postgres cannot hold does not fail the step", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const loud = asset({ key: "loud", retry: retryPolicy({ maxRetries: 0 }), materialize() {
        const line = "x".repeat(1023) + "\\n";
        for (let kib = 0; kib < 9 * 1024; kib += 64) process.stdout.write(line.repeat(64));
        throw new Error("nul \\0 and half a pair \\ud800");
      } });
      export default define({ assets: [loud] });
    `,
  });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const run = await instance.submit({ select: "loud", partitions: whole });
  await instance.ended(run);
  const [step] = await stepsOf(instance, run);
  assert.equal(step?.error?.code, "USER_CODE");
  assert.match(step?.error?.message ?? "", /nul \ufffd and half a pair \ufffd/);
  const log = (await readLogs(instance.db, run, { limit: 1000 })).map(({ body }) => body).join("");
  assert.ok(log.length < 8.2 * 1024 * 1024 && log.length > 7 * 1024 * 1024, `${log.length} characters`);
  assert.match(log, /cut: the log of this attempt is longer than 8 MiB/);
});

test("a run is repeated from its start by the clock it had, succeeded or not", async () => {
  await using instance = await testInstance({ "iroko.config.ts": readsPinned, n: "1" });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const first = await instance.submit({ select: "*", partitions: whole });
  assert.equal((await instance.ended(first)).status, "succeeded");
  await assert.rejects(retryRun(instance.db, first), { code: "RUN_SUCCEEDED" });
  const again = await retryRun(instance.db, first, { fromStart: true });
  assert.deepEqual(counts(await instance.ended(again)), {
    status: "succeeded",
    planned: 2,
    succeeded: 2,
    failed: 0,
    skipped: 0,
    canceled: 0,
  });
  const { rows } = await instance.db.query<{ same: boolean }>(
    "select count(distinct as_of) = 1 as same from iroko.run where id in ($1, $2)",
    [first, again],
  );
  assert.equal(rows[0]?.same, true);
  assert.deepEqual(
    (await listPartitions(instance.db, "below", { limit: 1 })).map(({ version }) => version),
    [2],
  );
});
