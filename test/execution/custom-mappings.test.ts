/** Mappings by a user's function, from a plan beside the database to a step: asked where the code is, and never twice. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { IrokoError, type PlanRequest } from "@iroko/core";
import {
  askMappings,
  evaluateSchedules,
  listSteps,
  listTicks,
  loadSnapshot,
  mappingEvaluator,
  planRequest,
  readMoment,
  submitRun,
  type Location,
  type MappingSource,
} from "@iroko/core/engine";
import { location as name, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

/** Rates are made on workdays; each day is made from the last workday up to it. Every call of the function is noted. */
const files = {
  asked: "",
  "iroko.config.ts": `
    import { appendFileSync } from "node:fs";
    import { z } from "zod";
    import { asset, customMapping, daily, define, dep, job, schedule } from "@iroko/core";
    import { jsonLines } from "./json-lines.ts";
    const days = daily({ start: "2026-11-02", timezone: "Africa/Lagos" });
    const schema = z.object({ day: z.string() });
    const lastWorkday = customMapping(days, ({ key }) => {
      appendFileSync(new URL("asked", import.meta.url), key + "\\n");
      if (key === "2026-11-19") throw new RangeError("no rates on the 19th");
      const date = Temporal.PlainDate.from(key);
      return date.subtract({ days: Math.max(0, date.dayOfWeek - 5) }).toString();
    });
    export const rates = asset({ key: "rates", partitions: days, schema, output: jsonLines("rates"), materialize: (ctx) => [{ day: ctx.partition.key }] });
    export const sales = asset({ key: "sales", partitions: days, schema, output: jsonLines("sales"), deps: { rates: dep(rates, { map: lastWorkday }) },
      materialize: (ctx) => ctx.deps.rates.rows() });
    const nightly = job({ key: "nightly", select: "rates or sales" });
    export default define({ assets: [rates, sales], jobs: [nightly],
      schedules: [schedule({ key: "nightly", job: nightly, cron: "0 2 * * *", timezone: "Africa/Lagos" })] });
  `,
};
const now = Temporal.Instant.from("2026-11-18T05:00:00Z");
const week: PlanRequest = { select: "rates or sales", partitions: { kind: "text", text: "2026-11-02..2026-11-08" } };

async function submit(instance: TestInstance, at: Location, request: PlanRequest, source: Partial<MappingSource> = {}) {
  const moment = await readMoment(instance.db, at.snapshot, now);
  const plan = await askMappings({ db: instance.db, location: name, ...source }, () =>
    planRequest(instance.db, at.snapshot, request, moment),
  );
  return submitRun(instance.db, {
    location: at,
    plan,
    selection: request.select,
    partitions: "",
    asOf: moment,
    trigger: "cli",
  });
}

const asked = async (instance: TestInstance) =>
  (await readFile(instance.project.file("asked"), "utf8")).split("\n").filter((line) => line !== "");

test("a live worker answers for the plan, the steps read what the function says, and nothing is asked twice", async () => {
  await using instance = await testInstance(files);
  const at = await instance.deploy();
  const [mapping] = at.snapshot.computes.flatMap(({ deps }) => deps.map((dep) => dep.mapping));
  assert.deepEqual(Object.keys(mapping!), ["hash", "kind", "subject"]);
  await instance.startWorker();
  const run = await submit(instance, at, week);
  assert.equal((await instance.ended(run)).status, "succeeded");
  const steps = await listSteps(instance.db, run, { limit: 100 });
  assert.equal(steps.filter(({ name: step }) => step === "sales").length, 7);
  const read = async (day: string) =>
    readFile(new URL(`store/sales/${day}.jsonl`, `file://${instance.project.folder}/`), "utf8");
  assert.deepEqual(
    [await read("2026-11-05"), await read("2026-11-08")].map((text) => JSON.parse(text) as unknown),
    [{ day: "2026-11-05" }, { day: "2026-11-06" }],
  );
  const before = await asked(instance);
  assert.equal(new Set(before).size, before.length);
  await instance.ended(await submit(instance, at, week));
  assert.deepEqual(await asked(instance), before);
});

