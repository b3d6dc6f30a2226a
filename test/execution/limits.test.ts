/** How much of a run goes on at once: its own limit, which it asks for and every retry keeps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyPlan,
  cancelRun,
  evaluateSchedules,
  explainAsset,
  getRun,
  listRuns,
  readMoment,
  retryRun,
  runProgress,
  setPool,
  storePlan,
} from "@iroko/core/engine";
import { chunkSize, expander } from "../../packages/core/src/execution/expand-run.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { asset, daily, define, hourly, job, retryPolicy, schedule } from "@iroko/core";
  const days = daily({ start: "2026-11-01", timezone: "UTC" });
  const here = (name) => new URL(name, import.meta.url);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 15));
  const body = { partitions: days, retry: retryPolicy({ maxRetries: 0 }), materialize: pause };
  export const many = asset({ key: "many", ...body });
  export const pooled = asset({ key: "pooled", ...body, pools: ["narrow"] });
  export const below = asset({ key: "below", ...body, deps: { many, pooled } });
  export const held = asset({ key: "held", ...body, async materialize(ctx) {
    while (!existsSync(here("go")) && !ctx.signal.aborted) await pause();
    if (existsSync(here("broken"))) throw new Error("broken");
  } });
  export const hours = asset({ key: "hours", partitions: hourly({ start: "2019-01-01-00:00", timezone: "UTC" }), materialize: () => undefined });
  const nightly = job({ key: "nightly", select: "many", maxConcurrency: 3, priority: 2 });
  const cron = { cron: "0 1 * * *", timezone: "UTC" };
  export default define({ assets: [many, pooled, below, held, hours], jobs: [nightly], schedules: [
    schedule({ key: "as_the_job", job: nightly, ...cron }),
    schedule({ key: "its_own", job: nightly, ...cron, maxConcurrency: 1 }),
  ] });
`;

const now = Temporal.Instant.from("2026-11-20T06:00:00Z");
const day = (text: string) => ({ kind: "text" as const, text });

async function setup(): Promise<TestInstance> {
  const instance = await testInstance({ "iroko.config.ts": definitions });
  await instance.deploy();
  return instance;
}

/** From now on, the most steps that each run has had running at once. */
async function watchRunning({ db }: TestInstance): Promise<(run: string) => Promise<number>> {
  await db.query(`
    create table seen (run uuid, running bigint);
    create function see() returns trigger language plpgsql as $$ begin
      insert into seen select run, count(*) from iroko.step where status = 'running' group by run; return null; end $$;
    create trigger see after update of status on iroko.step for each statement execute function see()`);
  return async (run) => {
    const { rows } = await db.query<{ most: number }>("select max(running) as most from seen where run = $1", [run]);
    return rows[0]!.most;
  };
}

const limitPools = async ({ db }: TestInstance): Promise<number> =>
  (await db.query("select from iroko.pool where run is not null")).rowCount ?? 0;

test("a run with a limit has no more of its steps running, in whatever pools they are, and none is forgotten", async () => {
  await using instance = await setup();
  const most = await watchRunning(instance);
  await setPool(instance.db, "narrow", 1);
  await instance.startWorker({ slots: 3 });
  await instance.startWorker({ slots: 3 });
  const startedAt = performance.now();
  const limited = await instance.submit({ select: "+below or held", partitions: day("2026-11-01..2026-11-08") }, now, {
    maxConcurrency: 2,
  });
  await instance.project.write("go", "");
  assert.equal((await instance.ended(limited, 120)).succeeded, 32);
  const seconds = (performance.now() - startedAt) / 1000;
  assert.equal(await most(limited), 2);
  assert.ok(seconds < 60, `it took ${seconds.toFixed(1)} s: some steps waited for the reconciler`);
  await waitFor("its limit to be forgotten", async () => (await limitPools(instance)) === 0);
});

