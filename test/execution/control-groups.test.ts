/**
 * What bounds a step's memory: a control group where the system lends one, else the worker's watch. The files of a cgroup are
 * plain files where no cgroup is: which of them are written, and what becomes of a refusal, is seen in a folder like one.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cancelRun, listSteps, listWorkers, runProgress } from "@iroko/core/engine";
import { controlGroups, ownControlGroups } from "../../packages/core/src/execution/child/control-groups.ts";
import { runCli, type CliOptions } from "../support/run-cli.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const inInstance = ({ databaseUrl, project }: TestInstance): CliOptions => ({
  cwd: project.folder,
  env: { DATABASE_URL: databaseUrl, IROKO_STORE: join(project.folder, "store"), IROKO_HOME: undefined },
});

/** A folder as the kernel shows a group of one process, with these controllers. */
function likeGroup(t: TestContext, controllers: string, handedDown = ""): string {
  const folder = createTempDir("cgroup");
  t.after(() => folder[Symbol.dispose]());
  writeFileSync(join(folder.path, "cgroup.controllers"), `${controllers}\n`);
  writeFileSync(join(folder.path, "cgroup.subtree_control"), handedDown);
  writeFileSync(join(folder.path, "cgroup.procs"), "77\n");
  return folder.path;
}

test("where there is no cgroup v2, or none with a memory controller, there are no groups, and it is said why", (t) => {
  const without = controlGroups(undefined, 77);
  assert.equal(without.unavailable, "this system has no cgroup v2");
  assert.equal(without.open(78, 1), undefined);
  assert.equal(controlGroups(likeGroup(t, "hugetlb"), 77).unavailable, "its cgroup has no memory controller");
});

test("the worker moves to a leaf, hands memory and processor down, and each child gets a group with its limit", (t) => {
  const own = likeGroup(t, "cpu memory pids");
  mkdirSync(join(own, "iroko-12-3")); // of a worker that was killed
  const groups = controlGroups(own, 77);
  assert.equal(groups.unavailable, undefined);
  assert.deepEqual(
    readdirSync(own).filter((name) => name.startsWith("iroko")),
    ["iroko-77-worker"],
  );
  const text = (...path: readonly string[]): string => readFileSync(join(own, ...path), "utf8");
  assert.equal(text("iroko-77-worker", "cgroup.procs"), "77");
  const child = groups.open(78, 2 ** 28)!;
  assert.deepEqual(
    ["memory.max", "memory.oom.group", "memory.swap.max", "cpu.weight", "cgroup.procs"].map((file) =>
      text("iroko-77-1", file),
    ),
    ["268435456", "1", "0", "33", "78"],
  );
  assert.equal(child.oomKills(), 0);
  writeFileSync(join(own, "iroko-77-1", "memory.events"), "low 0\noom 1\noom_kill 2\n");
  assert.equal(child.oomKills(), 2);
});

test("a group that cannot be divided leaves the worker where it is, and the reason is told", (t) => {
  const busy = likeGroup(t, "memory");
  mkdirSync(join(busy, "iroko-77-worker", "inside"), { recursive: true });
  assert.match(controlGroups(busy, 77).unavailable ?? "", /^its cgroup cannot be divided \(EEXIST\): Delegate=yes/);
  assert.equal(readFileSync(join(busy, "cgroup.procs"), "utf8"), "77", "back where it was");
});

const definitions = `
  import { asset, define } from "@iroko/core";
  export const large = asset({ key: "large", materialize() {
    const held = [];
    for (;;) held.push(Buffer.alloc(64 * 2 ** 20, 1)); // in one go: no turn of the event loop, no end
  } });
  export default define({ assets: [large] });
`;

