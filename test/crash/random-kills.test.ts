/**
 * Workers, their children, the server and Postgres are killed -9 at random while backfills run and somebody reads the stable
 * keys. Every partition is committed once for each run that asks for it, nothing is lost, torn or stale, and what comes out
 * is what an undisturbed run makes.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { IrokoError } from "@iroko/core";
import { listSteps, listWorkers, runProgress, vacuum } from "@iroko/core/engine";
import { findServer, type RunningServer } from "../../packages/cli/src/embedded/server.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { startCli } from "../support/run-cli.ts";
import { between, pick, seeded, type Chance } from "../support/seeded.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { describeMilliseconds } from "./figures.ts";
import { assertAtRest } from "./invariants.ts";
import { keepReading } from "./reader.ts";
import { childrenOf, signalTo, supervise, type Supervised } from "./supervised.ts";

const kills = effort(20, 500);
/** On a machine so busy that restarts take most of it, fewer kills have to do. */
const attackSeconds = effort(60, Number.POSITIVE_INFINITY);
const days = effort(6, 30);
const rows = 500;
/** Longer than Postgres takes to come back on a busy machine: most workers keep their steps through that. */
const ttlSeconds = 6;

/** As the POS pipeline is built: a source, what is cleaned of it and what was thrown away, a summary over both. */
const definitions = `
  import { readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-01-01", timezone: "Africa/Lagos" });
  const schema = z.object({ generation: z.int(), day: z.string(), n: z.int() });
  const retry = retryPolicy({ maxRetries: 50, baseSeconds: 0.05, capSeconds: 0.2 });
  const generation = () => Number(readFileSync(new URL("generation", import.meta.url), "utf8"));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80));
  const rowsOf = async (relation) => { const rows = []; for await (const row of relation.rows()) rows.push(row); return rows; };
  export const raw = asset({
    key: "raw", partitions: days, schema, output: jsonLines("raw"), retry,
    async materialize({ partition }) {
      await pause();
      return Array.from({ length: ${rows} }, (_, n) => ({ generation: generation(), day: partition.key, n }));
    },
  });
  export const sorted = multiAsset({
    outputs: {
      cleaned: output({ key: "cleaned", schema, output: jsonLines("clean/transactions") }),
      rejected: output({ key: "rejected", schema, output: jsonLines("quarantine/transactions") }),
    },
    partitions: days, deps: { raw }, retry,
    async materialize(ctx) {
      const rows = await rowsOf(ctx.deps.raw);
      await pause();
      return { cleaned: rows.filter(({ n }) => n % 10 !== 0), rejected: rows.filter(({ n }) => n % 10 === 0) };
    },
  });
  export const summary = asset({
    key: "summary", partitions: days, deps: { cleaned: sorted.cleaned, rejected: sorted.rejected }, schema, output: jsonLines("summary"), retry,
    async materialize(ctx) {
      const [cleaned, rejected] = [await rowsOf(ctx.deps.cleaned), await rowsOf(ctx.deps.rejected)];
      await pause();
      return [{ ...cleaned[0], n: cleaned.length }, { ...rejected[0], n: rejected.length }];
    },
  });
  export default define({ assets: [raw, sorted, summary] });
`;
const rowsUnder = { raw: rows, "clean/transactions": 0.9 * rows, "quarantine/transactions": 0.1 * rows, summary: 2 };
const paths = Object.keys(rowsUnder) as [keyof typeof rowsUnder, ...(keyof typeof rowsUnder)[]];

const first = Temporal.PlainDate.from("2026-01-01");
const dayNames = Array.from({ length: days }, (_, n) => first.add({ days: n }).toString()) as [string, ...string[]];
const request = {
  select: "*",
  partitions: { kind: "text" as const, text: `${dayNames[0]}..${dayNames.at(-1)}` },
};

const patient = { seconds: 240, everyMilliseconds: 100 };

test("killed at random, a backfill commits every partition once, and readers see whole versions only", async (t) => {
  const chance = seeded();
  const minio = skipWithoutMinio === false ? await startMinio() : undefined;
  if (minio) Object.assign(process.env, minio.env);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => minio?.stop());
  try {
    await killAtRandom(t, chance, stack, minio && `s3://${minio.bucket}/kills`);
  } catch (error) {
    throw new Error(`With SEED=${chance.seed}, node --test ${import.meta.filename} makes the same choices.`, {
      cause: error,
    });
  }
});

