/**
 * Clocks that are hours off, or that somebody sets: nothing is decided by them. Nobody is declared dead, no step is lost, no
 * window is asked for twice; it is told, with both times and what to do.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
  clockEvents,
  listEvents,
  listPartitions,
  listRuns,
  listSteps,
  listTicks,
  listWorkers,
  runProgress,
  startScheduler,
} from "@iroko/core/engine";
import { runCli, startCli, type CliOptions } from "../support/run-cli.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const timeout = 300_000;
const patient = { seconds: 60, everyMilliseconds: 50 };
const hour = 3600;

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, job, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const go = new URL("go", import.meta.url);
  const days = daily({ start: "2026-11-01" });
  export const slow = asset({
    key: "slow", schema: z.object({ n: z.int() }), output: jsonLines("slow"),
    async materialize(ctx) {
      while (!existsSync(go) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
      return [{ n: 1 }];
    },
  });
  export const daily1 = asset({ key: "by_day", partitions: days, materialize: () => undefined });
  const each = job({ key: "each", select: "by_day" });
  export default define({
    assets: [slow, daily1], jobs: [each],
    schedules: [schedule({ key: "often", job: each, cron: "* * * * *", partitions: "latest" })],
  });
`;

/** What a process needs to live by a clock that the test sets. */
async function withClock(
  instance: TestInstance,
): Promise<{ options: CliOptions; set: (seconds: number) => Promise<void> }> {
  const set = (seconds: number): Promise<void> => instance.project.write("shift", String(seconds));
  await set(0);
  const preload = pathToFileURL(join(import.meta.dirname, "../support/shifted-clock.ts")).href;
  return {
    set,
    options: {
      cwd: instance.project.folder,
      env: {
        DATABASE_URL: instance.databaseUrl,
        IROKO_STORE: join(instance.project.folder, "store"),
        IROKO_HOME: undefined,
        CLOCK_SHIFT: instance.project.file("shift"),
        NODE_OPTIONS: `--conditions=@iroko/source --import=${preload}`,
      },
      seconds: 240,
    },
  };
}

test(
  "a worker's clock is set hours ahead and back under its step: it keeps the step, and everybody is told",
  { timeout },
  async () => {
    await using instance = await testInstance({ "iroko.config.ts": definitions });
    await instance.deploy();
    const { options, set } = await withClock(instance);
    const worker = startCli(["worker", "--location", location, "--slots", "1", "--ttl", "30"], options);
    worker.ended.catch(() => {});
    try {
      const run = await instance.submit({ select: "slow", partitions: { kind: "unspecified" } });
      await waitFor("the step to run", async () => (await runProgress(instance.db, run))?.running === 1, patient);
      // Another one, who would take over what it took for lost.
      await instance.startWorker({ slots: 1, ttlSeconds: 30 });
      const before = (await listWorkers(instance.db)).find(({ pid }) => pid === worker.child.pid)!;
      for (const seconds of [5 * hour, -8 * hour, 0]) {
        await set(seconds);
        const seen = await waitFor(
          "two beats by that clock",
          async () => {
            const now = (await listWorkers(instance.db)).find(({ id }) => id === before.id)!;
            return Math.abs((now.clockAhead ?? Number.NaN) - seconds) < 60 && now.beat > before.beat + 1 && now;
          },
          patient,
        );
        assert.equal(seen.lockGone, false);
        if (seconds === 0) continue;
        const doctor = await runCli(["doctor", "--location", location], {
          ...options,
          env: { ...options.env, NODE_OPTIONS: process.env["NODE_OPTIONS"] },
        });
        assert.equal(doctor.exitCode, 1, doctor.stdout);
        const words = seconds > 0 ? "5 hours ahead" : "8 hours behind";
        assert.match(
          doctor.stdout,
          new RegExp(
            `wrong clock +CLOCK_OFF The clock of \\S+ says \\S+, that of Postgres \\S+: ${words}[^]*timedatectl`,
          ),
        );
      }
      await waitFor("it to have said so itself", () => /CLOCK_OFF The clock of/.test(worker.stderr()), patient);
      await instance.project.write("go", "");
      assert.equal((await instance.ended(run, 60)).status, "succeeded");
      const [step] = await listSteps(instance.db, run, { limit: 1 });
      assert.deepEqual([step?.attempt, step?.lostAttempts], [1, 0]);
      assert.equal((await listPartitions(instance.db, "slow", { limit: 1 }))[0]?.version, 1);
      const lost = (await listEvents(instance.db, {}, { limit: 1000 })).filter(({ type }) => /lost/.test(type));
      assert.deepEqual(lost, []);
      await waitFor(
        "the doctor to be content",
        async () => {
          const doctor = await runCli(["doctor", "--location", location], {
            ...options,
            env: { ...options.env, NODE_OPTIONS: process.env["NODE_OPTIONS"] },
          });
          return doctor.exitCode === 0;
        },
        patient,
      );
    } finally {
      worker.child.kill("SIGKILL");
    }
  },
);

