/** Whoever asks, the same ask of the same definitions in the same state is the same plan. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { evaluateSchedules, listRuns, type Database } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { runCli } from "../support/run-cli.ts";
import { location, testInstance } from "../support/test-instance.ts";

/** Partitions end on a day that has passed, so that the time of asking makes no difference. */
const definitions = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, fixed, job, multi, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-11", timezone: "Africa/Lagos" });
  const regions = multi({ region: fixed(["LA", "AB"]), day: days });
  const here = (name) => new URL(name, import.meta.url);
  const common = { schema: z.object({ n: z.int() }), retry: retryPolicy({ maxRetries: 0 }),
    materialize: (ctx) => { if (existsSync(here("broken"))) throw new Error("broken"); return [{ n: Number(readFileSync(here("n"), "utf8")) }]; } };
  export const raw = asset({ ...common, key: "raw", partitions: days, output: jsonLines("raw") });
  export const cleaned = asset({ ...common, key: "cleaned", partitions: days, output: jsonLines("cleaned"), deps: { raw } });
  export const revenue = asset({ ...common, key: "revenue", partitions: days, output: jsonLines("revenue"), deps: { cleaned } });
  export const areas = asset({ ...common, key: "areas", partitions: regions, output: jsonLines("areas") });
  export const shops = asset({ ...common, key: "shops", output: jsonLines("shops") });
  const sales = job({ key: "sales", select: "raw or cleaned or revenue or shops" });
  export default define({ assets: [raw, cleaned, revenue, areas, shops], jobs: [sales],
    schedules: [schedule({ key: "nightly", job: sales, cron: "0 2 * * *", timezone: "Africa/Lagos" })] });
`;

const text = (words: string) => ({ kind: "text", text: words }) as const;
const instance = await testInstance({ "iroko.config.ts": definitions, n: "1" });
after(() => instance[Symbol.asyncDispose]());
const { db } = instance;
const server = await startServer({ instance: { db }, port: 0 });
after(() => server.close());

// Some partitions are made, one is stale, one has failed, most are missing; then nobody works any more.
const worker = await instance.startWorker({ slots: 2 });
const make = async (select: string, partitions: string) =>
  instance.ended(await instance.submit({ select, partitions: text(partitions) }));
await make("raw or cleaned or revenue or shops", "2026-11-01..2026-11-04");
await writeFile(instance.project.file("n"), "2");
await make("raw", "2026-11-02");
await writeFile(instance.project.file("broken"), "");
await make("raw", "2026-11-06");
await rm(instance.project.file("broken"));
await worker.drain(0);

interface Ask {
  readonly name: string;
  readonly cli: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

const sales = "raw or cleaned or revenue or shops";
const asks: readonly Ask[] = [
  {
    name: "a range as text",
    cli: ["--partitions", "2026-11-03..2026-11-05"],
    body: { partitions: "2026-11-03..2026-11-05" },
  },
  {
    name: "a range by its ends, newest first, in batches",
    cli: ["--from", "2026-11-03", "--to", "2026-11-09", "--order", "newest", "--policy", "batches=3"],
    body: { partitions: "2026-11-03..2026-11-09", order: "newest", backfill: { batches: 3 } },
  },
  {
    name: "what is missing of some, as ranges",
    cli: ["--missing", "--partitions", "last:8", "--policy", "range"],
    body: { partitions: "last:8 and missing", backfill: "range" },
  },
  {
    name: "in the order of the list",
    cli: ["--partitions", "2026-11-09, 2026-11-03..2026-11-05", "--order", "list"],
    body: { partitions: "2026-11-09, 2026-11-03..2026-11-05", order: "list" },
  },
  { name: "what failed", cli: ["--failed"], body: { partitions: "failed" } },
  { name: "what is stale", cli: ["--stale"], body: { partitions: "stale" } },
  {
    name: "all, made again",
    cli: ["--partitions", "all", "--force", "--policy", "per-partition"],
    body: { partitions: "all", force: true, backfill: "perPartition" },
  },
  {
    name: "several dimensions",
    cli: ["--select", "areas", "--partitions", "region=LA,day=last:3"],
    body: { select: "areas", partitions: "region=LA,day=last:3" },
  },
  { name: "no partitions", cli: ["--select", "shops", "--force"], body: { select: "shops", force: true } },
];

for (const { name, cli, body } of asks) {
  test(`one plan, whoever asks: ${name}`, async () => {
    const options = cli.includes("--select") ? cli : ["--select", sales, ...cli];
    const [planned, materialized, backfilled, kept, submitted] = await Promise.all([
      json<{ id: string }>(["plan", ...options]),
      json<{ runId: string }>(["materialize", ...options, "--detach"]),
      json<{ runId: string }>(["backfill", ...options, "--detach"]),
      post<{ id: string }>("/api/v1/plans", { select: sales, ...body }),
      // What the page's form sends.
      post<{ run: string }>("/api/v1/runs", { select: sales, location, ...body }),
    ]);
    const plans = {
      plan: await planOf(db, planned.id),
      materialize: await planOfRun(db, materialized.runId),
      backfill: await planOfRun(db, backfilled.runId),
      "POST /plan": await planOf(db, kept.id),
      "POST /runs": await planOfRun(db, submitted.run),
    };
    for (const [entry, plan] of Object.entries(plans)) assert.deepEqual(plan, plans.plan, `${entry} plans otherwise`);
    const { assets } = plans.plan as { readonly assets: readonly unknown[] };
    assert.ok(assets.length > 0, "nothing is planned");
  });
}

test("one plan, whoever asks: a schedule's tick, and the same window by text", async () => {
  const sighted = Temporal.Instant.from("2026-11-10T20:00:00Z");
  const ticked = Temporal.Instant.from("2026-11-11T01:00:01Z");
  // Events of this test are of today, and a clock behind them would make a schedule wait.
  await db.query("update iroko.event set at = $1", [sighted.toString()]);
  for (const now of [sighted, ticked, ticked]) await evaluateSchedules({ db, now: () => now });
  const [run] = (await listRuns(db, { limit: 50 })).filter(({ trigger }) => trigger === "schedule");
  const { id } = await post<{ id: string }>("/api/v1/plans", { select: sales, partitions: "2026-11-10" });
  assert.deepEqual(await planOfRun(db, run!.id), await planOf(db, id));
});

async function json<Answer>(args: readonly string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await runCli([...args, "--json", "--location", location], {
    cwd: instance.project.folder,
    env: { DATABASE_URL: instance.databaseUrl, IROKO_STORE: instance.project.file("store"), IROKO_HOME: undefined },
  });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

async function post<Answer>(path: string, body: unknown): Promise<Answer> {
  const answer = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: server.url },
    body: JSON.stringify(body),
  });
  const value = (await answer.json()) as Answer;
  assert.ok(answer.ok, JSON.stringify(value));
  return value;
}

async function planOf(from: Database, id: string): Promise<unknown> {
  const { rows } = await from.query<{ plan: unknown }>("select plan from iroko.plan where id = $1", [id]);
  return rows[0]?.plan;
}

async function planOfRun(from: Database, id: string): Promise<unknown> {
  const { rows } = await from.query<{ plan: unknown }>("select plan from iroko.run where id = $1", [id]);
  return rows[0]?.plan;
}
