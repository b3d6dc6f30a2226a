import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  cancelRun,
  listEvents,
  listPartitions,
  listSteps,
  listWorkers,
  materializationsOf,
  readLogs,
  retryRun,
  runProgress,
} from "@iroko/core/engine";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const head = `
  import { existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, byPartition, daily, define, dep, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ day: z.string(), n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const until = async (name, signal) => {
    while (!existsSync(here(name)) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
  };
`;

const twoAssets = `${head}
  export const numbers = asset({
    key: "numbers", partitions: days, schema, output: jsonLines("numbers"),
    materialize: (ctx) => [{ day: ctx.partition.key, n: 1 }, { day: ctx.partition.key, n: 2 }],
  });
  export const totals = asset({
    key: "totals", partitions: days, schema, output: jsonLines("totals"), deps: { numbers },
    async materialize(ctx) {
      let n = 0;
      for await (const row of ctx.deps.numbers.rows()) n += row.n;
      return [{ day: ctx.partition.key, n }];
    },
  });
  export default define({ assets: [numbers, totals] });
`;

/** One asset whose body waits until the test writes the file "go". */
const waiting = `${head}
  export const slow = asset({
    key: "slow", partitions: days, schema, output: jsonLines("slow"),
    async materialize(ctx) {
      console.log("started on", ctx.partition.key);
      writeFileSync(here("started"), "");
      await until("go", ctx.signal);
      return [{ day: ctx.partition.key, n: 1 }];
    },
  });
  export default define({ assets: [slow] });
`;

const day = (text: string) => ({ kind: "text" as const, text });

async function stepsOf(instance: TestInstance, run: string) {
  return listSteps(instance.db, run, { limit: 1000 });
}

test("a backfill makes every partition of both assets, in order, and publishes each under its stable path", async () => {
  await using instance = await testInstance({ "iroko.config.ts": twoAssets });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: day("2026-11-01..2026-11-05") });
  const { status, planned, succeeded } = await instance.ended(run);
  assert.deepEqual({ status, planned, succeeded }, { status: "succeeded", planned: 10, succeeded: 10 });
  const made = await materializationsOf(instance.db, run);
  assert.equal(made.length, 10);
  for (const key of ["2026-11-01", "2026-11-05"]) {
    const file = join(instance.project.folder, "store", "totals", `${key}.jsonl`);
    assert.equal(await readFile(file, "utf8"), `{"day":"${key}","n":3}\n`);
  }
  for (const [totals] of [await listPartitions(instance.db, "totals", { limit: 1 })]) {
    const partition = totals?.partition ?? "";
    const numbers = await listPartitions(instance.db, "numbers", { limit: 1 });
    assert.deepEqual(totals?.inputs, { numbers: { [partition]: numbers[0]?.dataVersion } });
  }
});

test("two runs that want the same partition at once: the second joins what the first makes", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const first = await instance.submit({ select: "slow", partitions: day("2026-11-01") });
  const second = await instance.submit({ select: "slow", partitions: day("2026-11-01") });
  await waitFor("the second run to wait behind the first", async () =>
    (await Promise.all([stepsOf(instance, first), stepsOf(instance, second)]))
      .flat()
      .some((step) => step.deferredReason?.includes("another run")),
  );
  await instance.project.write("go", "");
  const ended = await Promise.all([instance.ended(first), instance.ended(second)]);
  assert.deepEqual(
    ended.map(({ status }) => status),
    ["succeeded", "succeeded"],
  );
  const outcomes = (await Promise.all([stepsOf(instance, first), stepsOf(instance, second)]))
    .flat()
    .map(({ outcome }) => outcome);
  assert.deepEqual(new Set(outcomes), new Set(["joined", "made"]));
  assert.equal((await listPartitions(instance.db, "slow", { limit: 10 }))[0]?.version, 1);
});

