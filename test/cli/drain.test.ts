/** What SIGTERM does to processes that run steps: `iroko worker` and `iroko dev`, in processes of their own. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { listEvents, listSteps, listWorkers, openDatabase, runProgress, type StepRecord } from "@iroko/core/engine";
import { createMigratedDatabase } from "../support/database.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { startHttpFaultProxy } from "../support/http-fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import type { RunningCli } from "../support/run-cli.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

/** Each step says that it has begun, and waits for a file of its partition's name. No retries: what counts as one fails. */
const waiting = `
  import { existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, define, retryPolicy, fixed } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  export const slow = asset({
    key: "slow", partitions: fixed(["a", "b", "c"]), schema: z.object({ attempt: z.int() }),
    output: jsonLines("slow"), retry: retryPolicy({ maxRetries: 0 }),
    async materialize(ctx) {
      writeFileSync(here("pid-" + ctx.partition.key + "-" + ctx.attempt), String(process.pid));
      while (!existsSync(here("go-" + ctx.partition.key))) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ attempt: ctx.attempt }];
    },
  });
  export default define({ assets: [slow] });
`;

async function setup(env: Readonly<Record<string, string>> = {}) {
  const database = await createMigratedDatabase();
  const project = await cliProject({ "iroko.config.ts": waiting }, { ...env, DATABASE_URL: database.url });
  const db = openDatabase(database.url);
  const deployed = await project.iroko(["deploy"]);
  assert.equal(deployed.exitCode, 0, deployed.stderr);
  const workers: RunningCli[] = [];
  return {
    db,
    database,
    project,
    async worker(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<RunningCli> {
      const worker = project.start(["worker", ...args], { seconds: 120, env });
      workers.push(worker);
      await says(worker, /is ready/);
      return worker;
    },
    async submit(partitions: string): Promise<string> {
      const { stdout, stderr } = await project.iroko([
        "backfill",
        "--select",
        "slow",
        "--partitions",
        partitions,
        "--detach",
      ]);
      assert.match(stdout, /^[0-9a-f-]{36}\n$/, stderr);
      return stdout.trim();
    },
    async steps(run: string): Promise<Record<string, StepRecord>> {
      const steps = await listSteps(db, run, { limit: 10 });
      return Object.fromEntries(steps.map((step) => [step.keys?.[0] ?? "", step]));
    },
    ended: (run: string) =>
      waitFor(
        `run ${run} to end`,
        async () => {
          const progress = await runProgress(db, run);
          return progress !== undefined && !["queued", "running"].includes(progress.status) && progress.status;
        },
        { seconds: 60 },
      ),
    async [Symbol.asyncDispose]() {
      for (const { child } of workers) child.kill("SIGKILL");
      await Promise.allSettled(workers.map(({ ended }) => ended));
      await db.close();
      await project[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

const says = (cli: RunningCli, pattern: RegExp) =>
  waitFor(
    `${pattern}`,
    () => {
      if (cli.child.exitCode !== null && !pattern.test(cli.stderr())) throw new Error(`it has ended:\n${cli.stderr()}`);
      return pattern.test(cli.stderr());
    },
    { seconds: 60 },
  );

/** The process that runs a partition's attempt. */
async function pidOf({ project }: { readonly project: CliProject }, attempt: string): Promise<number> {
  return waitFor(
    `attempt ${attempt} to begin`,
    async () => Number(await readFile(project.file(`pid-${attempt}`), "utf8").catch(() => "")) || undefined,
    { seconds: 60 },
  );
}

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const count = ({ status, attempt, lostAttempts }: StepRecord) => ({ status, attempt, lostAttempts });

test("SIGTERM: what ends in time ends, nothing more is claimed, the exit code is 0", async () => {
  await using it = await setup();
  const worker = await it.worker(["--slots", "2", "--drain", "60"]);
  const run = await it.submit("a,b,c");
  await Promise.all([pidOf(it, "a-1"), pidOf(it, "b-1")]);
  worker.child.kill("SIGTERM");
  await says(worker, /SIGTERM: no more steps/);
  await waitFor("its row to say so", async () => (await listWorkers(it.db))[0]?.draining === true);
  await Promise.all(["go-a", "go-b", "go-c"].map((name) => it.project.write(name, "")));
  const { exitCode, stderr } = await worker.ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /Drained: 2 steps ended\.\n$/);
  const { a, b, c } = await it.steps(run);
  assert.deepEqual(
    [a, b, c].map((step) => step && count(step)),
    [
      { status: "succeeded", attempt: 1, lostAttempts: 0 },
      { status: "succeeded", attempt: 1, lostAttempts: 0 },
      { status: "ready", attempt: 0, lostAttempts: 0 },
    ],
  );
  assert.deepEqual(await listWorkers(it.db), []);
});

test("SIGTERM: what has not ended by the deadline is handed over, and another worker begins it without waiting for a TTL", async () => {
  await using it = await setup();
  const first = await it.worker(["--slots", "1", "--drain", "1", "--ttl", "600"]);
  const run = await it.submit("a");
  const pid = await pidOf(it, "a-1");
  const second = await it.worker(["--slots", "1", "--ttl", "600"]);
  first.child.kill("SIGTERM");
  const { exitCode, stderr } = await first.ended;
  assert.equal(
    exitCode,
    3,
    `${stderr}${JSON.stringify([await it.steps(run), await listEvents(it.db, {}, { limit: 100 })], null, 2)}`,
  );
  assert.match(stderr, new RegExp(`Drained: 0 steps ended, 1 was handed over:\\n {2}slow@a of run ${run}\\n$`));
  assert.ok(isGone(pid), "its process has ended before it was handed over");
  await pidOf(it, "a-2");
  await it.project.write("go-a", "");
  assert.equal(await it.ended(run), "succeeded");
  const { a } = await it.steps(run);
  assert.deepEqual(a && count(a), { status: "succeeded", attempt: 2, lostAttempts: 1 });
  assert.deepEqual(
    a?.deaths.map(({ of, cause, unexplained }) => [of, cause, unexplained]),
    [["worker", "drained", undefined]],
  );
  const shown = await it.project.iroko(["runs", "show", run]);
  assert.match(shown.stdout, /attempt 1: its worker on \S+ was told to stop before it had ended/);
  const events = (await listEvents(it.db, {}, { limit: 100 })).map(({ type }) => type);
  assert.deepEqual(
    ["worker_stopped", "attempt_lost", "worker_lost", "attempt_failed"].map(
      (type) => events.filter((one) => one === type).length,
    ),
    [1, 1, 0, 0],
  );
  second.child.kill("SIGTERM");
  assert.equal((await second.ended).exitCode, 0);
});

test("a second signal hands over at once, whatever time there was", async () => {
  await using it = await setup();
  const worker = await it.worker(["--slots", "2", "--drain", "3600"]);
  const run = await it.submit("a,b");
  await Promise.all([pidOf(it, "a-1"), pidOf(it, "b-1")]);
  worker.child.kill("SIGINT");
  await says(worker, /SIGINT: no more steps; those that run have 1 h 0 min\. Again: they are handed over at once/);
  await it.project.write("go-a", "");
  await waitFor("the one to end", async () => (await it.steps(run))["a"]?.status === "succeeded", { seconds: 30 });
  worker.child.kill("SIGTERM");
  const { exitCode, stderr } = await worker.ended;
  assert.equal(exitCode, 3, stderr);
  assert.match(stderr, /Drained: 1 step ended, 1 was handed over:\n {2}slow@b of run \S+\n$/);
  const { b } = await it.steps(run);
  assert.deepEqual(b && count(b), { status: "ready", attempt: 1, lostAttempts: 1 });
});

test("drained again and again, a step is neither parked nor made to run alone", async () => {
  await using it = await setup();
  const run = await it.submit("a");
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const worker = await it.worker(["--slots", "1", "--drain", "0"]);
    await pidOf(it, `a-${attempt}`);
    worker.child.kill("SIGTERM");
    assert.equal((await worker.ended).exitCode, 3);
  }
  // One that was told to stop and killed before it could hand over is no other case.
  const impatient = await it.worker(["--slots", "1", "--drain", "3600"]);
  await pidOf(it, "a-5");
  impatient.child.kill("SIGTERM");
  await waitFor("its row to say so", async () => (await listWorkers(it.db))[0]?.draining === true);
  impatient.child.kill("SIGKILL");
  await it.project.write("go-a", "");
  await it.worker(["--slots", "1"]);
  assert.equal(await it.ended(run), "succeeded");
  const { a } = await it.steps(run);
  assert.deepEqual(a && count(a), { status: "succeeded", attempt: 6, lostAttempts: 5 });
  assert.deepEqual(
    a?.deaths.map(({ cause }) => cause),
    Array(5).fill("drained"),
  );
  const { rows } = await it.db.query("select from iroko.step where suspect_since is not null");
  assert.equal(rows.length, 0);
});

test("a drain ends by its deadline while Postgres does not answer, and the steps are taken back", async () => {
  await using it = await setup();
  await using proxy = await faultProxy(Number(new URL(it.database.url).port || "5432"));
  const through = new URL(it.database.url);
  through.hostname = "127.0.0.1";
  through.port = String(proxy.port);
  // Its TTL is longer than the test: what ends it is the deadline.
  const worker = await it.worker(["--slots", "1", "--drain", "1", "--ttl", "600"], { DATABASE_URL: through.href });
  const run = await it.submit("a");
  const pid = await pidOf(it, "a-1");
  proxy.set({ blackhole: "both" });
  worker.child.kill("SIGTERM");
  const { exitCode, stderr } = await worker.ended;
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, /1 was left behind:\n {2}slow@a of run [^]*Postgres did not answer/);
  assert.ok(isGone(pid));
  proxy.reset(); // as the far end hears of the closed connections sooner or later
  await it.worker(["--slots", "1"]);
  await it.project.write("go-a", "");
  assert.equal(await it.ended(run), "succeeded");
  const { a } = await it.steps(run);
  assert.deepEqual(a && count(a), { status: "succeeded", attempt: 2, lostAttempts: 1 });
});

test(
  "what a drained worker had built and could not put into the store is adopted: the next worker puts it, and computes nothing",
  { skip: skipWithoutMinio },
  async () => {
    await using minio = await startMinio();
    await using proxy = await startHttpFaultProxy(minio.endpoint);
    await using it = await setup({ ...minio.env, IROKO_STORE: `s3://${minio.bucket}/drained` });
    await it.project.write("go-a", "");
    proxy.decide = (method, url) => (method === "PUT" && url.includes("/_v/") ? { kind: "silence" } : undefined);
    const first = await it.worker(["--slots", "1", "--drain", "1"], { AWS_ENDPOINT_URL_S3: proxy.endpoint });
    const run = await it.submit("a");
    await waitFor(
      "the file to wait for its upload",
      async () => (await it.db.query("select from iroko.built")).rows.length === 1,
      { seconds: 60 },
    );
    first.child.kill("SIGTERM");
    const { exitCode, stderr } = await first.ended;
    assert.equal(exitCode, 3, stderr);
    await it.worker(["--slots", "1"]);
    assert.equal(await it.ended(run), "succeeded");
    assert.ok(existsSync(it.project.file("pid-a-1")));
    assert.equal(existsSync(it.project.file("pid-a-2")), false, "its code has run once");
    const { a } = await it.steps(run);
    assert.deepEqual(a && count(a), { status: "succeeded", attempt: 2, lostAttempts: 1 });
  },
);

test("Ctrl-C in dev hands over what has not ended in time, and the next start goes on with it", async () => {
  await using project = await cliProject({ "iroko.config.ts": waiting });
  const start = async (): Promise<RunningCli> => {
    const dev = project.start(["dev", "--port", "0", "--drain", "1"], { seconds: 120 });
    await says(dev, /Ready:/);
    return dev;
  };
  const dev = await start();
  const url = /Iroko is at (http:\S+)/.exec(dev.stderr())![1]!;
  const answer = await fetch(`${url}/api/v1/runs`, {
    method: "POST",
    headers: { origin: url, "content-type": "application/json" },
    body: JSON.stringify({ select: "slow", partitions: "a" }),
  });
  const { run } = (await answer.json()) as { run: string };
  const pid = await pidOf({ project }, "a-1");
  dev.child.kill("SIGINT");
  const { exitCode, stderr } = await dev.ended;
  assert.equal(exitCode, 3, stderr);
  assert.match(
    stderr,
    new RegExp(`SIGINT: no more steps[^]*0 steps ended, 1 was handed over:\\n {2}slow@a of run ${run}`),
  );
  assert.ok(isGone(pid));
  const again = await start();
  await project.write("go-a", "");
  await pidOf({ project }, "a-2");
  await waitFor("it to be made", () => existsSync(project.file(".iroko/store/slow/a.jsonl")), { seconds: 60 });
  again.child.kill("SIGTERM");
  assert.equal((await again.ended).exitCode, 0);
});
