/** A schema that changed: what can still be read is, what cannot fails with the command that mends it, told beforehand. */
import assert from "node:assert/strict";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { PlanReport, PlanRequest } from "@iroko/core";
import {
  listPartitions,
  listSteps,
  planRequest,
  readMoment,
  readPlanReport,
  refreshSummaries,
  retryRun,
} from "@iroko/core/engine";
import { testInstance, type TestInstance } from "../support/test-instance.ts";

const definitions = (till: string, extra = ""): string => `
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { parquet, sqlAsset } from "@iroko/assets";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  export const raw = asset({
    key: "raw", partitions: days, schema: z.object({ n: z.int(), ${till} }), output: parquet({ path: "raw" }),
    codeVersion: "1", ${extra} materialize: () => [{ n: 1, ${till === "" ? "" : `till: "A"`} }],
  });
  export const totals = sqlAsset({
    key: "totals", partitions: days, schema: z.object({ lacking: z.int() }), deps: { raw }, backfill: "range", codeVersion: "1",
    sql: "select count(*) filter (where ${till === "" ? "true" : "till is null"}) as lacking from raw", metrics: "select lacking from self",
  });
  export default define({ assets: [raw, totals] });
`;
const [before, nullable, breaking] = ["", "till: z.string().nullable()", "till: z.string()"].map((till) =>
  definitions(till),
) as [string, string, string];

const days = (select: string, text: string): PlanRequest => ({ select, partitions: { kind: "text", text } });

async function reported({ db, deploy }: TestInstance, request: PlanRequest): Promise<PlanReport> {
  const { snapshot } = await deploy();
  const now = await readMoment(db, snapshot, Temporal.Now.instant());
  const plan = await planRequest(db, snapshot, request, now);
  return await readPlanReport(db, { plan, snapshot, request, now });
}

const errorsOf = async ({ db }: TestInstance, run: string) =>
  (await listSteps(db, run, { limit: 10 })).map(({ error }) => error);

async function made(instance: TestInstance, request: PlanRequest): Promise<string> {
  const run = await instance.submit(request);
  assert.equal((await instance.ended(run)).status, "succeeded", JSON.stringify(await errorsOf(instance, run)));
  return run;
}

/** Registers other definitions, for a worker that has them. */
async function changed(instance: TestInstance, text: string) {
  await instance.project.write("iroko.config.ts", text);
  await instance.deploy();
  return await instance.startWorker();
}

test("an added nullable column reads as NULL, and what was written before it is stale, not broken", async () => {
  await using instance = await testInstance({ "iroko.config.ts": before });
  await instance.deploy();
  const worker = await instance.startWorker();
  await made(instance, days("*", "2026-11-01..2026-11-02"));
  await worker.drain(10);
  await changed(instance, nullable);
  const { history } = await reported(instance, days("totals", "2026-11-01..2026-11-02"));
  assert.deepEqual(history, [
    {
      asset: "raw",
      partitions: "2026-11-01..2026-11-02",
      count: 2,
      reasons: ["its schema changed"],
      breaking: null,
      planned: false,
      fails: [],
      command: "iroko backfill --select raw --partitions 2026-11-01..2026-11-02",
    },
  ]);
  await made(instance, days("raw", "2026-11-02"));
  await made(instance, days("totals", "2026-11-01..2026-11-02"));
  const partitions = await listPartitions(instance.db, "totals", { limit: 5 });
  assert.deepEqual(
    partitions.map(({ partition, metadata }) => [partition, metadata?.["lacking"]]),
    [
      ["2026-11-01T23:00:00Z", { type: "int", value: 0 }],
      ["2026-10-31T23:00:00Z", { type: "int", value: 1 }],
    ],
  );
});

test("a breaking change fails the reader, as the plan said, until the command of the error has been run; then a retry succeeds", async () => {
  await using instance = await testInstance({ "iroko.config.ts": before });
  await instance.deploy();
  let worker = await instance.startWorker();
  await made(instance, days("*", "2026-11-01..2026-11-04"));
  await worker.drain(10);
  // What was stale already, though it could be read, is told to break as well.
  worker = await changed(instance, nullable);
  await made(instance, days("raw", "2026-11-03"));
  await worker.drain(10);
  await changed(instance, breaking);

  const asked = days("totals", "2026-11-01..2026-11-03");
  const told = async () => (await reported(instance, asked)).history.filter((one) => one.breaking !== null);
  const [first, second, ...others] = await told();
  assert.deepEqual(
    [first, second].map((one) => [one?.asset, one?.partitions, one?.planned, one?.breaking, one?.fails]),
    [
      [
        "raw",
        "2026-11-01..2026-11-02",
        false,
        'column "till" is new and not nullable',
        [{ asset: "totals", partitions: "2026-11-01..2026-11-02" }],
      ],
      [
        "raw",
        "2026-11-03",
        false,
        'column "till" can no longer be null',
        [{ asset: "totals", partitions: "2026-11-03" }],
      ],
    ],
  );
  assert.deepEqual(others, []);
  const behind = await told();
  await refreshSummaries(instance.db);
  assert.deepEqual(await told(), behind, "the same by the summary as by the partitions themselves");

  // It is told before anything is read: nothing of what cannot be read needs to be there.
  const store = instance.project.file("store");
  await rename(join(store, "_v"), join(store, "_away"));
  const run = await instance.submit(asked);
  assert.equal((await instance.ended(run)).status, "failed");
  await rename(join(store, "_away"), join(store, "_v"));
  const [error] = await errorsOf(instance, run);
  assert.equal(error?.code, "SCHEMA_OLD");
  assert.match(error?.message ?? "", /^Asset "raw", partition "2026-11-01", was written with an older schema/);
  const command = /: iroko backfill --select (\S+) --partitions (\S+)$/.exec(error.hint ?? "");
  assert.deepEqual(command?.slice(1), ["raw", "2026-11-01"]);

  const mending = await reported(instance, { select: "raw", partitions: { kind: "stale" } });
  assert.deepEqual(
    mending.history.map(({ partitions, planned, fails, command: none }) => [partitions, planned, fails, none]),
    [
      ["2026-11-01..2026-11-02, 2026-11-04", true, [], null],
      ["2026-11-03", true, [], null],
    ],
  );
  await made(instance, { select: "raw", partitions: { kind: "stale", within: "2026-11-01..2026-11-03" } });
  const again = await retryRun(instance.db, run);
  assert.equal((await instance.ended(again)).status, "succeeded", "it reads what has been made again");
});

test("what builds on its own earlier version cannot be mended by a backfill, and the plan and the error say so", async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions("", "readsPrevious: true,") });
  await instance.deploy();
  const worker = await instance.startWorker();
  await made(instance, days("raw", "2026-11-01"));
  await worker.drain(10);
  await changed(instance, definitions("till: z.string()", "readsPrevious: true,"));
  const { history } = await reported(instance, days("raw", "2026-11-01"));
  assert.deepEqual(
    history.map(({ planned, fails }) => [planned, fails]),
    [[true, [{ asset: "raw", partitions: "2026-11-01" }]]],
  );
  const run = await instance.submit(days("raw", "2026-11-01"));
  assert.equal((await instance.ended(run)).status, "failed");
  const [error] = await errorsOf(instance, run);
  assert.equal(error?.code, "SCHEMA_OLD");
  assert.match(error.hint ?? "", /add columns as nullable/);
});