test("what waits for its run's limit keeps no other run out", async () => {
  await using instance = await setup();
  await instance.startWorker({ slots: 2 });
  const limited = await instance.submit({ select: "held", partitions: day("all") }, now, { maxConcurrency: 1 });
  await waitFor("its one step to run", async () => (await runProgress(instance.db, limited))?.running === 1);
  const { rows } = await instance.db.query<{ n: number }>(
    "select count(*) as n from iroko.step where run = $1 and admitted",
    [limited],
  );
  assert.equal(rows[0]?.n, 1, "no other of its steps takes room");
  const other = await instance.submit({ select: "many", partitions: day("all") }, now);
  assert.equal((await instance.ended(other)).status, "succeeded");

  const location = await instance.deploy();
  const moment = await readMoment(instance.db, location.snapshot, now);
  const { groups } = await explainAsset(instance.db, location, "held@2026-11-05", moment);
  const [reason] = groups[0]!.because;
  assert.equal(reason?.code, "RUN_LIMIT");
  assert.equal(
    reason.message,
    `held@2026-11-05 waits for its run's limit of 1, taken by held@2026-11-01, in run ${limited}`,
  );
  await cancelRun(instance.db, limited, "a test");
  assert.equal((await instance.ended(limited)).status, "canceled");
});

test("a retry keeps the limit, by a place of its own", async () => {
  await using instance = await setup();
  const most = await watchRunning(instance);
  await instance.project.write("broken", "");
  await instance.project.write("go", "");
  await instance.startWorker({ slots: 3 });
  const how = { maxConcurrency: 2, priority: 7 };
  const run = await instance.submit({ select: "held", partitions: day("2026-11-01..2026-11-06") }, now, how);
  assert.equal((await instance.ended(run)).failed, 6);
  const again = await retryRun(instance.db, run);
  assert.equal((await instance.ended(again)).failed, 6);
  const { maxConcurrency, priority } = (await getRun(instance.db, again))!;
  assert.deepEqual({ maxConcurrency, priority }, how);
  assert.deepEqual([await most(run), await most(again)], [2, 2]);
  const { rows } = await instance.db.query("select distinct pools from iroko.step where run = $1", [again]);
  assert.deepEqual(rows, [{ pools: [`run ${again}`] }]);
});

test("steps of a long plan that are inserted later are in its limit, too", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "hours", partitions: day("all") }, now, { maxConcurrency: 2 });
  const rest = expander(instance.db);
  rest.look(run);
  const steps = () => instance.db.query<{ n: number }>("select count(*) as n from iroko.step where run = $1", [run]);
  await waitFor("some that come later", async () => (await steps()).rows[0]!.n > chunkSize, { seconds: 60 });
  await rest.stop();
  const { rows } = await instance.db.query("select distinct pools from iroko.step where run = $1", [run]);
  assert.deepEqual(rows, [{ pools: [`run ${run}`] }]);
});

test("a run without a limit is in no pool, and one with nothing to do leaves none", async () => {
  await using instance = await setup();
  await instance.submit({ select: "many", partitions: day("2026-11-01") }, now);
  await instance
    .submit({ select: "many", partitions: day("missing and 2027-01-01..") }, now, {
      maxConcurrency: 1,
    })
    .catch(() => {});
  const { rows } = await instance.db.query("select distinct pools from iroko.step");
  assert.deepEqual(rows, [{ pools: [] }]);
  assert.equal(await limitPools(instance), 0);
});

test("a job's limit is that of its runs, unless the schedule has one; whoever applies a plan may give one", async () => {
  await using instance = await setup();
  const { db } = instance;
  await evaluateSchedules({ db, now: () => now });
  await evaluateSchedules({ db, now: () => now.add({ hours: 24 }) });
  const runs = await listRuns(db, { limit: 10 });
  assert.deepEqual(
    runs
      .map(({ triggerName, maxConcurrency, priority }) => ({ triggerName, maxConcurrency, priority }))
      .toSorted((a, b) => String(a.triggerName).localeCompare(String(b.triggerName))),
    [
      { triggerName: "as_the_job", maxConcurrency: 3, priority: 2 },
      { triggerName: "its_own", maxConcurrency: 1, priority: 2 },
    ],
  );
  const plan = await storePlan(db, await instance.deploy(), { select: "held", partitions: day("2026-11-03") }, now);
  const { run } = await applyPlan(db, plan.id, "cli", { maxConcurrency: 5 });
  assert.equal((await getRun(db, run))?.maxConcurrency, 5);
});
