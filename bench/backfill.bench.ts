/**
 * Steps a second of a backfill with empty bodies, and how long a warm worker takes from submit to user code, beside bare
 * queue jobs of two small transactions each in the same run.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Logger, run as runQueue } from "graphile-worker";
import pg from "pg";
import { objectCache, openStore } from "@iroko/assets";
import { planRun } from "@iroko/core";
import {
  loadSnapshot,
  migrate,
  openDatabase,
  readLogs,
  readPlanningState,
  registerLocation,
  runProgress,
  startWorker,
  submitRun,
} from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../packages/cli/src/embedded/open-embedded-postgres.ts";

const rounds = 3;
const submits = 30;
const slots = 2;
const days = 365;

const definitions = `
  import { asset, daily, define } from "@iroko/core";
  const days = daily({ start: "2025-01-01", timezone: "Africa/Lagos" });
  const common = { partitions: days, materialize: () => undefined };
  export const first = asset({ key: "first", ...common });
  export const second = asset({ key: "second", deps: { first }, ...common });
  export const third = asset({ key: "third", deps: { second }, ...common });
  export const said = asset({ key: "said", materialize: () => console.log(Temporal.Now.instant().epochNanoseconds) });
  export default define({ assets: [first, second, third, said] });
`;

const median = (values: readonly number[], part = 0.5): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

const folder = mkdtempSync(join(tmpdir(), "iroko-bench-"));
chmodSync(folder, 0o755); // as a project's folder is, so that root's server user can enter it
await symlink(join(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
await writeFile(join(folder, "iroko.config.ts"), definitions);
await mkdir(join(folder, "store"));
const postgres = await openEmbeddedPostgres({ home: join(folder, "home"), say: () => {} });
const db = openDatabase(postgres.databaseUrl);
await migrate(db);
const bare = await bareQueue();
const module = join(folder, "iroko.config.ts");
const snapshot = await loadSnapshot(module);
const { version } = await db.transaction((tx) => registerLocation(tx, "bench", snapshot));
const location = { name: "bench", version, snapshot };
const worker = await startWorker({
  databaseUrl: postgres.databaseUrl,
  location: "bench",
  module,
  store: await openStore(join(folder, "store")),
  cache: objectCache({ directory: join(folder, "cache"), maxBytes: 2 ** 30 }),
  workFolder: join(folder, "work"),
  slots,
});

async function submit(select: string, partitions: string | undefined): Promise<string> {
  const now = Temporal.Now.instant();
  const request = {
    select,
    partitions:
      partitions === undefined ? { kind: "unspecified" as const } : { kind: "text" as const, text: partitions },
  };
  const state = await readPlanningState(db, snapshot, request, now);
  const plan = planRun({ snapshot, request, state, now });
  return submitRun(db, { location, plan, selection: select, partitions: partitions ?? "", asOf: now, trigger: "cli" });
}

async function ended(run: string, everyMs: number): Promise<void> {
  for (;;) {
    const progress = await runProgress(db, run);
    if (progress && !["queued", "running"].includes(progress.status)) {
      if (progress.status !== "succeeded") throw new Error(`the run ${progress.status}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

await ended(await submit("*", "2025-01-01..2025-01-20"), 20); // warm
const stepsPerSecond: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  await bare.jobs(3 * days);
  const start = performance.now();
  await ended(await submit("first+", "2025-01-01..2025-12-31"), 100);
  stepsPerSecond.push((3 * days * 1000) / (performance.now() - start));
}
const latencies: number[] = [];
for (let count = 0; count < submits; count += 1) {
  const start = Temporal.Now.instant().epochNanoseconds;
  const run = await submit("said", undefined);
  await ended(run, 5);
  const [line] = await readLogs(db, run, { limit: 1 });
  latencies.push(Number(BigInt(line?.body.trim().replace("n", "") ?? 0) - start) / 1e6);
}
await worker.drain(5);

const [bareRate, rate] = [median(bare.rates), median(stepsPerSecond)];
console.log(
  `bare queue jobs      median ${bareRate.toFixed(0).padStart(5)} a second (${bare.rates.map(Math.round).join(", ")})`,
);
console.log(
  `steps                median ${rate.toFixed(0).padStart(5)} a second (${stepsPerSecond.map(Math.round).join(", ")}), goal 200`,
);
console.log(`ratio                       ${(bareRate / rate).toFixed(2)} bare jobs for a step`);
console.log(
  `submit to user code  median ${median(latencies).toFixed(0).padStart(5)} ms, p95 ${median(latencies, 0.95).toFixed(0)} ms, goal under 100 ms`,
);
await bare.close();
await db.close();
await postgres.close();
rmSync(folder, { recursive: true, force: true });

/** The least that a queue of ours could cost: a job, a transaction that claims a row, another that ends it. */
async function bareQueue() {
  const pool = new pg.Pool({ connectionString: postgres.databaseUrl, max: 2 * slots + 4 });
  await pool.query(
    "create table bare (id int primary key, status text not null default 'ready', epoch int not null default 0)",
  );
  let open = 0;
  let allEnded = Promise.withResolvers<void>();
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const runner = await runQueue({
    pgPool: pool,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    preset: { worker: { concurrentJobs: slots, pollInterval: 500, completeJobBatchDelay: 0 } },
    taskList: {
      async bare(payload) {
        const { id } = payload as { id: number };
        for (const [text, values] of [
          [
            "update bare set status = 'running', epoch = epoch + 1 where id = $1 and status = 'ready' returning epoch",
            [id],
          ],
          ["update bare set status = 'done' where id = $1 and status = 'running'", [id]],
        ] as const) {
          const client = await pool.connect();
          await client.query("begin");
          await client.query({ name: text.slice(0, 40), text, values: [...values] });
          await client.query("commit");
          client.release();
        }
        open -= 1;
        if (open === 0) allEnded.resolve();
      },
    },
  });
  const rates: number[] = [];
  return {
    rates,
    async jobs(count: number): Promise<void> {
      await pool.query("truncate bare");
      await pool.query("insert into bare (id) select generate_series(1, $1)", [count]);
      open = count;
      allEnded = Promise.withResolvers();
      const start = performance.now();
      await pool.query(
        "select graphile_worker.add_jobs(array(select row('bare', json_build_object('id', id), null, null, null, null, null, null)::graphile_worker.job_spec from bare))",
      );
      await allEnded.promise;
      rates.push((count * 1000) / (performance.now() - start));
    },
    async close(): Promise<void> {
      await runner.stop();
      await pool.end();
    },
  };
}
