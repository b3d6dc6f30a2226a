/**
 * Workers, their children, the server and Postgres are killed -9 at random while backfills of the POS pipeline run and somebody
 * reads the stable keys. Every partition is committed once for each run that asks for it, nothing is lost, torn or stale, and what comes out
 * is what an undisturbed run makes.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { IrokoError, partitionOf, type Snapshot } from "@iroko/core";
import { listSteps, listWorkers, runProgress, stableKey, vacuum } from "@iroko/core/engine";
import { findServer, type RunningServer } from "../../packages/cli/src/embedded/server.ts";
import { faultProxy } from "../support/fault-proxy.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { ownPostgres } from "../support/own-postgres.ts";
import { startCli } from "../support/run-cli.ts";
import { between, pick, seeded, type Chance } from "../support/seeded.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { describeMilliseconds } from "./figures.ts";
import { assertAtRest } from "./invariants.ts";
import { posProject, type PosProject } from "./pos-project.ts";
import { keepReading } from "./reader.ts";
import { childrenOf, signalTo, supervise, type Supervised } from "./supervised.ts";

const kills = effort(15, 500);
/** On a machine so busy that restarts take most of it, fewer kills have to do: so many, however long they take. */
const leastKills = 6;
const attackSeconds = Number(process.env["CRASH_SECONDS"] ?? effort(30, Number.POSITIVE_INFINITY));
const [dayCount, recordsPerDay] = effort([4, 100], [12, 200]);
/** Longer than Postgres takes to come back on a busy machine: most workers keep their steps through that. */
const ttlSeconds = 6;

const patient = { seconds: 300, everyMilliseconds: 100 };

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
  const pos = posProject(stack.use(createTempDir("pos")).path, dayCount, recordsPerDay);
  const instance = stack.use(await testInstance(pos.files, { database, ...(store === undefined ? {} : { store }) }));
  const { snapshot } = await instance.deploy();
  const request = {
    select: "*",
    partitions: { kind: "text" as const, text: `${pos.days[0]}..${pos.days.at(-1)}` },
  };

  const workerEnv = { TEST_SLOTS: "2", ...pos.env, ...(store === undefined ? {} : { TEST_STORE: store }) };
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

  const stable = stableKeys(snapshot, pos.days);
  /** Of each stable key what it showed, one after the other. */
  const shown = new Map<string, string[]>();
  const reader = keepReading(
    async (round) => {
      const key = stable[round % stable.length]!;
      const bytes = await instance.store.readRange(key, 0, 2 ** 24).catch((error: unknown) => {
        if (error instanceof IrokoError && error.code === "OBJECT_NOT_FOUND") return undefined;
        throw error;
      });
      return bytes && { key, bytes: Buffer.from(bytes) };
    },
    ({ key, bytes }) => {
      assert.deepEqual([bytes.subarray(0, 4), bytes.subarray(-4)].map(String), ["PAR1", "PAR1"], `${key} is torn`);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const before = shown.get(key) ?? [];
      if (before.at(-1) !== sha256) shown.set(key, [...before, sha256]);
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
        // Whatever has become of the next attempt since: it may have been lost as well.
        return had.every(({ n, attempt }) => {
          const step = now.get(n);
          return step !== undefined && (step.status === "succeeded" || step.attempt > attempt);
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
  const isToAttack = (): boolean =>
    count() < leastKills || (count() < kills && performance.now() - startedAt < attackSeconds * 1000);
  while (isToAttack()) {
    if (runs.length > 0) pos.more();
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
  await reader.stop();
  const torn = await notVersions(instance, snapshot, shown);
  assert.deepEqual(torn, [], "a reader sees versions, one after the other");
  const later = Temporal.Now.instant().add({ hours: 24 * 30 });
  const collected = await Array.fromAsync(vacuum(instance.db, instance.store, { now: later, graceHours: 0 }));
  assert.deepEqual(
    (await assertAtRest(instance.db, instance.store, snapshot)).orphans,
    [],
    "all orphans are collected",
  );
  assert.deepEqual(await outcome(instance), await undisturbed(pos, request));
  assert.equal(versions, stable.length);
  t.diagnostic(
    `seed ${chance.seed}: ${count()} kills (${Object.entries(killed)
      .map(([kind, n]) => `${kind} ${n}`)
      .join(", ")}) over ${runs.length} backfills of ` +
      `${stable.length} partitions of the POS pipeline${store === undefined ? "" : " on MinIO"}: each committed once; lost 0, dangling 0, stale 0, torn 0 of ${reader.reads} reads, ` +
      `orphans ${orphans.length}, collected ${collected.length}`,
  );
  for (const [kind, milliseconds] of Object.entries(recovery))
    if (milliseconds.length > 0)
      t.diagnostic(`from a killed ${kind} to its work going on: ${describeMilliseconds(milliseconds)}`);
}

/** Where readers find every partition that is stored. */
function stableKeys({ assets }: Snapshot, days: readonly string[]): readonly string[] {
  return assets.flatMap(({ storage, partitions }) => {
    if (storage === undefined) return [];
    return (partitions.kind === "none" ? [""] : days).map((day) => stableKey(storage, partitionOf(partitions, day)));
  });
}

/** What was shown that was never committed, or after something newer. */
async function notVersions(
  { db }: TestInstance,
  { assets }: Snapshot,
  shown: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ asset: string; partition: string; sha256: string }>(
    `select asset, partition, sha256 from (
       select asset, partition, version, sha256 from iroko.asset_partition where object_key is not null union all
       select asset, partition, version, sha256 from iroko.asset_version) every order by asset, partition, version`,
  );
  const committed = Map.groupBy(rows, ({ asset, partition }) => {
    const { storage, partitions } = assets.find(({ key }) => key === asset)!;
    return stableKey(storage!, partitionOf(partitions, partition));
  });
  return [...shown].flatMap(([key, seen]) => {
    const versions = (committed.get(key) ?? []).map(({ sha256 }) => sha256);
    let at = 0;
    return seen.flatMap((sha256) => {
      const next = versions.indexOf(sha256, at);
      if (next < 0) return [`${key} showed ${sha256} after ${at} of ${versions.length} versions`];
      at = next;
      return [];
    });
  });
}

/** What there is of every partition, whoever made it and however often. */
async function outcome({ db }: TestInstance): Promise<readonly object[]> {
  const { rows: made } = await db.query(
    "select asset, partition, data_version, rows from iroko.asset_partition where object_key is not null order by 1, 2",
  );
  return made;
}

async function undisturbed(
  pos: PosProject,
  request: Parameters<TestInstance["submit"]>[0],
): Promise<readonly object[]> {
  await using instance = await testInstance(pos.files);
  await instance.deploy();
  await instance.startWorker({ slots: 2, env: { ...process.env, ...pos.env } });
  await instance.ended(await instance.submit(request), patient.seconds);
  return await outcome(instance);
}