test("a step that throws is tried again by its policy, and then fails with its error; what needs it is skipped", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      let calls = 0;
      export const shaky = asset({
        key: "shaky", partitions: days, schema, output: jsonLines("shaky"),
        retry: retryPolicy({ maxRetries: 2, baseSeconds: 0.01, capSeconds: 0.02 }),
        materialize(ctx) {
          if (ctx.partition.key === "2026-11-02") throw new TypeError("no such luck");
          if (ctx.attempt < 3) throw new Error("not yet");
          return [{ day: ctx.partition.key, n: ctx.attempt }];
        },
      });
      export const below = asset({ key: "below", partitions: days, deps: { shaky }, materialize: () => undefined });
      export default define({ assets: [shaky, below] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: day("2026-11-01..2026-11-02") });
  const { status, succeeded, failed, skipped } = await instance.ended(run);
  assert.deepEqual({ status, succeeded, failed, skipped }, { status: "failed", succeeded: 2, failed: 1, skipped: 1 });
  const steps = await stepsOf(instance, run);
  const broken = steps.find((step) => step.status === "failed");
  assert.deepEqual([broken?.attempt, broken?.error?.code], [3, "USER_CODE"]);
  assert.match(broken?.error?.message ?? "", /no such luck/);
  assert.match(broken?.error?.place?.file ?? "", /iroko\.config\.ts/);
  assert.match(steps.find((step) => step.status === "skipped")?.deferredReason ?? "", /shaky failed/);
  assert.equal(
    (await listEvents(instance.db, { run }, { limit: 100 })).filter(({ type }) => type === "attempt_failed").length,
    4,
  );

  const again = await retryRun(instance.db, run);
  const retried = await instance.ended(again);
  assert.deepEqual(
    { planned: retried.planned, failed: retried.failed },
    { planned: 2, failed: 1 },
    "only what did not succeed is made again",
  );
});

test("cancel reaches a running step and what waits for it", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const run = await instance.submit({ select: "slow", partitions: day("2026-11-01..2026-11-03") });
  await waitFor("a step to run", async () => (await runProgress(instance.db, run))?.running === 1);
  await cancelRun(instance.db, run, "a test");
  const { status, canceled } = await instance.ended(run, 10);
  assert.deepEqual({ status, canceled }, { status: "canceled", canceled: 3 });
  assert.deepEqual(
    await listPartitions(instance.db, "slow", { limit: 10 }).then((rows) => rows.map(({ version }) => version)),
    [null],
  );
});

test("what a step prints can be read while it runs, and after its process was killed", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  await instance.startWorker({ slots: 1 });
  const run = await instance.submit({ select: "slow", partitions: day("2026-11-01") });
  const lines = async () => (await readLogs(instance.db, run, { limit: 100 })).map(({ body }) => body).join("");
  await waitFor("the log of a running step", async () => (await lines()).includes("started on 2026-11-01"));
  assert.equal((await runProgress(instance.db, run))?.status, "running");
  await cancelRun(instance.db, run, "a test");
  await instance.ended(run);
  assert.match(await lines(), /started on 2026-11-01/);
});

test("a range step writes an object per partition, and keeps the good ones when one of them fails", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const ranged = asset({
        key: "ranged", partitions: days, schema, output: jsonLines("ranged"), backfill: "range",
        retry: retryPolicy({ maxRetries: 0 }),
        materialize: () => byPartition((partition) => {
          if (partition.key === "2026-11-03" && !existsSync(here("mended"))) throw new Error("the third is broken");
          return [{ day: partition.key, n: 1 }];
        }),
      });
      export default define({ assets: [ranged] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "ranged", partitions: day("2026-11-01..2026-11-04") });
  const { status, planned } = await instance.ended(run);
  assert.deepEqual({ status, planned }, { status: "failed", planned: 1 });
  const made = async () =>
    (await listPartitions(instance.db, "ranged", { limit: 10 }))
      .filter(({ version }) => version !== null)
      .map(({ partition }) => partition);
  assert.deepEqual(await made(), ["2026-11-01T23:00:00Z", "2026-10-31T23:00:00Z"]);

  await instance.project.write("mended", "");
  await instance.ended(await retryRun(instance.db, run));
  assert.equal((await made()).length, 4);
});

test("outputs of one computation are each kept, and one that is not given skips what reads it", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const split = multiAsset({
        outputs: {
          even: output({ key: "even", schema, output: jsonLines("even") }),
          odd: output({ key: "odd", schema, output: jsonLines("odd"), optional: true }),
        },
        partitions: days,
        materialize: (ctx) => ({ even: [{ day: ctx.partition.key, n: 2 }] }),
      });
      export const belowEven = asset({ key: "below_even", partitions: days, deps: { even: split.even }, materialize: () => undefined });
      export const belowOdd = asset({ key: "below_odd", partitions: days, deps: { odd: split.odd }, materialize: () => undefined });
      export default define({ assets: [split, belowEven, belowOdd] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: day("2026-11-01") });
  const { status, succeeded, skipped } = await instance.ended(run);
  assert.deepEqual({ status, succeeded, skipped }, { status: "succeeded", succeeded: 2, skipped: 1 });
  const skippedStep = (await stepsOf(instance, run)).find((step) => step.status === "skipped");
  assert.deepEqual([skippedStep?.name, skippedStep?.deferredReason], ["below_odd", "odd was not given"]);
});

