/** What becomes of steps when workers freeze, Postgres restarts, or the queue is emptied. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  listEvents,
  listPartitions,
  listSteps,
  listWorkers,
  migrate,
  openDatabase,
  runProgress,
} from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

/** The body waits for the file "go", and says in its rows whose attempt made them. */
const waiting = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const go = new URL("go", import.meta.url);
  export const slow = asset({
    key: "slow", schema: z.object({ attempt: z.int() }), output: jsonLines("slow"),
    async materialize(ctx) {
      while (!existsSync(go) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ attempt: ctx.attempt }];
    },
  });
  export default define({ assets: [slow] });
`;

const submitSlow = (instance: TestInstance) => instance.submit({ select: "slow", partitions: { kind: "unspecified" } });

const running = (instance: TestInstance, run: string) =>
  waitFor(
    "the step to run",
    async () => {
      const [step] = await listSteps(instance.db, run, { limit: 1 });
      return step?.status === "running" && step;
    },
    { seconds: 60 },
  );

test("a worker that was frozen past its TTL commits nothing when it wakes, and ends", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  // Long enough that a busy machine does not take it for frozen, and end it, before it is.
  const zombie = spawnWorker(instance, 5);
  let said = "";
  zombie.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  try {
    const run = await submitSlow(instance);
    const first = await running(instance, run);
    zombie.kill("SIGSTOP");
    await instance.startWorker({ slots: 1, ttlSeconds: 30 });
    await waitFor(
      "another worker to take it over",
      async () => {
        const [step] = await listSteps(instance.db, run, { limit: 1 });
        return step?.status === "running" && step.worker !== first.worker;
      },
      { seconds: 60 },
    );
    await instance.project.write("go", "");
    await instance.ended(run);
    const before = await listPartitions(instance.db, "slow", { limit: 1 });
    const exit = once(zombie, "exit");
    zombie.kill("SIGCONT");
    assert.deepEqual(await exit, [3, null]);
    assert.match(said, /declared dead|no beat reached/);
    assert.deepEqual(await listPartitions(instance.db, "slow", { limit: 1 }), before);
    assert.equal(before[0]?.version, 1);
    assert.equal(readFileSync(join(instance.project.folder, "store/slow.jsonl"), "utf8"), '{"attempt":2}\n');
    const lost = (await listEvents(instance.db, {}, { limit: 100 })).filter(({ type }) => type === "worker_lost");
    assert.deepEqual(
      lost.map(({ payload }) => payload),
      [{ worker: first.worker, host: hostname(), cause: "frozen" }],
    );
  } finally {
    zombie.kill("SIGKILL");
  }
});

test("a worker whose connections break within its TTL keeps its step", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const run = await submitSlow(instance);
  const first = await running(instance, run);
  const [before] = await listWorkers(instance.db);
  await instance.db.query("select pg_terminate_backend(backend_pid) from iroko.worker");
  await waitFor("the worker to come back", async () => {
    const [worker] = await listWorkers(instance.db);
    return worker !== undefined && !worker.lockGone && worker.beat > (before?.beat ?? 0) + 1;
  });
  await instance.project.write("go", "");
  await instance.ended(run);
  const [step] = await listSteps(instance.db, run, { limit: 1 });
  assert.deepEqual([step?.status, step?.attempt, step?.lostAttempts], ["succeeded", 1, 0]);
  assert.equal((await listWorkers(instance.db))[0]?.id, first.worker);
});

test("Postgres is killed and comes back under a running step: the run succeeds all the same", async () => {
  using home = createTempDir("home");
  const postgres = await openEmbeddedPostgres({ home: home.path, say: () => {} });
  try {
    const own = openDatabase(postgres.databaseUrl);
    await migrate(own);
    await own.close();
    await using instance = await testInstance(
      { "iroko.config.ts": waiting },
      { database: { url: postgres.databaseUrl, drop: () => Promise.resolve() } },
    );
    await instance.deploy();
    await instance.startWorker({ slots: 1, ttlSeconds: 30 });
    const run = await submitSlow(instance);
    await running(instance, run);
    const postmaster = Number(readFileSync(join(postgres.dataDir, "postmaster.pid"), "utf8").split("\n")[0]);
    process.kill(postmaster, "SIGQUIT");
    // The step ends while there is no database: what it has made waits for one.
    await instance.project.write("go", "");
    const progress = await waitFor(
      "the run to end",
      async () => {
        const found = await runProgress(instance.db, run).catch(() => undefined);
        return found?.status === "succeeded" && found.unpublished === 0 && found;
      },
      { seconds: 40, everyMilliseconds: 100 },
    );
    assert.equal(progress.succeeded, 1);
    assert.equal((await listPartitions(instance.db, "slow", { limit: 1 }))[0]?.version, 1);
    const again = await submitSlow(instance);
    await instance.ended(again, 30);
  } finally {
    await postgres.close();
  }
});

test("a worker that died while Postgres was away is known to be dead at once, by the process that is gone", async () => {
  await using postgres = await ownPostgres();
  await using instance = await testInstance({ "iroko.config.ts": waiting }, { database: postgres.database });
  await instance.deploy();
  const dead = spawnWorker(instance, 600);
  const run = await submitSlow(instance);
  await running(instance, run);
  process.kill(Number(readFileSync(join(postgres.dataDir, "postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL");
  const exit = once(dead, "exit");
  dead.kill("SIGKILL");
  await exit;
  await waitFor("Postgres", () => listWorkers(instance.db).catch(() => false), { seconds: 60 });
  await instance.project.write("go", "");
  await instance.startWorker({ slots: 1, ttlSeconds: 600 });
  assert.equal((await instance.ended(run, 120)).status, "succeeded");
  const [step] = await listSteps(instance.db, run, { limit: 1 });
  assert.deepEqual(
    step?.deaths.map(({ cause, unexplained }) => [cause, unexplained]),
    [["Postgres restarted", undefined]],
  );
});

test("the queue is emptied: what was due is derived from the tables again", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  const run = await submitSlow(instance);
  await instance.db.query("update iroko.step set admitted = true");
  await instance.db.query("truncate graphile_worker._private_jobs");
  await instance.project.write("go", "");
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run)).status, "succeeded");
});

test("a wake-up that a vanished process holds keeps nobody waiting", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.project.write("go", "");
  const run = await submitSlow(instance);
  const { rows } = await instance.db.query<{ id: number }>("update iroko.step set admitted = true returning id");
  await instance.db.query("select graphile_worker.add_job('step:test', json_build_object('step', $1::bigint))", [
    rows[0]?.id,
  ]);
  await instance.db.query("update graphile_worker._private_jobs set locked_by = 'nobody', locked_at = now()");
  await instance.startWorker({ slots: 1 });
  assert.equal((await instance.ended(run)).status, "succeeded");
});

test("a claim whose answer was lost is given back by the worker that does not know of it", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.project.write("go", "");
  const worker = await instance.startWorker({ slots: 1 });
  await waitFor("a beat", async () => ((await listWorkers(instance.db))[0]?.beat ?? 0) > 0);
  const run = await submitSlow(instance);
  await instance.ended(run);
  // As if the claim had been committed and nobody told.
  const second = await submitSlow(instance);
  await instance.ended(second);
  await instance.db.query(
    "update iroko.step set status = 'running', worker = $2, ended_at = null, outcome = null where run = $1",
    [second, worker.id],
  );
  await instance.db.query("update iroko.run set status = 'running', ended_at = null, succeeded = 0 where id = $1", [
    second,
  ]);
  assert.equal((await instance.ended(second)).status, "succeeded");
  const [step] = await listSteps(instance.db, second, { limit: 1 });
  assert.deepEqual([step?.attempt, step?.lostAttempts], [2, 1]);
});
