/** One text selects the same assets, whoever asks: the command line, the API, the page, a job, code with the facts. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { assetGraph, changesOf, selectAssets, stalenessOf, statusesOf } from "@iroko/core";
import {
  currentLocation,
  evaluateSchedules,
  listRuns,
  listTicks,
  readMoment,
  readState,
  selectFrom,
} from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { runCli } from "../support/run-cli.ts";
import { location, testInstance } from "../support/test-instance.ts";

const definitions = (version: number): string => `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-04", timezone: "Africa/Lagos" });
  const common = { retry: retryPolicy({ maxRetries: 0 }), materialize: () => {
    if (existsSync(new URL("broken", import.meta.url))) throw new Error("broken");
    return [{ n: 1, amount_kobo: 2 }];
  } };
  const money = z.object({ n: z.int(), amount_kobo: z.int() });
  export const raw = asset({ ...common, key: "raw", group: "ingestion", owners: ["team:data"], tags: { tier: "gold" },
    partitions: days, schema: money, output: jsonLines("raw"), codeVersion: "${version}" });
  export const cleaned = asset({ ...common, key: "cleaned", partitions: days, schema: money, output: jsonLines("cleaned"), deps: { raw } });
  export const shops = asset({ ...common, key: "shops", kinds: ["reference"], schema: z.object({ n: z.int(), amount_kobo: z.int() }),
    output: jsonLines("shops") });
  ${version === 1 ? "" : `export const late = asset({ ...common, key: "late", schema: money, output: jsonLines("late"), deps: { shops } });`}
  const failed = job({ key: "failed", select: "status:failed" });
  export default define({ assets: [raw, cleaned, shops${version === 1 ? "" : ", late"}], jobs: [failed],
    schedules: [schedule({ key: "hourly", job: failed, cron: "0 * * * *", timezone: "Africa/Lagos", partitions: "latest" })] });
`;

const instance = await testInstance({ "iroko.config.ts": definitions(1) });
after(() => instance[Symbol.asyncDispose]());
const { db } = instance;
const server = await startServer({ instance: { db }, port: 0 });
after(() => server.close());

const worker = await instance.startWorker({ slots: 2 });
const make = async (select: string, text: string) =>
  instance.ended(await instance.submit({ select, partitions: { kind: "text", text } }));
await make("raw or shops", "all");
await writeFile(instance.project.file("broken"), "");
await make("cleaned", "2026-11-02");
await rm(instance.project.file("broken"));
await worker.drain(0);
// The second version: raw has other code, late is new.
await writeFile(instance.project.file("iroko.config.ts"), definitions(2));
await iroko(["deploy"]);
const now = Temporal.Now.instant();
const snapshot = (await currentLocation(db, location))!.snapshot;
const moment = await readMoment(db, snapshot, now);
const graph = assetGraph(snapshot);

const texts: readonly (readonly [text: string, keys: readonly string[]])[] = [
  ["*", ["raw", "shops", "cleaned", "late"]],
  ["group:ingestion+", ["raw", "cleaned"]],
  ['tag:tier=gold or owner:"nobody"', ["raw"]],
  ["kind:reference", ["shops"]],
  ["sinks(*) and column:amount_*", ["cleaned", "late"]],
  [`location:"${location}" and roots(*)`, ["raw", "shops"]],
  ["status:stale", ["raw"]],
  ["status:missing", ["cleaned", "late"]],
  ["status:failed", ["cleaned"]],
  ["status:fresh", ["shops"]],
  ["status:materialized and not status:fresh", ["raw"]],
  ["changed:any", ["raw", "late"]],
  ["changed:new", ["late"]],
  ["+changed:new", ["shops", "late"]],
  ["changed:code+", ["raw", "cleaned"]],
];

for (const [text, keys] of texts) {
  test(`${text} is the same assets, whoever asks`, async () => {
    const listed = await iroko<{ key: string }[]>(["assets", "list", "--select", text]);
    const api = await get<{ items: { key: string }[] }>(`/api/v1/assets?select=${encodeURIComponent(text)}`);
    const page = await get<{ keys: string[] }>(`/api/v1/lineage?select=${encodeURIComponent(text)}`);
    const state = await readState(db, snapshot, [...graph.assets.keys()], moment);
    const before = (
      await db.query<{ snapshot: typeof snapshot }>("select snapshot from iroko.location where version = 1")
    ).rows[0]!.snapshot;
    const facts = {
      location,
      statuses: statusesOf(graph, state, moment, stalenessOf(graph, state, moment)),
      changes: changesOf(before, snapshot),
    };
    const planned = await iroko<{ assets: { asset: string }[] }>([
      "plan",
      "--select",
      text,
      "--partitions",
      "all",
      "--force",
    ]);
    const entries = {
      "selectAssets with facts": selectAssets(graph, text, { facts }),
      selectFrom: await selectFrom(db, snapshot, text, moment),
      "iroko assets list": listed.map(({ key }) => key),
      "GET /assets": api.items.map(({ key }) => key),
      "the page's graph": page.keys,
      "iroko plan": [...new Set(planned.assets.map(({ asset }) => asset))],
    };
    for (const [entry, selected] of Object.entries(entries))
      assert.deepEqual([...selected].toSorted(), [...keys].toSorted(), entry);
  });
}

test("materialize, backfill and POST /plan plan the same assets as plan does", async () => {
  const select = "status:missing and not changed:new or status:fresh";
  const body = JSON.stringify({ select, partitions: "all", force: true });
  const answer = await fetch(`${server.url}/api/v1/plans`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", origin: server.url },
  });
  const api = ((await answer.json()) as { plan: Planned }).plan;
  const options = ["--select", select, "--partitions", "all", "--force", "--plan-only"];
  for (const [entry, { assets }] of Object.entries({
    api,
    materialize: await iroko<Planned>(["materialize", ...options]),
    backfill: await iroko<Planned>(["backfill", ...options]),
  }))
    assert.deepEqual(assets.map(({ asset }) => asset).toSorted(), ["cleaned", "shops"], entry);
});

interface Planned {
  readonly assets: readonly { readonly asset: string }[];
}

test("a selection that is empty is refused everywhere, unless that is allowed", async () => {
  const text = "status:running";
  const refused = await run(["assets", "list", "--select", text]);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /SELECTION_EMPTY/);
  assert.deepEqual(await iroko(["assets", "list", "--select", text, "--allow-empty"]), []);
  assert.equal((await run(["plan", "--select", text, "--partitions", "all"])).exitCode, 2);
  assert.deepEqual((await iroko<{ assets: unknown[] }>(["plan", "--select", text, "--allow-empty"])).assets, []);
  const path = `/api/v1/assets?select=${encodeURIComponent(text)}`;
  assert.equal((await fetch(server.url + path)).status, 400);
  assert.deepEqual(await get(`${path}&allowEmpty=true`), { items: [], cursor: null });
  const page = await fetch(`${server.url}/api/v1/lineage?select=${encodeURIComponent("group:ingestoin")}`);
  assert.equal(page.status, 400);
  assert.match(await page.text(), /Did you mean .*ingestion/);
});

test("a job's status is what it is at each tick; nothing selected is a tick that is skipped", async () => {
  const sighted = Temporal.Instant.from("2026-11-10T20:30:00Z");
  await db.query("update iroko.event set at = $1", [sighted.toString()]);
  const evaluate = async (at: Temporal.Instant): Promise<string> => {
    await evaluateSchedules({ db, now: () => at });
    await evaluateSchedules({ db, now: () => at });
    const [tick] = await listTicks(db, { location, name: "hourly" }, 1);
    return tick === undefined ? "none" : `${tick.status}: ${tick.reason}`;
  };
  assert.equal(await evaluate(sighted), "none");
  assert.match(await evaluate(sighted.add({ hours: 1 })), /^requested/);
  const scheduled = (await listRuns(db, { limit: 50 })).filter(({ trigger }) => trigger === "schedule");
  assert.deepEqual(
    scheduled.map(({ selection }) => selection),
    ["status:failed"],
  );
  // What had failed is made: the same text selects nothing now.
  await instance.startWorker({ slots: 2 });
  for (const { id } of scheduled) await instance.ended(id);
  await make("cleaned", "2026-11-02");
  await db.query("update iroko.event set at = $1", [sighted.toString()]);
  assert.equal(await evaluate(sighted.add({ hours: 2 })), 'skipped: The selection "status:failed" selects no asset.');
});

async function run(args: readonly string[]) {
  return runCli([...args, "--location", location], {
    cwd: instance.project.folder,
    env: { DATABASE_URL: instance.databaseUrl, IROKO_STORE: instance.project.file("store"), IROKO_HOME: undefined },
  });
}

async function iroko<Answer>(args: readonly string[]): Promise<Answer> {
  const { exitCode, stdout, stderr } = await run([...args, "--json"]);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

async function get<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(server.url + path);
  const value = (await answer.json()) as Answer;
  assert.ok(answer.ok, JSON.stringify(value));
  return value;
}