async function killAtRandom(
  t: TestContext,
  chance: Chance,
  stack: AsyncDisposableStack,
  store: string | undefined,
): Promise<void> {
  const postgres = stack.use(await ownPostgres());
  const postmaster = (): RunningServer | undefined => findServer(postgres.dataDir);
  // Everybody comes through here: its port stays, whatever port Postgres gets when it comes back.
  const link = stack.use(await faultProxy(() => postmaster()?.port ?? 1, chance));
  const url = new URL(postgres.databaseUrl);
  url.port = String(link.port);
  const database = { url: url.href, drop: () => Promise.resolve() };
  const files = { "iroko.config.ts": definitions, generation: "1" };
  const instance = stack.use(await testInstance(files, { database, ...(store === undefined ? {} : { store }) }));
  const { snapshot } = await instance.deploy();

  const workerEnv = { TEST_SLOTS: "2", ...(store === undefined ? {} : { TEST_STORE: store }) };
  const keep = (start: () => ChildProcess): Supervised => stack.use(supervise(start));
  const workers = [0, 1].map(() => keep(() => spawnWorker(instance, ttlSeconds, workerEnv)));
  const server = keep(() => {
    const cli = startCli(["serve", "--port", "0"], {
      cwd: instance.project.folder,
      env: {
        DATABASE_URL: url.href,
        IROKO_HOME: join(instance.project.folder, "home"),
        ...(store && { IROKO_STORE: store }),
      },
      seconds: 24 * 3600,
    });
    cli.ended.catch(() => {});
    return cli.child;
  });

  let generation = 1;
  const shown = new Map<string, number>();
  const reader = keepReading(
    async (round) => {
      const key = `${paths[round % paths.length]}/${dayNames[Math.floor(round / paths.length) % days]}.jsonl`;
      const bytes = await instance.store.readRange(key, 0, 2 ** 20).catch((error: unknown) => {
        if (error instanceof IrokoError && error.code === "OBJECT_NOT_FOUND") return undefined;
        throw error;
      });
      return bytes && { key, text: Buffer.from(bytes).toString() };
    },
    ({ key, text }) => {
      const lines = text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { generation: number });
      assert.equal(
        lines.length,
        rowsUnder[key.slice(0, key.lastIndexOf("/")) as keyof typeof rowsUnder],
        `${key} is torn`,
      );
      const generations = new Set(lines.map((line) => line.generation));
      assert.equal(generations.size, 1, `${key} is torn`);
      const [shows = 0] = generations;
      assert.ok(shows >= (shown.get(key) ?? 0) && shows <= generation, `${key} went back to ${shows}`);
      shown.set(key, shows);
    },
  );
  stack.defer(() => reader.stop());

  const recovery: Record<"worker" | "child" | "server" | "postgres", number[]> = {
    worker: [],
    child: [],
    server: [],
    postgres: [],
  };
  const watches: Promise<void>[] = [];
  let over = false;
  stack.defer(() => void (over = true));
  const killed = { worker: 0, child: 0, server: 0, postgres: 0 };
  const count = (): number => Object.values(killed).reduce((sum, each) => sum + each, 0);
  const watch = (what: keyof typeof recovery, recovered: () => Promise<boolean>): void => {
    killed[what] += 1;
    const since = performance.now();
    const until = waitFor(`recovery from a killed ${what}`, () => over || recovered().catch(() => false), {
      ...patient,
      everyMilliseconds: 20,
    });
    watches.push(until.then(() => void recovery[what].push(performance.now() - since)));
    watches.at(-1)?.catch(() => {});
  };

  /** No step may lose its child by chance more often than a step is tried whose child dies by its own doing. */
  let childKillsLeft = 0;
  const attacks = {
    async worker(run: string): Promise<void> {
      const { pid } = pick(chance, workers as [Supervised, ...Supervised[]]).child ?? {};
      if (pid === undefined) return;
      const id = (await listWorkers(instance.db)).find((worker) => worker.pid === pid)?.id;
      const had = (await listSteps(instance.db, run, { limit: 1000 })).filter(
        (step) => step.status === "running" && step.worker === id,
      );
      if (id === undefined || had.length === 0 || !signalTo(pid, "SIGKILL")) return;
      watch("worker", async () => {
        const now = new Map((await listSteps(instance.db, run, { limit: 1000 })).map((step) => [step.n, step]));
        return had.every(({ n, attempt }) => {
          const step = now.get(n);
          return (
            step !== undefined && (step.status === "succeeded" || (step.status === "running" && step.attempt > attempt))
          );
        });
      });
    },
    async child(): Promise<void> {
      const children = workers.flatMap(({ child }) => (child?.pid === undefined ? [] : childrenOf(child.pid)));
      const [one] = children;
      if (childKillsLeft <= 0 || one === undefined) return;
      if (!signalTo(pick(chance, [one, ...children.slice(1)]), "SIGKILL")) return;
      childKillsLeft -= 1;
      killed.child += 1;
      await Promise.resolve();
    },
    async server(): Promise<void> {
      const { starts, child } = server;
      // One that is up: it says where.
      if (child?.pid === undefined || !server.said().includes("Iroko is at") || !signalTo(child.pid, "SIGKILL")) return;
      watch("server", () => Promise.resolve(server.starts > starts));
      await Promise.resolve();
    },
    async postgres(run: string): Promise<void> {
      const doneBefore = (await runProgress(instance.db, run))?.succeeded ?? 0;
      const { pid } = postmaster() ?? {};
      if (pid === undefined || !signalTo(pid, "SIGKILL")) return;
      watch("postgres", async () => {
        const progress = await runProgress(instance.db, run);
        return progress !== undefined && (progress.succeeded > doneBefore || progress.status === "succeeded");
      });
      // The next attack waits until there is something to attack again.
      await watches.at(-1);
    },
  };
  const kinds = ["worker", "worker", "worker", "worker", "worker", "child", "child", "server", "postgres"] as const;

  const runs: string[] = [];
  const startedAt = performance.now();
  const isToAttack = (): boolean => count() < kills && performance.now() - startedAt < attackSeconds * 1000;
  while (isToAttack()) {
    generation = runs.length + 1;
    await instance.project.write("generation", String(generation));
    const run = await instance.submit(request);
    runs.push(run);
    childKillsLeft = 2;
    const progress = () => runProgress(instance.db, run).catch(() => undefined);
    for (;;) {
      const now = await progress();
      if (now !== undefined && now.status !== "queued" && now.status !== "running") break;
      await sleep(between(chance, 100, 900));
      const kind = pick(chance, kinds);
      if (now?.status === "running" && isToAttack()) await attacks[kind](run).catch(() => {});
    }
    const ended = await waitFor(
      "all of it to be published",
      async () => {
        const now = await progress();
        return now?.unpublished === 0 && now;
      },
      patient,
    );
    const notMade = (await listSteps(instance.db, run, { limit: 1000 })).filter((step) => step.status !== "succeeded");
    assert.deepEqual(notMade, [], `run ${run} ${ended.status}`);
  }
  await Promise.all(watches);
  assert.ok(count() > 0, "something was killed");

  const { orphans, versions } = await assertAtRest(instance.db, instance.store, snapshot);
  const later = Temporal.Now.instant().add({ hours: 24 * 30 });
  const collected = await Array.fromAsync(vacuum(instance.db, instance.store, { now: later, graceHours: 0 }));
  assert.deepEqual(
    (await assertAtRest(instance.db, instance.store, snapshot)).orphans,
    [],
    "all orphans are collected",
  );
  await reader.stop();
  assert.deepEqual(await outcome(instance), await undisturbed(generation));
  assert.equal(versions, 4 * days);
  t.diagnostic(
    `seed ${chance.seed}: ${count()} kills (${Object.entries(killed)
      .map(([kind, n]) => `${kind} ${n}`)
      .join(", ")}) over ${runs.length} backfills of ` +
      `${4 * days} partitions${store === undefined ? "" : " on MinIO"}: each committed once; lost 0, dangling 0, stale 0, torn 0 of ${reader.reads} reads, ` +
      `orphans ${orphans.length}, collected ${collected.length}`,
  );
  for (const [kind, milliseconds] of Object.entries(recovery))
    if (milliseconds.length > 0)
      t.diagnostic(`from a killed ${kind} to its work going on: ${describeMilliseconds(milliseconds)}`);
}

/** What there is of every partition, whoever made it and however often. */
async function outcome({ db }: TestInstance): Promise<readonly object[]> {
  const { rows: made } = await db.query(
    "select asset, partition, data_version, rows, bytes from iroko.asset_partition where object_key is not null order by 1, 2",
  );
  return made;
}

async function undisturbed(generation: number): Promise<readonly object[]> {
  await using instance = await testInstance({ "iroko.config.ts": definitions, generation: String(generation) });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  await instance.ended(await instance.submit(request), patient.seconds);
  return await outcome(instance);
}
