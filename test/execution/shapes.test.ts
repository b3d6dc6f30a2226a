/** The shapes that graphs take: partitions of unlike kinds, weak arrows, gates, checks, observations. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { listCheckResults, listEvents, listPartitions, listSteps, type RunProgress } from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

const head = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { allPartitions, asset, assetCheck, byPartition, daily, define, dep, externalAsset, hourly, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const number = (name) => Number(readFileSync(here(name), "utf8"));
  const none = retryPolicy({ maxRetries: 0 });
  const sum = async (relation) => { let n = 0; for await (const row of relation.rows()) n += row.n; return [{ n }]; };
`;

const day = (text: string) => ({ kind: "text" as const, text });
const whole = { kind: "unspecified" as const };
const stepsOf = (instance: TestInstance, run: string) => listSteps(instance.db, run, { limit: 1000 });
const outcomes = async (instance: TestInstance, run: string) =>
  Object.fromEntries((await stepsOf(instance, run)).map(({ name, status, outcome }) => [name, outcome ?? status]));
const counts = ({ status, succeeded, failed, skipped }: RunProgress) => ({ status, succeeded, failed, skipped });

test("what was remade and came out as it was leaves what is below unchanged, without running it", async () => {
  await using instance = await testInstance({
    n: "1",
    "iroko.config.ts": `${head}
      export const source = externalAsset({ key: "source", observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: readFileSync(here("version"), "utf8") })) });
      export const top = asset({ key: "top", schema, output: jsonLines("top"), deps: { source }, materialize: () => [{ n: number("n") }] });
      export const below = asset({ key: "below", schema, output: jsonLines("below"), deps: { top }, materialize: (ctx) => sum(ctx.deps.top) });
      export default define({ assets: [source, top, below] });
    `,
    version: "a",
  });
  await instance.deploy();
  await instance.startWorker();
  await instance.ended(await instance.submit({ select: "source", partitions: whole }));
  await instance.ended(await instance.submit({ select: "top or below", partitions: whole }));
  await instance.project.write("version", "b");
  await instance.ended(await instance.submit({ select: "source", partitions: whole }));
  const run = await instance.submit({ select: "top or below", partitions: { kind: "stale" } });
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.deepEqual(await outcomes(instance, run), { top: "made", below: "unchanged" });
  assert.equal((await listPartitions(instance.db, "below", { limit: 1 }))[0]?.version, 1);

  await instance.project.write("version", "c");
  await instance.project.write("n", "2");
  await instance.ended(await instance.submit({ select: "source", partitions: whole }));
  const changed = await instance.submit({ select: "top or below", partitions: { kind: "stale" } });
  await instance.ended(changed);
  assert.deepEqual(await outcomes(instance, changed), { top: "made", below: "made" });
  const observations = (await listEvents(instance.db, { asset: "source" }, { limit: 10 })).map(({ type }) => type);
  assert.deepEqual(observations, ["observation", "observation", "observation"]);
  assert.equal((await listPartitions(instance.db, "source", { limit: 1 }))[0]?.dataVersion, "c");
});

test("a weak dependency waits for the end of what it reads, and runs whatever that end is", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const top = asset({ key: "top", schema, output: jsonLines("top"), retry: none, materialize() { throw new Error("no"); } });
      export const middle = asset({ key: "middle", schema, output: jsonLines("middle"), deps: { top }, materialize: (ctx) => sum(ctx.deps.top) });
      export const weak = asset({ key: "weak", schema, output: jsonLines("weak"), deps: { middle: dep(middle, { weak: true }) }, materialize: (ctx) => sum(ctx.deps.middle) });
      export const last = asset({ key: "last", schema, output: jsonLines("last"), deps: { weak }, materialize: (ctx) => sum(ctx.deps.weak) });
      export default define({ assets: [top, middle, weak, last] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: whole });
  assert.deepEqual(counts(await instance.ended(run)), { status: "failed", succeeded: 2, failed: 1, skipped: 1 });
  assert.deepEqual(await outcomes(instance, run), { top: "failed", middle: "skipped", weak: "made", last: "made" });
});

test("many days that each read all days stand behind a gate; where one of them fails, all are skipped", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const each = asset({ key: "each", partitions: days, schema, output: jsonLines("each"), retry: none,
        materialize(ctx) { if (existsSync(here("broken")) && ctx.partition.key === "2026-11-03") throw new Error("no"); return [{ n: 1 }]; } });
      export const share = asset({ key: "share", partitions: days, schema, output: jsonLines("share"), deps: { each: dep(each, { map: allPartitions }) }, materialize: (ctx) => sum(ctx.deps.each) });
      export const weak = asset({ key: "weak", partitions: days, schema, output: jsonLines("weak"), deps: { each: dep(each, { map: allPartitions, weak: true }) }, materialize: (ctx) => sum(ctx.deps.each) });
      export default define({ assets: [each, share, weak] });
    `,
  });
  const now = Temporal.Instant.from("2026-11-05T12:00:00Z");
  await instance.deploy();
  await instance.startWorker();
  await instance.project.write("broken", "");
  const broken = await instance.submit({ select: "*", partitions: day("2026-11-01..2026-11-04") }, now);
  // Each of the four days and their gate; the weak gate ends well.
  assert.deepEqual(counts(await instance.ended(broken)), {
    status: "failed",
    succeeded: 3 + 4 + 1,
    failed: 1,
    skipped: 5,
  });
  await rm(instance.project.file("broken"));
  const run = await instance.submit({ select: "each or share", partitions: day("2026-11-01..2026-11-04") }, now);
  assert.deepEqual(counts(await instance.ended(run)), { status: "succeeded", succeeded: 9, failed: 0, skipped: 0 });
  const shares = await listPartitions(instance.db, "share", { limit: 10 });
  assert.deepEqual(
    shares.map(({ inputs }) => Object.keys(inputs?.["each"] ?? {}).length),
    [4, 4, 4, 4],
  );
});

test("a check between assets keeps back what is below when it blocks, and only tells when it does not", async () => {
  await using instance = await testInstance({
    n: "-1",
    "iroko.config.ts": `${head}
      export const top = asset({ key: "top", schema, output: jsonLines("top"), materialize: () => [{ n: number("n") }] });
      export const positive = assetCheck({ name: "positive", asset: top, blocking: true, async run(ctx) {
        const [{ n }] = await sum(ctx.deps.self);
        return { passed: n > 0, message: "it is " + n };
      } });
      export const even = assetCheck({ name: "even", asset: top, blocking: false, severity: "warn", async run(ctx) {
        const [{ n }] = await sum(ctx.deps.self);
        return { passed: n % 2 === 0 };
      } });
      export const below = asset({ key: "below", schema, output: jsonLines("below"), deps: { top }, materialize: (ctx) => sum(ctx.deps.top) });
      export default define({ assets: [top, below], checks: [positive, even] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: whole });
  assert.deepEqual(counts(await instance.ended(run)), { status: "failed", succeeded: 2, failed: 1, skipped: 1 });
  assert.deepEqual(await outcomes(instance, run), {
    top: "made",
    "top:positive": "failed",
    "top:even": "made",
    below: "skipped",
  });
  assert.equal((await listPartitions(instance.db, "top", { limit: 1 }))[0]?.version, 1, "a check undoes no commit");
  const results = await listCheckResults(instance.db, "top");
  assert.deepEqual(
    results.map(({ name, passed }) => [name, passed]),
    [
      ["even", false],
      ["positive", false],
    ],
  );
  await instance.project.write("n", "1");
  const better = await instance.submit({ select: "*", partitions: whole });
  assert.deepEqual(counts(await instance.ended(better)), { status: "succeeded", succeeded: 4, failed: 0, skipped: 0 });
});

test("one day of everything: the table above all is made once, first, and left alone when nothing has changed", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      export const merchants = asset({ key: "merchants", schema, output: jsonLines("merchants"), materialize: () => [{ n: 1 }] });
      export const hours = asset({ key: "hours", partitions: hourly({ start: "2026-11-01-00:00", timezone: "Africa/Lagos" }), schema, output: jsonLines("hours"), deps: { merchants }, materialize: () => [{ n: 1 }] });
      export const daysum = asset({ key: "daysum", partitions: days, schema, output: jsonLines("daysum"), deps: { hours, merchants }, materialize: (ctx) => sum(ctx.deps.hours) });
      export default define({ assets: [merchants, hours, daysum] });
    `,
  });
  const now = Temporal.Instant.from("2026-11-05T12:00:00Z");
  await instance.deploy();
  await instance.startWorker();
  const first = await instance.submit({ select: "*", partitions: day("2026-11-02") }, now);
  assert.deepEqual(counts(await instance.ended(first, 60)), {
    status: "succeeded",
    succeeded: 26,
    failed: 0,
    skipped: 0,
  });
  const steps = await stepsOf(instance, first);
  const times = steps.toSorted((a, b) => Temporal.Instant.compare(a.startedAt!, b.startedAt!)).map(({ name }) => name);
  assert.deepEqual([times[0], times.at(-1)], ["merchants", "daysum"]);
  const second = await instance.submit({ select: "*", partitions: day("2026-11-03") }, now);
  assert.equal((await instance.ended(second, 60)).succeeded, 25, "without the table");
  assert.equal((await listPartitions(instance.db, "merchants", { limit: 1 }))[0]?.version, 1);
});

test("a range step is tried again for what is left of it", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      const calls = [];
      export const ranged = asset({
        key: "ranged", partitions: days, schema, output: jsonLines("ranged"), backfill: "range",
        retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01 }),
        materialize(ctx) {
          console.log(ctx.partitions.map(({ key }) => key).join(" "));
          return byPartition((partition) => {
            if (partition.key === "2026-11-04" && ctx.attempt === 1) throw new Error("the last is broken");
            return [{ n: Number(partition.key.slice(-2)) }];
          });
        },
      });
      export default define({ assets: [ranged] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "ranged", partitions: day("2026-11-01..2026-11-04") });
  assert.equal((await instance.ended(run)).status, "succeeded");
  const { rows } = await instance.db.query<{ attempt: number; body: string }>(
    "select attempt, string_agg(body, '' order by seq) as body from iroko.log group by attempt order by attempt",
  );
  assert.deepEqual(
    rows.map(({ body }) => body.trim()),
    ["2026-11-01 2026-11-02 2026-11-03 2026-11-04", "2026-11-04"],
  );
  assert.equal((await listPartitions(instance.db, "ranged", { limit: 10 })).length, 4);
  const transfers = await instance.db.query("select from iroko.transfer");
  assert.equal(transfers.rowCount, 0, "a local store moves nothing over a network");
});

test("of a range of which some partitions were not given, just what reads those is skipped, and says which", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `${head}
      import { multiAsset, output } from "@iroko/core";
      export const split = multiAsset({
        outputs: {
          even: output({ key: "even", schema, output: jsonLines("even") }),
          odd: output({ key: "odd", schema, output: jsonLines("odd"), optional: true }),
        },
        partitions: days, backfill: "range",
        materialize: (ctx) => Object.fromEntries(["even", "odd"].map((name) => [name, byPartition((partition) => {
          const n = Number(partition.key.slice(-2));
          return name === "odd" && n % 2 === 0 ? undefined : [{ n }];
        })])),
      });
      const below = (key, dep) => asset({ key, partitions: days, schema, output: jsonLines(key), deps: { dep }, materialize: (ctx) => sum(ctx.deps.dep) });
      export const single = below("single", split.odd);
      export const under = below("under", single);
      export const week = asset({ key: "week", partitions: days, backfill: "range", deps: { dep: split.odd }, materialize: () => undefined });
      export const total = asset({ key: "total", schema, output: jsonLines("total"), deps: { odd: split.odd }, materialize: (ctx) => sum(ctx.deps.odd) });
      export default define({ assets: [split, single, under, week, total] });
    `,
  });
  await instance.deploy();
  await instance.startWorker();
  const run = await instance.submit({ select: "*", partitions: day("2026-11-01..2026-11-04") });
  const { status, failed } = await instance.ended(run);
  assert.deepEqual({ status, failed }, { status: "succeeded", failed: 0 });
  const steps = await stepsOf(instance, run);
  const told = (name: string) =>
    steps.filter((step) => step.name === name).map((step) => step.deferredReason ?? step.status);
  assert.deepEqual(told("single"), [
    "succeeded",
    "odd@2026-11-02 was not given",
    "succeeded",
    "odd@2026-11-04 was not given",
  ]);
  assert.deepEqual(
    steps.filter((step) => step.name === "under").map((step) => step.status),
    ["succeeded", "skipped", "succeeded", "skipped"],
  );
  assert.deepEqual(told("week"), ["odd@2026-11-02, 2026-11-04 was not given"]);
  const total = await readFile(join(instance.project.folder, "store/total.jsonl"), "utf8");
  assert.deepEqual(JSON.parse(total), { n: 4 });
});
