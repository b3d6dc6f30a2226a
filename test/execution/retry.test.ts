/** Runs repeated in part: of a selection, of some partitions; what else they read is there as it is. */
import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { test } from "node:test";
import {
  getRun,
  listSteps,
  materializationsOf,
  retryRun,
  type RetryOptions,
  type RunProgress,
} from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

const definitions = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, assetCheck, daily, define, fixed, multi, multiAsset, output, retryPolicy, byPartition } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-05", timezone: "UTC" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const body = { partitions: days, schema, retry: retryPolicy({ maxRetries: 0 }) };
  const each = () => byPartition(() => [{ n: 1 }]);
  const out = (key) => output({ key, schema, output: jsonLines(key) });
  export const raw = asset({ ...body, key: "raw", output: jsonLines("raw"), materialize: () => [{ n: Number(readFileSync(here("n"), "utf8")) }] });
  export const halves = multiAsset({
    partitions: days, deps: { raw }, retry: body.retry, outputs: { left: out("left"), right: out("right") },
    async materialize(ctx) {
      if (existsSync(here("broken"))) throw new Error("broken");
      const rows = await Array.fromAsync(ctx.deps.raw.rows());
      return { left: rows, right: rows };
    },
  });
  export const total = asset({ ...body, key: "total", deps: { left: halves.left }, output: jsonLines("total"), materialize: (ctx) => ctx.deps.left.rows() });
  export const ranged = asset({ ...body, key: "ranged", backfill: "range", output: jsonLines("ranged"), materialize: each });
  export const shops = asset({ ...body, key: "shops", backfill: "range", partitions: multi({ day: days, shop: fixed(["A", "B"]) }), output: jsonLines("shops"), materialize: each });
  const looks = assetCheck({ asset: raw, name: "looks", run: () => ({ passed: true }) });
  export default define({ assets: [raw, halves, total, ranged, shops], checks: [looks] });
