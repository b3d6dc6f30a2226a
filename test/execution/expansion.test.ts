/** Plans of more steps than are inserted at once: the rest follows, whatever happens meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { assetGraph, planFromJson, wholePlan, type PlanJson } from "@iroko/core";
import { cancelRun, getRun, retryRun, runProgress } from "@iroko/core/engine";
import { chunkSize, expander } from "../../packages/core/src/execution/expand-run.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { asset, define, hourly } from "@iroko/core";
  const hours = hourly({ start: "2020-01-01-00:00", timezone: "UTC" });
  export const first = asset({ key: "first", partitions: hours, materialize: () => undefined });
  export const second = asset({ key: "second", partitions: hours, deps: { first }, materialize: () => undefined });
  export const total = asset({ key: "total", deps: { second }, materialize: () => undefined });
  export default define({ assets: [first, second, total] });
`;

/** 26,000 hours of two assets and a total. */
const hours = 26_000;
const request = {
  select: "*",
  partitions: { kind: "text", text: "2020-01-01-00:00..2022-12-19-07:00" },
} as const;

const setup = (): Promise<TestInstance> => testInstance({ "iroko.config.ts": definitions });

interface Extent {
  readonly planned: number;
  readonly expanded: number;
}

async function extentOf({ db }: TestInstance, run: string): Promise<Extent> {
  const { rows } = await db.query<Extent>("select planned, expanded from iroko.run where id = $1", [run]);
  return rows[0]!;
}

const expandedWhole = (instance: TestInstance, run: string): Promise<Extent> =>
  waitFor(
    "the plan to be expanded",
    async () => {
      const extent = await extentOf(instance, run);
      return extent.expanded === extent.planned && extent;
    },
    { seconds: 240 },
  );

/** The steps and arrows in the tables are those of the plan, each once. */
async function assertWhole(instance: TestInstance, run: string): Promise<void> {
  const { db } = instance;
  const record = (await getRun(db, run))!;
  const { snapshot } = await instance.deploy();
  const { steps, edges } = wholePlan(assetGraph(snapshot), planFromJson(record.plan as PlanJson), record.asOf);
  const { rows } = await db.query<{ names: string; arrows: string }>(
    `select md5((select string_agg(n || name, ',' order by n) from iroko.step where run = $1)) as names,
            md5((select string_agg(upstream || '>' || downstream, ',' order by downstream, upstream) from iroko.step_edge where run = $1)) as arrows`,
    [run],
  );
  const { rows: expected } = await db.query<{ names: string; arrows: string }>(
    "select md5($1) as names, md5($2) as arrows",
    [steps.map(({ n, name }) => `${n}${name}`).join(","), edges.map(({ from, to }) => `${from}>${to}`).join(",")],
  );
  assert.deepEqual(rows, expected);
  assert.equal(record.planned, steps.length, "gates are counted once they are found");
}

test("the first steps run while the rest is expanded, and a worker killed on the way loses and doubles nothing", async () => {
  await using instance = await setup();
  await instance.deploy();
  const run = await instance.submit(request);
  assert.deepEqual(await extentOf(instance, run), { planned: 2 * hours + 1, expanded: chunkSize });
  const doomed = spawnWorker(instance, 2);
  try {
    const ran = await waitFor(
      "a step to have succeeded",
      async () => {
        const progress = (await runProgress(instance.db, run))!;
        return progress.succeeded > 0 && progress;
      },
      { seconds: 60 },
    );
    assert.equal(ran.status, "running");
    await waitFor("some chunks", async () => (await extentOf(instance, run)).expanded > chunkSize, { seconds: 60 });
  } finally {
    doomed.kill("SIGKILL");
  }
  const { expanded, planned } = await extentOf(instance, run);
  assert.ok(expanded < planned, `killed on the way, not after all ${expanded} steps`);
  const next = expander(instance.db);
  const looking = setInterval(() => next.look(), 200);
  try {
    await expandedWhole(instance, run);
  } finally {
    clearInterval(looking);
    await next.stop();
  }
  await assertWhole(instance, run);
  const { rows } = await instance.db.query<{ wrong: number }>(
    `select count(*)::integer as wrong from iroko.step s where run = $1 and status = 'blocked' and waiting_on <> (
       select count(*) from iroko.step_edge e join iroko.step u on u.run = e.run and u.n = e.upstream
        where e.run = s.run and e.downstream = s.n and u.status <> 'succeeded')`,
    [run],
  );
  assert.deepEqual(rows, [{ wrong: 0 }], "each waits for just those that have not ended");
});

test("what needs a failed step is skipped as it is inserted, several levels down and chunks later, with the reason", async () => {
  await using instance = await setup();
  const run = await instance.submit(request);
  // As a worker would leave it: the first hour of `second` has failed, all others of its chunk are still to be run.
  await instance.db.query(
    `update iroko.step set status = 'failed', admitted = false, ended_at = clock_timestamp(), error = '{"code":"USER_CODE","message":"no"}'
      where run = $1 and n = 1`,
    [run],
  );
  const others = expander(instance.db);
  others.look(run);
  await expandedWhole(instance, run);
  await others.stop();
  const { rows } = await instance.db.query<{ kind: string; name: string; because: string }>(
    "select kind, name, deferred_reason as because from iroko.step where run = $1 and status = 'skipped' order by n",
    [run],
  );
  assert.deepEqual(rows, [
    { kind: "gate", name: "", because: "second failed" },
    { kind: "materialize", name: "total", because: "second failed" },
  ]);
  assert.equal((await runProgress(instance.db, run))!.skipped, 2);
});

