import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateSchedules, listRuns, listSteps, listTicks, setPaused } from "@iroko/core/engine";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";

const nightly = (cron = "0 2 * * *") => `
  import { asset, daily, define, externalAsset, job, schedule } from "@iroko/core";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const source = externalAsset({
    key: "source", partitions: days,
    observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: "as it was" })),
  });
  const sales = asset({ key: "sales", partitions: days, deps: { source }, materialize: () => undefined });
  const dailyPos = job({ key: "daily_pos", select: "*" });
  export default define({
    assets: [source, sales], jobs: [dailyPos],
    schedules: [schedule({ key: "nightly", job: dailyPos, cron: "${cron}", timezone: "Africa/Lagos" })],
  });
`;

/** Local time in Lagos, far enough in the future that no event is newer. */
const lagos = (local: string) => Temporal.PlainDateTime.from(local).toZonedDateTime("Africa/Lagos").toInstant();

/** Evaluates at one time until every tick begun has become a run, as the loop does second by second. */
async function evaluateAt(instance: TestInstance, local: string): Promise<void> {
  const options = { db: instance.db, now: () => lagos(local) };
  await evaluateSchedules(options);
  for (const { id } of await listRuns(instance.db, { limit: 50, observations: true })) await instance.ended(id);
  await evaluateSchedules(options);
}

/** What each run of the schedule made, oldest first. */
async function asked(instance: TestInstance): Promise<readonly string[]> {
  const runs = (await listRuns(instance.db, { limit: 50 })).toReversed();
  return Promise.all(
    runs.map(async ({ id }) => (await listSteps(instance.db, id, { limit: 50 })).map((step) => step.windows).join(" ")),
  );
}

test("at 02:00 WAT the schedule asks for yesterday, once, after looking at its source", async () => {
  await using instance = await testInstance({ "iroko.config.ts": nightly() });
  await instance.deploy();
  await instance.startWorker();
  await evaluateAt(instance, "2027-03-09T22:00");
  await evaluateAt(instance, "2027-03-10T01:59:59");
  assert.deepEqual(await asked(instance), []);

  await evaluateAt(instance, "2027-03-10T02:00");
  await evaluateAt(instance, "2027-03-10T02:00:01");
  assert.deepEqual(await asked(instance), ['{["2027-03-08 23:00:00+00","2027-03-09 23:00:00+00")}']);
  const observed = (await listRuns(instance.db, { limit: 50, observations: true })).filter(
    ({ trigger }) => trigger === "observe",
  );
  assert.equal(observed.length, 1);
  const [tick] = await listTicks(instance.db, { location }, 10);
  assert.deepEqual([tick?.status, tick?.scheduledFor.toString()], ["requested", "2027-03-10T01:00:00Z"]);
  assert.equal(tick?.partitions, "2027-03-09");
});

test("after two nights without power one run asks for all three days", async () => {
  await using instance = await testInstance({ "iroko.config.ts": nightly() });
  await instance.deploy();
  await instance.startWorker();
  await evaluateAt(instance, "2027-03-09T22:00");
  await evaluateAt(instance, "2027-03-10T02:00");
  await evaluateAt(instance, "2027-03-13T09:30");
  const [, caughtUp = "", ...more] = await asked(instance);
  const starts = [...caughtUp.matchAll(/\["([^"]+)/g)].map(([, start]) => start);
  assert.deepEqual(starts, ["2027-03-09 23:00:00+00", "2027-03-10 23:00:00+00", "2027-03-11 23:00:00+00"]);
  assert.deepEqual(more, []);
});

test("two schedulers at once ask for each window once", async () => {
  await using instance = await testInstance({ "iroko.config.ts": nightly() });
  await instance.deploy();
  await instance.startWorker();
  await evaluateAt(instance, "2027-03-09T22:00");
  for (let night = 10; night < 14; night += 1) {
    await Promise.all(Array.from({ length: 3 }, () => evaluateAt(instance, `2027-03-${night}T02:00`)));
  }
  const windows = await asked(instance);
  assert.equal(windows.length, 4);
  assert.equal(new Set(windows).size, 4);
});

test("a pause by hand outlives a deploy, and an edited cron counts forward only", async () => {
  await using instance = await testInstance({ "iroko.config.ts": nightly() });
  await instance.deploy();
  await instance.startWorker();
  await evaluateAt(instance, "2027-03-09T22:00");
  await instance.db.transaction((tx) => setPaused(tx, location, "nightly", true));
  await instance.project.write("iroko.config.ts", nightly("30 1 * * *"));
  await instance.deploy();
  await evaluateAt(instance, "2027-03-10T12:00");
  assert.deepEqual(await asked(instance), []);

  await instance.db.transaction((tx) => setPaused(tx, location, "nightly", false));
  await evaluateAt(instance, "2027-03-10T12:01");
  assert.deepEqual(await asked(instance), [], "01:30 had passed before the schedule was seen with its new cron");
  await evaluateAt(instance, "2027-03-11T01:30");
  assert.equal((await asked(instance)).length, 1);
});

test("a clock that is behind the newest event asks for nothing", async () => {
  await using instance = await testInstance({ "iroko.config.ts": nightly() });
  await instance.deploy();
  await instance.submit({ select: "sales", partitions: { kind: "text", text: "2026-11-01" } });
  await evaluateSchedules({ db: instance.db, now: () => lagos("1970-01-01T01:00") });
  await evaluateSchedules({ db: instance.db, now: () => lagos("1970-01-03T02:00") });
  assert.deepEqual(await listTicks(instance.db, { location }, 10), []);
});
