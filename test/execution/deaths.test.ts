/** Processes that die under steps, children and workers: what is known of it, who is blamed, and that the rest goes on. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { hostname } from "node:os";
import { test } from "node:test";
import { listEvents, listSteps, listWorkers, type StepRecord } from "@iroko/core/engine";
import { sweeper } from "../../packages/core/src/execution/sweep.ts";
import { supervise } from "../crash/supervised.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const whole = { kind: "unspecified" as const };
const head = `
  import { existsSync } from "node:fs";
  import { asset, define, retryPolicy } from "@iroko/core";
  const here = (name) => existsSync(new URL(name, import.meta.url));
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const retry = retryPolicy({ maxRetries: 8, baseSeconds: 0.01, capSeconds: 0.05 });
`;

const stepsByName = async (instance: TestInstance, run: string): Promise<Record<string, StepRecord>> =>
  Object.fromEntries((await listSteps(instance.db, run, { limit: 100 })).map((step) => [step.name, step]));

test("a step whose own process dies three times is parked with the evidence, and nothing else is held up", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const poison = asset({ key: "poison", retry, materialize() { console.log("about to go"); process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); } });
      export const beside = asset({ key: "beside", materialize: () => undefined });
      export const below = asset({ key: "below", deps: { poison }, materialize: () => undefined });
      export default define({ assets: [poison, beside, below] });
    `,
  });
  await instance.deploy();
  const worker = await instance.startWorker({ slots: 2 });
  const run = await instance.submit({ select: "*", partitions: whole });
  assert.equal((await instance.ended(run, 60)).status, "failed");
  const { poison, beside, below } = await stepsByName(instance, run);
  assert.deepEqual([beside?.status, below?.status], ["succeeded", "skipped"]);
  assert.deepEqual([poison?.status, poison?.attempt, poison?.error?.code], ["failed", 3, "STEP_PARKED"]);
  const evidence = (poison?.error?.details?.["deaths"] ?? []) as StepRecord["deaths"];
  assert.deepEqual(
    evidence.map(({ of, attempt, signal }) => [of, attempt, signal]),
    [1, 2, 3].map((attempt) => ["child", attempt, "SIGKILL"]),
  );
  assert.ok(evidence.every(({ lastLines }) => lastLines?.includes("about to go")));
  assert.equal((await listWorkers(instance.db))[0]?.id, worker.id, "the worker lives on");
});

test("a step under which two workers are killed runs alone on the next one, and a third death parks it", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const slow = asset({ key: "slow", retry, async materialize(ctx) { while (!ctx.signal.aborted) await pause(20); } });
      export default define({ assets: [slow] });
    `,
  });
  await instance.deploy();
  const run = await instance.submit({ select: "slow", partitions: whole });
  const { slow: first } = await stepsByName(instance, run);
  assert.equal(first?.status, "ready");
  for (let death = 1; death <= 3; death += 1) {
    const victim = spawnWorker(instance, 30);
    await waitFor(
      `the step to run for the ${death}. time`,
      async () => {
        const { slow } = await stepsByName(instance, run);
        return slow?.status === "running" && slow.lostAttempts === death - 1;
      },
      { seconds: 60 },
    );
    const exit = once(victim, "exit");
    victim.kill("SIGKILL");
    await exit;
  }
  await instance.startWorker({ slots: 2 });
  assert.equal((await instance.ended(run, 60)).status, "failed");
  const { slow } = await stepsByName(instance, run);
  assert.equal(slow?.error?.code, "STEP_PARKED");
  assert.deepEqual(
    slow.deaths.map(({ of, cause, unexplained, alone, host }) => [of, cause, unexplained, alone, host]),
    [false, false, true].map((alone) => ["worker", "killed", true, alone, hostname()]),
  );
  const events = await listEvents(instance.db, { run }, { limit: 100 });
  assert.deepEqual(
    events.filter(({ type }) => type === "attempt_lost").map(({ payload }) => (payload as { cause?: string }).cause),
    ["killed", "killed", "killed"],
  );
});

test("a suspect waits for a worker that runs nothing else, and nothing else is begun beside it", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      const until = async (name, ctx) => { while (!here(name) && !ctx.signal.aborted) await pause(10); };
      export const long = asset({ key: "long", materialize: (ctx) => until("long", ctx) });
      export const suspect = asset({ key: "suspect", materialize: (ctx) => until("suspect", ctx) });
      export const other = asset({ key: "other", materialize: () => undefined });
      export default define({ assets: [long, suspect, other] });
    `,
  });
  await instance.deploy();
  const long = await instance.submit({ select: "long", partitions: whole });
  await instance.startWorker({ slots: 2 });
  await waitFor("the first to run", async () => (await stepsByName(instance, long))["long"]?.status === "running");
  const run = await instance.submit({ select: "suspect", partitions: whole });
  await instance.db.query(
    "update iroko.step set suspect_since = clock_timestamp() where run = $1 and status = 'ready'",
    [run],
  );
  const status = async (): Promise<string | undefined> => (await stepsByName(instance, run))["suspect"]?.status;
  if ((await status()) !== "running") {
    // It was not claimed before it became one.
    const between = await instance.submit({ select: "other", partitions: whole });
    await instance.ended(between);
    assert.equal(await status(), "ready", "others go past it while the worker is busy");
    await instance.project.write("long", "");
    await instance.ended(long);
    await waitFor("the suspect to run", async () => (await status()) === "running", { seconds: 20 });
    const beside = await instance.submit({ select: "other", partitions: whole });
    await instance.project.write("suspect", "");
    await instance.ended(run);
    await instance.ended(beside);
    const { rows } = await instance.db.query<{ after: boolean }>(
      `select (select started_at from iroko.step where run = $1) >= (select ended_at from iroko.step where run = $2) as after`,
      [beside, run],
    );
    assert.equal(rows[0]?.after, true);
  }
});

test("what a worker was lost by is told from its machine, Postgres and its beat; only what nothing explains is held against a step", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const one = asset({ key: "one", materialize: () => undefined });
      export default define({ assets: [one] });
    `,
  });
  await instance.deploy();
  const here = hostname();
  const causes: [name: string, row: string, unexplained: boolean | undefined][] = [
    ["machine restarted", `'${here}', 'before the power cut', pg_postmaster_start_time()`, undefined],
    ["Postgres restarted", `'elsewhere', 'b', pg_postmaster_start_time() - interval '1 hour'`, undefined],
    ["killed", `'elsewhere', 'b', pg_postmaster_start_time()`, undefined],
    ["killed", `'${here}', 'now', pg_postmaster_start_time()`, true],
  ];
  for (const [cause, row, unexplained] of causes) {
    const run = await instance.submit({ select: "one", partitions: whole });
    const { rows } = await instance.db.query<{ id: string }>(
      `insert into iroko.worker (id, location, lock_key, backend_pid, ttl_seconds, pid, slots, definition_hashes, host, boot_id, postmaster_started)
       select gen_random_uuid(), 'test', 77, 1, 0.001, 1, 1, '{}', ${row} returning id`,
    );
    await instance.db.query(
      "update iroko.step set status = 'running', worker = $2, attempt = 1, epoch = 1, admitted = true where run = $1",
      [run, rows[0]?.id],
    );
    const sweeping = sweeper(instance.db, () => performance.now(), { host: here, bootId: "now" });
    await waitFor("the worker to be found dead", async () => (await sweeping.sweep()).length > 0, {
      everyMilliseconds: 20,
    });
    const { one } = await stepsByName(instance, run);
    assert.deepEqual([one?.status, one?.lostAttempts], ["ready", 1]);
    assert.deepEqual(
      one?.deaths.map((death) => [death.cause, death.unexplained]),
      [[cause, unexplained]],
    );
  }
});

test("a death is told to be widespread when a worker was killed, too, on which the step never ran", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const one = asset({ key: "one", materialize: () => undefined });
      export const two = asset({ key: "two", materialize: () => undefined });
      export default define({ assets: [one, two] });
    `,
  });
  await instance.deploy();
  const run = await instance.submit({ select: "*", partitions: whole });
  const sweeping = sweeper(instance.db, () => performance.now(), { host: hostname(), bootId: "now" });
  const isKilledUnder = async (...names: readonly string[]): Promise<readonly (boolean | undefined)[]> => {
    const { rows } = await instance.db.query<{ id: string }>(
      `insert into iroko.worker (id, location, lock_key, backend_pid, ttl_seconds, pid, slots, definition_hashes, host, boot_id, postmaster_started)
       select gen_random_uuid(), 'test', 77, 1, 600, 1, 1, '{}', $1, 'now', pg_postmaster_start_time() returning id`,
      [hostname()],
    );
    await instance.db.query(
      `update iroko.step set status = 'running', worker = $2, attempt = attempt + 1, epoch = epoch + 1, admitted = true
        where run = $1 and name = any ($3)`,
      [run, rows[0]?.id, names],
    );
    assert.equal((await sweeping.sweep()).length, 1);
    const steps = await stepsByName(instance, run);
    return names.map((name) => steps[name]?.deaths.at(-1)?.widespread);
  };
  assert.deepEqual(await isKilledUnder("one"), [false]);
  assert.deepEqual(await isKilledUnder("one"), [false], "both were killed under it");
  assert.deepEqual(await isKilledUnder("one", "two"), [false, true], "those before had no such step");
  assert.deepEqual(await isKilledUnder("two"), [true]);
  assert.deepEqual(await isKilledUnder("one"), [true]);
});

test("a step that kills its worker each time is parked after three of them, and the others are made", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      import { daily } from "@iroko/core";
      export const poison = asset({ key: "poison", retry, materialize() { process.kill(process.ppid, "SIGKILL"); return new Promise(() => {}); } });
      export const beside = asset({ key: "beside", partitions: daily({ start: "2026-01-01", timezone: "UTC" }), materialize: () => pause(50) });
      export default define({ assets: [poison, beside] });
    `,
  });
  await instance.deploy();
  await using worker = supervise(() => spawnWorker(instance, 30, { TEST_SLOTS: "2" }));
  const run = await instance.submit({ select: "*", partitions: { kind: "text", text: "2026-01-01..2026-01-20" } });
  assert.equal((await instance.ended(run, 240)).status, "failed");
  const steps = await listSteps(instance.db, run, { limit: 100 });
  const poison = steps.find(({ name }) => name === "poison");
  assert.equal(poison?.error?.code, "STEP_PARKED");
  assert.deepEqual(
    poison.deaths.map(({ of, alone, widespread }) => [of, alone, widespread]),
    [false, false, true].map((alone) => ["worker", alone, false]),
  );
  assert.deepEqual([...new Set(steps.filter((step) => step !== poison).map(({ status }) => status))], ["succeeded"]);
  assert.ok(worker.starts >= 4);
});

test("a step that takes more memory than it may is ended with that reason, once, while the steps beside it go on", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const greedy = asset({
        key: "greedy", retry,
        async materialize(ctx) { const kept = []; while (!ctx.signal.aborted) { kept.push(Buffer.alloc(2 ** 24, 1)); await pause(1); } },
      });
      export const beside = asset({ key: "beside", materialize: () => undefined });
      export default define({ assets: [greedy, beside] });
    `,
  });
  await instance.deploy();
  const worker = await instance.startWorker({ slots: 2, memoryBytes: 2 ** 29 });
  const run = await instance.submit({ select: "*", partitions: whole });
  await instance.ended(run, 60);
  const { greedy, beside } = await stepsByName(instance, run);
  assert.deepEqual([greedy?.status, greedy?.attempt, greedy?.error?.code], ["failed", 1, "OUT_OF_MEMORY"]);
  assert.match(greedy?.error?.message ?? "", /(held 0\.[0-9]+ GiB of|asked for more) memory; it may hold 0\.50 GiB/);
  assert.equal(beside?.status, "succeeded");
  assert.equal((await listWorkers(instance.db))[0]?.id, worker.id);
});
