/**
 * Postgres is killed under load and stays away for many times the workers' TTL: they wait with their steps, and go on. How
 * long it is away does not matter: nothing counts the time, or gives up after some number of tries.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { listEvents, listSteps, listWorkers, migrate, openDatabase, runProgress } from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { findServer } from "../../packages/cli/src/embedded/server.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { location, testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { assertAtRest } from "./invariants.ts";

const timeout = 1_200_000;
const patient = { seconds: 90, everyMilliseconds: 50 };
const ttlSeconds = 3;
const awaySeconds = effort(4 * ttlSeconds, 600);

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const go = new URL("go", import.meta.url);
  const schema = z.object({ n: z.int() });
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  export const slow = asset({
    key: "slow", schema, output: jsonLines("slow"),
    async materialize(ctx) { while (!existsSync(go) && !ctx.signal.aborted) await pause(20); return [{ n: ctx.attempt }]; },
  });
  export const many = asset({
    key: "many", partitions: daily({ start: "2026-01-01" }), schema, output: jsonLines("many"),
    async materialize(ctx) { await pause(20); return [{ n: ctx.attempt }]; },
  });
  export default define({ assets: [slow, many] });
`;

const whole = { kind: "unspecified" as const };

async function lostOf(instance: TestInstance): Promise<readonly unknown[]> {
  return (await listEvents(instance.db, {}, { limit: 1000 })).filter(({ type }) => /lost|failed/.test(type));
}

test(
  "Postgres is killed under load and is away for long: workers and server wait, say so, and go on with their steps",
  { timeout },
  async (t) => {
    using home = createTempDir("home");
    const open = () => openEmbeddedPostgres({ home: home.path, say: () => {} });
    let postgres = await open();
    try {
      const own = openDatabase(postgres.databaseUrl);
      await migrate(own);
      await own.close();
      const url = postgres.databaseUrl;
      await using instance = await testInstance(
        { "iroko.config.ts": definitions },
        { database: { url, drop: () => Promise.resolve() } },
      );
      const { snapshot } = await instance.deploy();
      const said: string[] = [];
      const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) };
      for (let n = 0; n < 2; n += 1) await instance.startWorker({ slots: 2, ttlSeconds, log });
      const before = (await listWorkers(instance.db)).map(({ id }) => id);
      const env = { DATABASE_URL: url, IROKO_STORE: join(instance.project.folder, "store"), IROKO_HOME: undefined };
      const server = startCli(["serve", "--port", "0"], { cwd: instance.project.folder, env, seconds: 1200 });
      server.ended.catch(() => {});
      try {
        const at = await waitFor(
          "the page",
          () => /http:\/\/127\.0\.0\.1:\d+/.exec(server.stderr() + server.stdout())?.[0],
          patient,
        );
        const slow = await instance.submit({ select: "slow", partitions: whole });
        await waitFor(
          "the slow step to run",
          async () => (await runProgress(instance.db, slow))?.running === 1,
          patient,
        );
        const many = await instance.submit({
          select: "many",
          partitions: { kind: "text", text: "2026-01-01..2026-03-31" },
        });
        await waitFor(
          "some of many",
          async () => ((await runProgress(instance.db, many))?.succeeded ?? 0) > 5,
          patient,
        );

        process.kill(findServer(postgres.dataDir)!.pid, "SIGKILL");
        await postgres.close(); // nobody starts it again
        const goneAt = performance.now();
        await waitFor(
          "both workers to say so",
          () => said.filter((line) => line.startsWith("DATABASE_UNREACHABLE")).length >= 2,
          patient,
        );
        const cli = await runCli(["runs", "list"], { cwd: instance.project.folder, env });
        assert.equal(cli.exitCode, 2, cli.stderr);
        assert.match(
          cli.stderr,
          /DATABASE_UNREACHABLE Postgres cannot be reached at 127\.0\.0\.1:\d+\S*: [^]*DATABASE_URL/,
        );
        const answer = await fetch(`${at}/api/v1/home`);
        assert.equal(answer.status, 503);
        assert.match(await answer.text(), /DATABASE_UNREACHABLE/);
        // The step ends while there is nobody to tell.
        await instance.project.write("go", "");
        await waitFor("it to be away for long", () => performance.now() - goneAt > awaySeconds * 1000, {
          seconds: awaySeconds + 60,
        });

        postgres = await open();
        assert.equal(postgres.databaseUrl, url, "at the same address");
        const backAt = performance.now();
        for (const run of [slow, many]) {
          const ended = await waitFor(
            "the run to end",
            async () => {
              const found = await runProgress(instance.db, run).catch(() => undefined);
              return found?.status === "succeeded" && found.unpublished === 0 && found;
            },
            { seconds: 120, everyMilliseconds: 100 },
          ).catch(async (cause: unknown) => {
            const now = [
              await listWorkers(instance.db),
              await lostOf(instance),
              await listSteps(instance.db, slow, { limit: 1 }),
            ];
            throw new Error(`${JSON.stringify(now)}\n${said.join("\n")}`, { cause });
          });
          assert.equal(ended.failed, 0);
        }
        const seconds = (performance.now() - backAt) / 1000;
        assert.deepEqual(
          (await listWorkers(instance.db)).map(({ id }) => id),
          before,
          "the same workers",
        );
        assert.deepEqual(await lostOf(instance), [], "no worker was given up, no step was blamed");
        const [step] = await listSteps(instance.db, slow, { limit: 1 });
        assert.deepEqual([step?.attempt, step?.lostAttempts], [1, 0], "it was made once");
        // What comes next is woken, too.
        assert.equal(
          (await instance.ended(await instance.submit({ select: "slow", partitions: whole }), 60)).status,
          "succeeded",
        );
        await waitFor(
          "the server to answer again",
          async () => (await fetch(`${at}/api/v1/home`)).status === 200,
          patient,
        );
        await assertAtRest(instance.db, instance.store, snapshot);
        t.diagnostic(
          `away for ${awaySeconds} s with a TTL of ${ttlSeconds} s: 91 steps, none lost or blamed, all ended ${seconds.toFixed(1)} s after it was back`,
        );
      } finally {
        server.child.kill("SIGKILL");
      }
    } finally {
      await postgres.close();
    }
  },
);

test("a queue that gave up, since it could not complete a job, is begun anew", { timeout: 300_000 }, async () => {
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  await instance.deploy();
  const said: string[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void said.push(message) };
  await instance.startWorker({ slots: 1, ttlSeconds: 30, log });
  const first = await instance.submit({ select: "slow", partitions: whole });
  await waitFor("the step to run", async () => (await runProgress(instance.db, first))?.running === 1, patient);
  await instance.db.query("alter table graphile_worker._private_jobs rename to elsewhere");
  try {
    await instance.project.write("go", "");
    await waitFor("the queue to give up", () => said.some((line) => line.includes("queue had given up")), patient);
  } finally {
    await instance.db.query("alter table graphile_worker.elsewhere rename to _private_jobs");
  }
  assert.equal((await instance.ended(first, 60)).status, "succeeded");
  const second = await instance.submit({
    select: "many",
    partitions: { kind: "text", text: "2026-01-01..2026-01-05" },
  });
  assert.equal((await instance.ended(second, 60)).status, "succeeded");
  assert.equal((await listWorkers(instance.db)).filter((worker) => worker.location === location).length, 1);
});