test("canceled while it is expanded, a run ends, its steps that were never inserted too, and a retry makes all of them", async () => {
  await using instance = await setup();
  const run = await instance.submit(request);
  await cancelRun(instance.db, run, "test");
  const progress = (await runProgress(instance.db, run))!;
  assert.deepEqual([progress.status, progress.canceled], ["canceled", 2 * hours + 1]);

  const again = await retryRun(instance.db, run);
  assert.deepEqual(await extentOf(instance, again), { planned: 2 * hours + 1, expanded: chunkSize });
  const others = expander(instance.db);
  others.look(again);
  await expandedWhole(instance, again);
  await others.stop();
  await assertWhole(instance, again);
});

test("a run does not end while steps are to come, though all that are there have ended", async () => {
  await using instance = await setup();
  const run = await instance.submit(request);
  // As workers would leave it: all but ten hours of what is there have been made.
  const left = 20;
  await instance.db.query(
    `with done as (update iroko.step set status = 'succeeded', admitted = false, waiting_on = 0, ended_at = clock_timestamp()
                    where run = $1 and n < $2 returning 1)
     update iroko.run set succeeded = (select count(*) from done) where id = $1`,
    [run, chunkSize - left],
  );
  await using nobodyExpands = await holding(instance, `select pg_advisory_xact_lock(${expansionOf})`, [run]);
  const worker = await instance.startWorker({ slots: 2 });
  await waitFor(
    "all that is there to have ended",
    async () => (await runProgress(instance.db, run))!.succeeded === chunkSize,
    {
      seconds: 60,
    },
  );
  assert.equal((await runProgress(instance.db, run))!.status, "running");
  await nobodyExpands.release();
  await waitFor("the next chunk", async () => (await extentOf(instance, run)).expanded > chunkSize, { seconds: 60 });
  await worker.drain(0);
});

test("a step that ends while a chunk that waits for it is inserted releases what is in that chunk, too", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `
      import { existsSync } from "node:fs";
      import { asset, define, hourly } from "@iroko/core";
      export const base = asset({ key: "base", materialize: async (ctx) => {
        while (!existsSync(new URL("go", import.meta.url)) && !ctx.signal.aborted) await new Promise((r) => setTimeout(r, 10));
      } });
      const hours = hourly({ start: "2020-01-01-00:00", timezone: "UTC" });
      export const after = asset({ key: "after", partitions: hours, deps: { base }, materialize: () => undefined });
      export default define({ assets: [base, after] });`,
  });
  const run = await instance.submit({
    select: "*",
    partitions: { kind: "text", text: "2020-01-01-00:00..2026-01-01-00:00" },
  });
  await using nobodyExpands = await holding(instance, `select pg_advisory_xact_lock(${expansionOf})`, [run]);
  await instance.startWorker({ slots: 1 });
  await waitFor("the base to run", async () => (await runProgress(instance.db, run))!.running === 1, { seconds: 60 });

  // Arrows cannot be inserted: the chunk has counted what it waits for, and is not there yet.
  await using noArrows = await holding(instance, "lock table iroko.step_edge in share mode");
  await nobodyExpands.release();
  await waitFor("the next chunk to be under way", async () => (await waiting(instance)) >= 1, { seconds: 60 });
  await instance.project.write("go", "");
  await waitFor("the end of the base to wait for it", async () => (await waiting(instance)) >= 2, { seconds: 60 });
  await noArrows.release();
  await expandedWhole(instance, run);
  await waitFor("the base to have ended", async () => (await runProgress(instance.db, run))!.succeeded > 0, {
    seconds: 60,
  });
  const { rows } = await instance.db.query(
    "select n from iroko.step where run = $1 and (status = 'blocked' or waiting_on > 0)",
    [run],
  );
  assert.deepEqual(rows, []);
});

const expansionOf = "hashtext('iroko.expand'), hashtext($1::text)";

/** A lock, in a transaction of its own. */
async function holding({ db }: TestInstance, statement: string, values: readonly unknown[] = []) {
  const [held, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = db.transaction(async (tx) => {
    await tx.query(statement, values);
    held.resolve();
    await end.promise;
  });
  const release = async (): Promise<void> => {
    end.resolve();
    await ended;
  };
  await Promise.race([held.promise, ended]);
  return { release, [Symbol.asyncDispose]: release };
}

/** How many sessions of this database wait for a lock. */
async function waiting({ db }: TestInstance): Promise<number> {
  const { rows } = await db.query<{ sessions: number }>(
    "select count(*) as sessions from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows[0]!.sessions;
}
