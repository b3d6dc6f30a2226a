/**
 * Schedules over deaths, absence and several servers: each window is asked for once, and none is lost. The hours pass as
 * fast as the test likes, by a clock in a file that all schedulers read.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { evaluateSchedules, listRuns, listSteps, listTicks } from "@iroko/core/engine";
import { seeded } from "../support/seeded.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { signalTo, supervise } from "./supervised.ts";

const timeout = 300_000;
const patient = { seconds: 90, everyMilliseconds: 10 };
const hourly = (catchUp: string): string => `
  import { asset, define, hourly, job, schedule } from "@iroko/core";
  const hours = hourly({ start: "2027-03-01-00:00" });
  export const sales = asset({ key: "sales", partitions: hours, materialize: () => undefined });
  const all = job({ key: "all", select: "*" });
  export default define({
    assets: [sales], jobs: [all], schedules: [schedule({ key: "hourly", job: all, cron: "0 * * * *", catchUp: "${catchUp}" })],
  });
`;

const start = Temporal.Instant.from("2027-03-10T00:30:00Z");

interface Clock {
  readonly file: string;
  now(): Temporal.Instant;
  set(hours: number): void;
}

function clockOf(instance: TestInstance): Clock {
  const file = join(instance.project.folder, "clock");
  return {
    file,
    now: () => Temporal.Instant.from(readFileSync(file, "utf8")),
    set(hours) {
      writeFileSync(`${file}.new`, start.add({ minutes: Math.round(hours * 60) }).toString());
      renameSync(`${file}.new`, file); // whole, whenever it is read
    },
  };
}

function spawnScheduler(instance: TestInstance, clock: Clock, failpoint = ""): ChildProcess {
  return spawn(
    process.execPath,
    ["--conditions=@iroko/source", join(import.meta.dirname, "../support/scheduler-process.ts")],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        TEST_DATABASE_URL: instance.databaseUrl,
        TEST_CLOCK: clock.file,
        IROKO_FAILPOINT: failpoint,
      },
    },
  );
}

/** Every hour that any run asks for, a line each, sorted. */
async function askedFor(instance: TestInstance): Promise<readonly string[]> {
  const hours: string[] = [];
  for (const { id } of await listRuns(instance.db, { limit: 500 })) {
    for (const { windows } of await listSteps(instance.db, id, { limit: 500 })) {
      for (const [, from = "", to = ""] of (windows ?? "").matchAll(/\["([^"]+)","([^"]+)"\)/g)) {
        const [first, end] = [from, to].map((text) =>
          Temporal.Instant.from(text.replace(" ", "T").replace("+00", "Z")),
        );
        for (let hour = first!; Temporal.Instant.compare(hour, end!) < 0; hour = hour.add({ hours: 1 }))
          hours.push(hour.toString());
      }
    }
  }
  return hours.toSorted();
}

/** The hours that have ended at so many hours after the start, from the first that a tick asks for. */
const ended = (hours: number): readonly string[] =>
  Array.from({ length: hours }, (_, n) => start.subtract({ minutes: 30 }).add({ hours: n }).toString());

const requested = async (instance: TestInstance): Promise<number> =>
  (await listTicks(instance.db, { location }, 500)).filter(({ status }) => status === "requested").length;

const sighted = (instance: TestInstance): Promise<unknown> =>
  waitFor(
    "the schedule to be seen",
    async () => (await instance.db.query("select from iroko.automation")).rowCount === 1,
    patient,
  );

for (const at of ["tick.begun", "tick.planned", "tick.requested"]) {
  test(
    `a scheduler that is killed at ${at} leaves the tick to the next one, which asks once`,
    { timeout },
    async () => {
      await using instance = await testInstance({ "iroko.config.ts": hourly("each") });
      await instance.deploy();
      const clock = clockOf(instance);
      clock.set(0);
      const victim = spawnScheduler(instance, clock, `${at}=kill`);
      const death = once(victim, "exit");
      await sighted(instance);
      clock.set(1);
      assert.deepEqual(await death, [null, "SIGKILL"]);
      assert.equal(await requested(instance), at === "tick.requested" ? 1 : 0);
      const heir = spawnScheduler(instance, clock);
      try {
        await waitFor("the tick to be requested", async () => (await requested(instance)) === 1, patient);
        clock.set(2);
        await waitFor("the next one", async () => (await requested(instance)) === 2, patient);
        assert.deepEqual(await askedFor(instance), ended(2));
      } finally {
        heir.kill("SIGKILL");
      }
    },
  );
}

test("two schedulers that are killed at random ask for each of many hours once", { timeout }, async (t) => {
  const hours = effort(6, 200);
  const chance = seeded();
  await using instance = await testInstance({ "iroko.config.ts": hourly("each") });
  await instance.deploy();
  const clock = clockOf(instance);
  clock.set(0);
  await using stack = new AsyncDisposableStack();
  const both = [1, 2].map(() => stack.use(supervise(() => spawnScheduler(instance, clock))));
  await sighted(instance);
  for (let hour = 1; hour <= hours; hour += 1) {
    clock.set(hour);
    const victim = both[chance() < 0.5 ? 0 : 1]?.child;
    if (victim?.pid !== undefined && chance() < 0.7) signalTo(victim.pid, "SIGKILL");
    if (chance() < 0.5) await waitFor("it to be asked for", async () => (await requested(instance)) === hour, patient);
  }
  await waitFor("all to be asked for", async () => (await requested(instance)) === hours, patient);
  assert.deepEqual(await askedFor(instance), ended(hours), `SEED=${chance.seed}`);
  t.diagnostic(
    `seed ${chance.seed}: ${hours} hours, ${both[0]!.starts + both[1]!.starts} starts of 2 schedulers; each hour asked for once`,
  );
});

for (const { catchUp, runs, asked } of [
  { catchUp: "merge", runs: 2, asked: 5 },
  { catchUp: "each", runs: 5, asked: 5 },
  // Half an hour after the last of them: it is too late for any.
  { catchUp: "skip", runs: 1, asked: 1 },
]) {
  test(
    `nobody there for four windows, then two servers at once: "${catchUp}" asks in ${runs - 1} runs`,
    { timeout },
    async () => {
      await using instance = await testInstance({ "iroko.config.ts": hourly(catchUp) });
      await instance.deploy();
      const clock = clockOf(instance);
      clock.set(0);
      const evaluate = (): Promise<void> => evaluateSchedules({ db: instance.db, now: clock.now });
      await evaluate();
      clock.set(0.5);
      await evaluate();
      assert.equal(await requested(instance), 1);
      clock.set(5);
      await Promise.all([evaluate(), evaluate()]);
      assert.equal(await requested(instance), runs);
      clock.set(5.5);
      await Promise.all([evaluate(), evaluate()]);
      assert.equal(await requested(instance), runs + 1);
      assert.deepEqual(await askedFor(instance), [...ended(asked), ...ended(6).slice(-1)]);
      assert.equal((await listRuns(instance.db, { limit: 50 })).length, runs + 1);
    },
  );
}
