/**
 * What becomes of a worker, and of its steps, when its link, its disk or its own step fails it. Frozen workers, a restarted
 * Postgres and an emptied queue are in test/execution/takeover.test.ts, two schedulers in scheduler.test.ts.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { objectCache, openStore } from "@iroko/assets";
import { cancelRun, listEvents, listPartitions, listSteps, runProgress } from "@iroko/core/engine";
import { faultProxy } from "../support/fault-proxy.ts";
import { startCli } from "../support/run-cli.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { assertAtRest } from "./invariants.ts";
import { childrenOf } from "./supervised.ts";

const timeout = 300_000;
/** None of these waits is what is tested, and the machine may be busy. */
const patient = { seconds: 90, everyMilliseconds: 50 };

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
      while (!existsSync(go) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
      return [{ attempt: ctx.attempt }];
    },
  });
  export default define({ assets: [slow] });
`;

const submit = (instance: TestInstance, select: string): Promise<string> =>
  instance.submit({ select, partitions: { kind: "unspecified" } });

const isRunning = (instance: TestInstance, run: string): Promise<unknown> =>
  waitFor("the step to run", async () => (await runProgress(instance.db, run))?.running === 1, patient);

async function eventsOf(instance: TestInstance, type: string): Promise<number> {
  return (await listEvents(instance.db, {}, { limit: 1000 })).filter((event) => event.type === type).length;
}

test(
  "a worker that is cut off from Postgres alone ends with its children, and another takes its step over",
  { timeout },
  async (t) => {
    await using instance = await testInstance({ "iroko.config.ts": waiting });
    const url = new URL(instance.databaseUrl);
    await using proxy = await faultProxy(Number(url.port));
    url.port = String(proxy.port);
    await instance.deploy();
    const cut = startCli(["worker", "--location", location, "--ttl", "5", "--slots", "1"], {
      cwd: instance.project.folder,
      env: { DATABASE_URL: url.href, IROKO_STORE: join(instance.project.folder, "store") },
      seconds: 240,
    });
    cut.ended.catch(() => {});
    try {
      const run = await submit(instance, "slow");
      await isRunning(instance, run);
      const children = childrenOf(cut.child.pid ?? 0);
      await instance.startWorker({ slots: 1, ttlSeconds: 30 });
      proxy.set({ blackhole: "both" });
      const cutAt = performance.now();
      const since = (): string => ((performance.now() - cutAt) / 1000).toFixed(1);
      let ended = "";
      void cut.ended.then(() => (ended = since()));
      await waitFor(
        "another worker to take it over",
        async () => (await listSteps(instance.db, run, { limit: 1 }))[0]?.attempt === 2,
        patient,
      );
      const taken = since();
      const { exitCode, stderr } = await cut.ended;
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr, /no beat reached the database for 5 s/);
      for (const pid of children) await waitFor(`its child ${pid} to be gone`, () => isGone(pid), patient);
      await instance.project.write("go", "");
      assert.equal((await instance.ended(run, 60)).status, "succeeded");
      assert.equal((await listPartitions(instance.db, "slow", { limit: 1 }))[0]?.version, 1);
      t.diagnostic(
        `cut from Postgres only, TTL 5 s: it ended after ${ended} s, its step ran elsewhere after ${taken} s`,
      );
    } finally {
      cut.child.kill("SIGKILL");
    }
  },
);

test("many sweepers see one worker die, and its step is given back once", { timeout }, async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  const { snapshot } = await instance.deploy();
  const victim = spawnWorker(instance, 30);
  try {
    const run = await submit(instance, "slow");
    await isRunning(instance, run);
    await Promise.all([1, 2, 3].map(() => instance.startWorker({ slots: 1, ttlSeconds: 30 })));
    victim.kill("SIGKILL");
    if (victim.signalCode === null) await once(victim, "exit");
    await waitFor(
      "the step to run again",
      async () => (await listSteps(instance.db, run, { limit: 1 }))[0]?.attempt === 2,
      patient,
    );
    await instance.project.write("go", "");
    assert.equal((await instance.ended(run, 60)).status, "succeeded");
    assert.deepEqual([await eventsOf(instance, "worker_lost"), await eventsOf(instance, "attempt_lost")], [1, 1]);
    const [step] = await listSteps(instance.db, run, { limit: 1 });
    assert.deepEqual([step?.attempt, step?.lostAttempts], [2, 1]);
    await assertAtRest(instance.db, instance.store, snapshot);
  } finally {
    victim.kill("SIGKILL");
  }
});

const canMount = process.platform === "linux" && process.getuid?.() === 0;

test(
  "a disk that is full fails the step with its reason, and once there is room the next try makes it",
  { timeout, skip: canMount ? false : "it needs root, to mount a small disk" },
  async (t) => {
    using folder = createTempDir("small-disk");
    const disk = join(folder.path, "disk");
    mkdirSync(disk);
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], { encoding: "utf8" });
    if (mount.status !== 0) return t.skip(`no disk can be mounted here: ${mount.stderr.trim()}`);
    try {
      await using instance = await testInstance({
        "iroko.config.ts": `
          import { existsSync } from "node:fs";
          import { z } from "zod";
          import { asset, define, retryPolicy } from "@iroko/core";
          import { jsonLines } from "./json-lines.ts";
          const retry = retryPolicy({ maxRetries: 1, baseSeconds: 0.1 });
          const rows = () => Array(existsSync(new URL("small", import.meta.url)) ? 10 : 1_000_000).fill({ text: "as many as the disk does not hold" });
          export const large = asset({ key: "large", schema: z.object({ text: z.string() }), output: jsonLines("large"), retry, materialize: rows });
          export default define({ assets: [large] });
        `,
      });
      const { snapshot } = await instance.deploy();
      const store = await openStore(join(disk, "store"));
      await instance.startWorker({
        slots: 1,
        store,
        cache: objectCache({ directory: join(disk, "cache"), maxBytes: 2 ** 20 }),
        workFolder: join(disk, "work"),
      });
      const failed = await submit(instance, "large");
      assert.equal((await instance.ended(failed, 60)).status, "failed");
      const [step] = await listSteps(instance.db, failed, { limit: 1 });
      assert.match(`${step?.error?.code} ${step?.error?.message}`, /ENOSPC|no space left|STORE_FULL|no room/i);
      await instance.project.write("small", "");
      assert.equal((await instance.ended(await submit(instance, "large"), 60)).status, "succeeded");
      assert.equal((await listPartitions(instance.db, "large", { limit: 1 }))[0]?.version, 1);
      assert.deepEqual((await assertAtRest(instance.db, store, snapshot)).orphans, []);
      t.diagnostic(`a disk of 8 MiB: "${step?.error?.message}"; then made, nothing left behind`);
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  },
);

test("a query that is canceled ends within seconds, and leaves nothing on the disk", { timeout }, async (t) => {
  await using instance = await testInstance({
    "iroko.config.ts": `
      import { asset, define } from "@iroko/core";
      import { parquet, sqlAsset } from "@iroko/assets";
      import { z } from "zod";
      export const endless = sqlAsset({
        key: "endless", schema: z.object({ n: z.int() }), output: parquet({ path: "endless" }), deps: {},
        sql: "select count(distinct a.range * b.range)::integer as n from range(1000000) a, range(1000000) b",
      });
      export default define({ assets: [endless] });
    `,
  });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const run = await submit(instance, "endless");
  await isRunning(instance, run);
  const files = (): readonly string[] =>
    readdirSync(instance.project.file("work"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const canceledAt = performance.now();
  await cancelRun(instance.db, run, "enough");
  assert.equal((await instance.ended(run, 60)).status, "canceled");
  const milliseconds = performance.now() - canceledAt;
  await waitFor("its files to be gone", () => files().length === 0, patient);
  assert.ok(milliseconds < 20_000, `it ended after ${milliseconds} ms`);
  t.diagnostic(`canceled after ${milliseconds.toFixed(0)} ms, 0 bytes left`);
});

function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z");
  } catch {
    return true;
  }
}
