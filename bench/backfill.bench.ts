/**
 * Steps a second of a backfill with empty bodies, partitions a second of the same with batches and ranges, and how long a warm
 * worker takes from submit to user code, beside bare queue jobs of two small transactions each in the same run.
 */
import { Logger, run as runQueue } from "graphile-worker";
import pg from "pg";
import { readLogs } from "@iroko/core/engine";
import { openEngine, quantile, type ProcessorTime } from "./engine.ts";

const rounds = Number(process.argv[2] ?? 3);
const submits = 30;
const slots = 2;
const days = 365;
const year = "2025-01-01..2025-12-31";

/** The same chain of three three times over: a step a partition, a step for ten of them, a step for all. */
const definitions = `
  import { asset, daily, define } from "@iroko/core";
  const days = daily({ start: "2025-01-01", timezone: "Africa/Lagos" });
  const chain = (name, backfill) => {
    const common = { partitions: days, group: name, backfill, materialize: () => undefined };
    const first = asset({ key: name + "_first", ...common });
    const second = asset({ key: name + "_second", deps: { first }, ...common });
    return [first, second, asset({ key: name + "_third", deps: { second }, ...common })];
  };
  const said = asset({ key: "said", materialize: () => console.log(Temporal.Now.instant().epochNanoseconds) });
  export default define({ assets: [...chain("each", "perPartition"), ...chain("batch", { batches: 10 }), ...chain("range", "range"), said] });
`;

await using engine = await openEngine(definitions);
const bare = await bareQueue(engine.databaseUrl);
await engine.startWorker(slots);
for (const group of ["each", "batch", "range"])
  await engine.ended(await engine.submit(`group:${group}`, "2025-01-01..2025-01-20")); // warm

const groups = ["each", "batch", "range"] as const;
const rates = { each: [] as number[], batch: [] as number[], range: [] as number[] };
/** Milliseconds of processor time for a partition. */
const spent = {
  each: { postgres: 0, worker: 0, children: 0 },
  batch: { postgres: 0, worker: 0, children: 0 },
  range: { postgres: 0, worker: 0, children: 0 },
};
for (let round = 0; round < rounds; round += 1) {
  await bare.jobs(3 * days);
  for (const group of groups) {
    const before = engine.processorTime();
    const start = performance.now();
    await engine.ended(await engine.submit(`group:${group}`, year));
    rates[group].push((3 * days * 1000) / (performance.now() - start));
    const after = engine.processorTime();
    for (const who of ["postgres", "worker", "children"] as const)
      spent[group][who] += (after[who] - before[who]) / (rounds * 3 * days);
  }
}
const latencies: number[] = [];
for (let count = 0; count < submits; count += 1) {
  const start = Temporal.Now.instant().epochNanoseconds;
  const run = await engine.submit("said");
  await engine.ended(run);
  const [line] = await readLogs(engine.db, run, { limit: 1 });
  latencies.push(Number(BigInt(line?.body.trim().replace("n", "") ?? 0) - start) / 1e6);
}

say("bare queue jobs a second", bare.rates);
say("steps a second", rates.each, "goal 300");
console.log(
  `${"bare jobs for a step".padEnd(35)} ${(quantile(bare.rates) / quantile(rates.each)).toFixed(2).padStart(6)}`,
);
sayTime("its processor time, ms", spent.each, ", goal 6");
say("partitions a second, ten a step", rates.batch, "goal 3000");
sayTime("its processor time, ms", spent.batch);
say("partitions a second, all in a step", rates.range, "goal 3000");
sayTime("its processor time, ms", spent.range);
console.log(
  `${"submit to user code, ms".padEnd(35)} ${quantile(latencies).toFixed(0).padStart(6)} (p95 ${quantile(latencies, 0.95).toFixed(0)}), goal 50 (p95 100)`,
);
await bare.close();

function say(what: string, values: readonly number[], goal?: string): void {
  const all = values.map((value) => value.toFixed(0)).join(", ");
  console.log(
    `${what.padEnd(35)} ${quantile(values).toFixed(0).padStart(6)} (${all})${goal === undefined ? "" : `, ${goal}`}`,
  );
}

function sayTime(what: string, { postgres, worker, children }: ProcessorTime, goal = ""): void {
  const all = `Postgres ${postgres.toFixed(2)}, worker ${worker.toFixed(2)}, child ${children.toFixed(2)}`;
  console.log(`${what.padEnd(35)} ${(postgres + worker + children).toFixed(2).padStart(6)} (${all})${goal}`);
}

/** The least that a queue of ours could cost: a job, a transaction that claims a row, another that ends it. */
async function bareQueue(databaseUrl: string) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 * slots + 4 });
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