test(
  "a command whose clock is hours off asks for nothing: CLOCK_OFF, both times, exit code 2",
  { timeout },
  async () => {
    await using instance = await testInstance({ "iroko.config.ts": definitions });
    await instance.deploy();
    const { options, set } = await withClock(instance);
    for (const [seconds, words] of [
      [-6 * hour, "6 hours behind"],
      [30 * hour, "30 hours ahead"],
    ] as const) {
      await set(seconds);
      const { exitCode, stderr } = await runCli(
        ["backfill", "-s", "by_day", "--location", location, "--partition", "all"],
        options,
      );
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /CLOCK_OFF The clock of \S+ says 20\S+Z, that of Postgres 20\S+Z: /);
      assert.ok(stderr.includes(words), stderr);
      assert.match(stderr, /timedatectl set-ntp true/);
    }
    assert.deepEqual(await listRuns(instance.db, { limit: 10 }), []);
  },
);

test(
  "a server whose clock is hours off, or was set a moment ago, asks for nothing and says so once; then it goes on",
  { timeout },
  async () => {
    await using instance = await testInstance({ "iroko.config.ts": definitions });
    await instance.deploy();
    let [shift, uptime, looks] = [0, 1000, 0];
    const said: string[] = [];
    const say = (message: string): void => void said.push(message);
    const scheduler = startScheduler({
      db: instance.db,
      log: { debug: say, info: say, warn: say, error: say },
      clocks: {
        wall: () => Temporal.Now.instant().add({ seconds: shift }),
        uptimeSeconds: () => (looks += 1) && uptime,
      },
    });
    const evaluated = async (): Promise<void> =>
      void (await waitFor(
        "it to look",
        async () => (await instance.db.query("select from iroko.automation")).rowCount === 1,
        patient,
      ));
    const events = async (count: number): Promise<void> =>
      void (await waitFor(
        `${count} events`,
        async () => (await clockEvents(instance.db, 10)).length === count,
        patient,
      ));
    try {
      await evaluated();
      shift = 5 * hour; // hundreds of ticks, and one more day has ended by it
      await events(2);
      assert.match(said.join("\n"), /The clock of \S+ was set: it says \S+, and should have gone on to \S+\./);
      assert.match(said.join("\n"), /CLOCK_OFF The clock of \S+ says \S+, that of Postgres \S+: 5 hours ahead/);
      shift = 0;
      await events(3);
      assert.deepEqual(await listTicks(instance.db, { location }, 100), [], "nothing was asked for meanwhile");
      // Ten minutes pass in which nobody sets it; of a few at a time no clock is said to have been set.
      for (let passed = 0; passed < 600; passed += 200) {
        uptime += 200;
        const looked = looks + 1;
        await waitFor("it to look", () => looks > looked, patient);
      }
      shift = 120; // at least one minute more, which ticks
      const ticks = await waitFor(
        "a tick",
        async () => {
          const found = await listTicks(instance.db, { location }, 100);
          return found.length > 0 && found.every(({ status }) => status === "requested") && found;
        },
        patient,
      );
      const soon = Temporal.Now.instant().add({ minutes: 5 });
      assert.ok(ticks.every(({ scheduledFor }) => Temporal.Instant.compare(scheduledFor, soon) < 0));
      assert.ok(ticks.length <= 3, "and none for what was never missed");
      assert.equal((await clockEvents(instance.db, 10)).length, 3, "it goes by a clock that runs");
    } finally {
      await scheduler.stop();
    }
  },
);