`;

const all = { kind: "text" as const, text: "all" };

async function setup(): Promise<TestInstance> {
  const instance = await testInstance({ "iroko.config.ts": definitions, n: "1", broken: "" });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  return instance;
}

/** Retries, waits, and says what each step of it was about: `halves 02,03`. */
async function retried(instance: TestInstance, run: string, options: RetryOptions): Promise<readonly string[]> {
  const again = await retryRun(instance.db, run, options);
  assert.equal((await instance.ended(again)).status, "succeeded");
  const made = await materializationsOf(instance.db, again);
  const steps = await listSteps(instance.db, again, { limit: 100 });
  assert.equal((await getRun(instance.db, again))?.planned, steps.length);
  return steps.map(({ n, name }) => {
    const days = made.flatMap((row) => (row.n === n ? [row.partition.replaceAll(/2026-11-|T00:00:00Z/g, "")] : []));
    return [name, [...new Set(days)].toSorted().join(",")].join(" ").trim();
  });
}

const shown = (instance: TestInstance, name: string): Promise<string> =>
  readFile(instance.project.file(`store/${name}.jsonl`), "utf8");

const outcome = ({ status, succeeded, failed, skipped }: RunProgress) => ({ status, succeeded, failed, skipped });

test("a selection of what did not succeed is repeated, by its partitions, and reads the rest as it is", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "+total", partitions: all });
  assert.deepEqual(outcome(await instance.ended(run)), { status: "failed", succeeded: 8, failed: 4, skipped: 4 });
  await rm(instance.project.file("broken"));
  await instance.project.write("n", "2");

  assert.deepEqual(await retried(instance, run, { select: "left", partitions: "2026-11-02" }), ["left+right 02"]);
  assert.equal(await shown(instance, "left/2026-11-02"), '{"n":1}\n', "raw is as it was");
  assert.deepEqual(await retried(instance, run, { select: "total", partitions: "2026-11-02" }), ["total 02"]);
  assert.deepEqual(await retried(instance, run, { select: "left+", partitions: "last:2" }), [
    "left+right 03",
    "total 03",
    "left+right 04",
    "total 04",
  ]);
  assert.deepEqual(await retried(instance, run, { partitions: "2026-11-01" }), ["left+right 01", "total 01"]);
  assert.deepEqual((await getRun(instance.db, run))!.selection, "+total", "the run that is repeated stays as it was");
});

test("from the start, what has succeeded is repeated too, with the checks of what is selected", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "raw", partitions: all });
  assert.equal((await instance.ended(run)).status, "succeeded");
  await instance.project.write("n", "2");
  const some = { select: "raw", partitions: "2026-11-03" };
  assert.deepEqual(await retried(instance, run, { ...some, fromStart: true }), ["raw 03", "raw:looks"]);
  assert.equal(await shown(instance, "raw/2026-11-03"), '{"n":2}\n');
  assert.equal(await shown(instance, "raw/2026-11-02"), '{"n":1}\n');
  await assert.rejects(retryRun(instance.db, run, some), {
    code: "RUN_SUCCEEDED",
    hint: `To make it again: iroko runs retry ${run} --select raw --partitions 2026-11-03 --from-start`,
  });
});

test("of a step over a range or several dimensions, only what is asked for is repeated", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "ranged or shops", partitions: all });
  assert.equal((await instance.ended(run)).succeeded, 2);
  const fromStart = true;
  assert.deepEqual(
    await retried(instance, run, { select: "ranged", partitions: "2026-11-02..2026-11-03", fromStart }),
    ["ranged 02,03"],
  );
  assert.deepEqual(await retried(instance, run, { select: "shops", partitions: "day=2026-11-02,shop=B", fromStart }), [
    "shops day=02|shop=B",
  ]);
  // Nothing of the other one belongs to it.
  assert.deepEqual(await retried(instance, run, { partitions: "2026-11-02", fromStart }), ["ranged 02"]);
});

test("a selection that cannot be, or has nothing to repeat, is refused, and nothing is submitted", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "+left", partitions: all });
  await instance.ended(run);
  const refused = (options: RetryOptions, expected: object): Promise<void> =>
    assert.rejects(retryRun(instance.db, run, options), expected);
  await refused({ select: "rw" }, { code: "ASSET_NOT_FOUND", hint: /"raw"/, place: { column: 1 } });
  await refused({ select: "left or (raw" }, { code: "SELECTION_SYNTAX", place: { column: 13 } });
  await refused({ select: "left and raw" }, { code: "SELECTION_EMPTY" });
  await refused({ partitions: "2026-13-01" }, { code: "PARTITION_FORMAT" });
  await refused({ partitions: "2026-12-01" }, { code: "PARTITION_NOT_FOUND" });
  await refused(
    { select: "ranged" },
    { code: "RETRY_SELECTION", message: `Run ${run} has nothing of the selection "ranged".`, hint: /raw/ },
  );
  await refused(
    { select: "raw", partitions: "2026-11-02" },
    {
      code: "RETRY_SELECTION",
      message: `Run ${run} has no step that did not succeed of the selection "raw" and the partitions "2026-11-02".`,
      hint: `To make again what has succeeded: iroko runs retry ${run} --select raw --partitions 2026-11-02 --from-start`,
    },
  );
  // As one that was canceled while a long plan was being expanded.
  await instance.db.query("update iroko.run set planned = planned + 3, expanded = expanded + 3 where id = $1", [run]);
  await refused({ select: "left" }, { code: "RETRY_SELECTION", message: /before its last 3 steps were there/ });
  assert.equal((await instance.db.query("select from iroko.run")).rowCount, 1);
});

test("parts with partitions of their own are repeated as they are, and not their product", async () => {
  await using instance = await setup();
  const run = await instance.submit({ select: "raw or ranged or shops", partitions: all });
  await instance.ended(run);
  const only = [
    { select: "raw", partitions: "2026-11-02" },
    { select: "ranged", partitions: "2026-11-01" },
    { select: "ranged", partitions: "2026-11-03..2026-11-04" },
  ];
  const made = await retried(instance, run, { only, fromStart: true });
  assert.deepEqual(made.toSorted(), ["ranged 01,03,04", "raw 02", "raw:looks"]);
  const whole = [{ select: "raw" }, { select: "ranged", partitions: "2026-11-01" }];
  const again = await retryRun(instance.db, run, { only: whole, fromStart: true });
  await instance.ended(again);
  const told = await getRun(instance.db, again);
  assert.deepEqual([told?.selection, told?.partitions], ["raw or ranged", "raw; 2026-11-01 of ranged"]);
  await assert.rejects(retryRun(instance.db, run, { only: [{ select: "left" }], fromStart: true }), {
    code: "RETRY_SELECTION",
    message: `Run ${run} has nothing of the selection "left".`,
  });
});