test("a worker killed with -9 in the middle of a step: another makes it, once, within seconds", async () => {
  await using instance = await testInstance({ "iroko.config.ts": waiting });
  await instance.deploy();
  const victim = spawn(
    process.execPath,
    ["--conditions=@iroko/source", join(import.meta.dirname, "../support/worker-process.ts")],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        TEST_DATABASE_URL: instance.databaseUrl,
        TEST_PROJECT: instance.project.folder,
        TEST_LOCATION: location,
      },
    },
  );
  const run = await instance.submit({ select: "slow", partitions: day("2026-11-01") });
  await waitFor("the victim to run the step", async () => (await runProgress(instance.db, run))?.running === 1, {
    seconds: 30,
  });
  const [before] = await listWorkers(instance.db);
  await instance.startWorker({ slots: 1 });
  const killedAt = performance.now();
  victim.kill("SIGKILL");
  await once(victim, "exit");
  const [taken] = await waitFor("another worker to run it", async () => {
    const steps = await stepsOf(instance, run);
    return steps[0]?.status === "running" && steps[0].worker !== before?.id && steps;
  });
  const seconds = (performance.now() - killedAt) / 1000;
  await instance.project.write("go", "");
  const { status } = await instance.ended(run);
  assert.equal(status, "succeeded");
  assert.deepEqual([taken?.lostAttempts, taken?.attempt], [1, 2]);
  assert.equal((await listPartitions(instance.db, "slow", { limit: 1 }))[0]?.version, 1, "committed once");
  assert.ok(seconds < 10, `taken over after ${seconds.toFixed(1)} s`);
});

test("what a step says it has really read of an external asset is what staleness compares with", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      import { externalAsset } from "@iroko/core";
      const source = externalAsset({ key: "source", partitions: days, observe: (ctx) => ctx.partitions.map((partition) => ({
        partition, dataVersion: existsSync(here("more")) && partition.key === "2026-11-02" ? "three rows" : "two rows" })) });
      export const copy = asset({
        key: "copy", partitions: days, deps: { source },
        materialize: (ctx) => ({ dataVersion: "copy of " + ctx.partition.key, sourceVersions: { source: "two rows" } }),
      });
      export default define({ assets: [source, copy] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  await instance.ended(await instance.submit({ select: "copy", partitions: day("2026-11-01..2026-11-03") }));
  const stale = async () => {
    await instance.ended(await instance.submit({ select: "source", partitions: day("2026-11-01..2026-11-03") }));
    const run = await instance.submit({ select: "copy", partitions: { kind: "stale" } });
    return (await stepsOf(instance, run)).map(({ windows }) => windows);
  };
  assert.deepEqual(await stale(), [], "the first observation says what was read");
  await instance.project.write("more", "");
  assert.deepEqual(await stale(), ['{["2026-11-01 23:00:00+00","2026-11-02 23:00:00+00")}']);
});

test("a retry after mending the code is run by the mended code", async () => {
  const project = (body: string) => `${head}
    export const broken = asset({
      key: "broken", partitions: days, schema, output: jsonLines("broken"), retry: retryPolicy({ maxRetries: 0 }),
      materialize: (ctx) => { ${body} },
    });
    export default define({ assets: [broken] });
  `;
  await using instance = await testInstance({ "iroko.config.ts": project(`throw new Error("a mistake");`) });
  await instance.deploy();
  const old = await instance.startWorker();
  const run = await instance.submit({ select: "broken", partitions: day("2026-11-01..2026-11-02") });
  assert.equal((await instance.ended(run)).failed, 2);

  await instance.project.write("iroko.config.ts", project(`return [{ day: ctx.partition.key, n: 1 }];`));
  await instance.deploy();
  await old.drain(0);
  await instance.startWorker();
  const again = await instance.ended(await retryRun(instance.db, run));
  assert.deepEqual([again.status, again.succeeded], ["succeeded", 2]);
});