test("without a live worker a plan says at once which location has none, and where the code is at hand it needs none", async () => {
  await using instance = await testInstance(files);
  const at = await instance.deploy();
  await assert.rejects(submit(instance, at, week), (error) => {
    assert.ok(error instanceof IrokoError);
    assert.equal(error.code, "MAPPING_UNANSWERED");
    assert.match(error.message, /^asset "sales", deps\.rates is mapped by a function .* location "test"/);
    assert.match(error.hint!, /iroko worker --location test/);
    return true;
  });
  const evaluator = mappingEvaluator({ module: instance.project.file("iroko.config.ts") });
  try {
    assert.match(await submit(instance, at, week, { evaluator }), /^[0-9a-f-]{36}$/);
  } finally {
    await evaluator.close();
  }
});

test("a function that throws refuses the plan, with its place", async () => {
  await using instance = await testInstance(files);
  const at = await instance.deploy();
  await instance.startWorker();
  const later = Temporal.Instant.from("2026-11-21T05:00:00Z");
  const request: PlanRequest = { select: "sales", partitions: { kind: "text", text: "2026-11-19" } };
  const moment = await readMoment(instance.db, at.snapshot, later);
  await assert.rejects(
    askMappings({ db: instance.db, location: name }, () => planRequest(instance.db, at.snapshot, request, moment)),
    (error) => {
      assert.ok(error instanceof IrokoError);
      assert.equal(error.code, "MAPPING_FAILED");
      assert.match(
        error.message,
        /asset "sales", deps\.rates threw RangeError: no rates on the 19th for the partition "2026-11-19"/,
      );
      assert.match(error.place?.file ?? "", /iroko\.config\.ts$/);
      assert.equal(error.place?.line, 10);
      return true;
    },
  );
});

test("a step whose answers have been forgotten has them given by its own worker", async () => {
  await using instance = await testInstance(files);
  const at = await instance.deploy();
  const evaluator = mappingEvaluator({ module: instance.project.file("iroko.config.ts") });
  try {
    const run = await submit(instance, at, week, { evaluator });
    await instance.db.query("delete from iroko.mapping_answer");
    await instance.startWorker();
    assert.equal((await instance.ended(run)).status, "succeeded");
  } finally {
    await evaluator.close();
  }
});

test("a tick waits for a worker that answers, and is planned then", async () => {
  await using instance = await testInstance(files);
  await instance.deploy();
  const evaluate = (time: string) => evaluateSchedules({ db: instance.db, now: () => Temporal.Instant.from(time) });
  await evaluate("2026-11-17T05:00:00Z");
  await evaluate("2026-11-18T05:00:00Z");
  const status = async () => (await listTicks(instance.db, { location: name }, 1))[0]?.status;
  assert.equal(await status(), "started");
  await instance.startWorker();
  await waitFor("the tick to be planned", async () => {
    await evaluate("2026-11-18T05:00:10Z");
    return (await status()) === "requested";
  });
});

test("one function around other values is a mapping of its own", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `
      import { asset, customMapping, daily, define, dep } from "@iroko/core";
      const days = daily({ start: "2026-11-02", timezone: "Africa/Lagos" });
      const back = (n) => customMapping(days, ({ key }) => Temporal.PlainDate.from(key).subtract({ days: n }).toString());
      export const a = asset({ key: "a", partitions: days, materialize: () => {} });
      export const b = asset({ key: "b", partitions: days, deps: { one: dep(a, { map: back(1) }), two: dep(a, { map: back(2) }) }, materialize: () => {} });
      export default define({ assets: [a, b] });
    `,
  });
  const snapshot = await loadSnapshot(instance.project.file("iroko.config.ts"));
  const hashes = snapshot.computes.flatMap(({ deps }) =>
    deps.map(({ mapping }) => mapping.kind === "custom" && mapping.hash),
  );
  assert.equal(new Set(hashes).size, 2);
});