test(
  "a step that takes too much, in an endless loop, ends with that reason while its worker beats on; doctor says what holds it",
  { timeout: 300_000 },
  async (t) => {
    await using instance = await testInstance({ "iroko.config.ts": definitions });
    await instance.deploy();
    await instance.startWorker({ slots: 1, memoryBytes: 128 * 2 ** 20, ttlSeconds: 30 });
    const run = await instance.submit({ select: "large", partitions: { kind: "unspecified" } });
    assert.equal((await instance.ended(run, 120)).status, "failed");
    const [step] = await listSteps(instance.db, run, { limit: 1 });
    assert.deepEqual([step?.error?.code, step?.attempt], ["OUT_OF_MEMORY", 1]);
    assert.match(step?.error?.message ?? "", /it may hold 0\.25 GiB/);
    const worker = await waitFor(
      "a beat",
      async () => (await listWorkers(instance.db)).find(({ bounds }) => bounds !== null),
      { seconds: 60 },
    );
    const { unavailable } = ownControlGroups();
    assert.equal(worker.bounds, unavailable ?? "");
    const doctor = await runCli(["doctor", "--location", location], inInstance(instance));
    assert.match(
      doctor.stdout,
      unavailable === undefined ? /by a control group of its own/ : /by the worker's watch: /,
    );
    if (unavailable !== undefined) t.diagnostic(`held by the watch, since ${unavailable}`);
  },
);

test(
  "a step that never lets go of its processor keeps nobody waiting, and a cancel or its timeout ends it; doctor tells of a worker that is itself held up",
  { timeout: 300_000 },
  async (t) => {
    await using instance = await testInstance({
      "iroko.config.ts": `
        import { asset, define, retryPolicy } from "@iroko/core";
        export const endless = asset({ key: "endless", materialize() { for (;;); } });
        export const limited = asset({ key: "limited", timeoutSeconds: 1, retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.05 }), materialize() { for (;;); } });
        export const short = asset({ key: "short", materialize: () => undefined });
        export default define({ assets: [endless, limited, short] });
      `,
    });
    await instance.deploy();
    await instance.startWorker({ slots: 2, ttlSeconds: 30 });
    const beat = async (): Promise<number> => (await listWorkers(instance.db))[0]?.beat ?? 0;
    const patient = { seconds: 90, everyMilliseconds: 50 };
    const run = await instance.submit({ select: "endless", partitions: { kind: "unspecified" } });
    await waitFor("it to run", async () => (await runProgress(instance.db, run))?.running === 1, patient);
    const before = await beat();
    await waitFor("three beats", async () => (await beat()) >= before + 3, patient);
    const beside = await instance.submit({ select: "short", partitions: { kind: "unspecified" } });
    assert.equal((await instance.ended(beside, 90)).status, "succeeded");
    t.diagnostic(
      `longest wait of the worker's own work beside it: ${(await listWorkers(instance.db))[0]?.loopDelayMs?.toFixed(0)} ms`,
    );
    const limited = await instance.submit({ select: "limited", partitions: { kind: "unspecified" } });
    assert.equal((await instance.ended(limited, 90)).status, "failed");
    const [step] = await listSteps(instance.db, limited, { limit: 1 });
    assert.deepEqual([step?.error?.code, step?.attempt], ["STEP_TIMEOUT", 2], "tried again, as its policy says");
    await cancelRun(instance.db, run, "enough");
    assert.equal((await instance.ended(run, 90)).status, "canceled");

    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    const held = await waitFor(
      "the worker to tell",
      async () => (await listWorkers(instance.db)).find(({ loopDelayMs }) => (loopDelayMs ?? 0) > 1_500),
      patient,
    );
    assert.ok(held.loopDelayMs !== null);
    const doctor = await runCli(["doctor", "--location", location], inInstance(instance));
    assert.match(doctor.stdout, /note +workers +\S+, process \d+: its own work waited up to \d+ ms for its turn/);
  },
);

test("the kernel ends what its group does not allow, and the group is gone with it", { timeout: 60_000 }, async (t) => {
  const { unavailable } = ownControlGroups();
  if (unavailable !== undefined) return t.skip(unavailable);
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  await instance.deploy();
  await instance.startWorker({ slots: 1, memoryBytes: 128 * 2 ** 20, ttlSeconds: 30 });
  const run = await instance.submit({ select: "large", partitions: { kind: "unspecified" } });
  assert.equal((await instance.ended(run, 50)).status, "failed");
  const [step] = await listSteps(instance.db, run, { limit: 1 });
  assert.match(step?.error?.message ?? "", /asked for more memory/);
});
