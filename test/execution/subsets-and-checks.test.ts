/** Some outputs of a multi-asset, and standalone checks with what they check or alone: from the command line to the page. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, test } from "node:test";
import { listCheckResults, listPartitions, listSteps } from "@iroko/core/engine";
import { startServer } from "@iroko/ui";
import { runCli } from "../support/run-cli.ts";
import { location, testInstance } from "../support/test-instance.ts";

const definitions = `
  import { appendFileSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, assetCheck, daily, define, multiAsset, output, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", end: "2026-11-06", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const here = (name) => new URL(name, import.meta.url);
  const out = (key, rest) => output({ key, schema, output: jsonLines(key), ...rest });
  const retry = retryPolicy({ maxRetries: 0 });
  export const split = multiAsset({
    name: "split", partitions: days, retry, outputs: { first: out("p"), second: out("q"), third: out("r", { optional: true }) },
    materialize(ctx) {
      appendFileSync(here("calls"), ctx.partition.key + " " + [...ctx.selectedOutputs].join(",") + "\\n");
      const rows = async function* (n) { appendFileSync(here("calls"), "  makes " + n + "\\n"); yield { n }; };
      return { first: rows(1), second: rows(2) };
    },
  });
  export const total = asset({ key: "total", partitions: days, schema, retry, output: jsonLines("total"), deps: { p: split.first }, materialize: (ctx) => ctx.deps.p.rows() });
  const agrees = assetCheck({
    asset: split.first, name: "agrees", blocking: true, retry, deps: { q: split.second },
    async run(ctx) {
      const [p] = await Array.fromAsync(ctx.deps.self.rows());
      const [q] = await Array.fromAsync(ctx.deps.q.rows());
      const bad = readFileSync(here("bad"), "utf8").includes(ctx.partition.key);
      return { passed: !bad && p.n < q.n, message: p.n + " and " + q.n };
    },
  });
  const even = assetCheck({
    asset: split.second, name: "even", severity: "warn",
    run: () => ({ passed: !readFileSync(here("bad"), "utf8").includes("odd"), message: "it is odd" }),
  });
  export default define({ assets: [split, total], checks: [agrees, even] });
`;

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly materializations: readonly { readonly asset: string; readonly partition: string }[];
  readonly failedChecks: readonly { readonly name: string; readonly partition: string; readonly message: string }[];
}

const instance = await testInstance({ "iroko.config.ts": definitions, calls: "", bad: "" });
after(() => instance[Symbol.asyncDispose]());
const { db } = instance;
const server = await startServer({ instance: { db }, port: 0 });
after(() => server.close());
await instance.deploy();
await instance.startWorker({ slots: 2 });

async function iroko(args: readonly string[], exitCode = 0): Promise<{ stdout: string; stderr: string }> {
  const told = await runCli([...args, "--location", location], {
    cwd: instance.project.folder,
    env: { DATABASE_URL: instance.databaseUrl, IROKO_STORE: instance.project.file("store"), IROKO_HOME: undefined },
  });
  assert.equal(told.exitCode, exitCode, told.stderr);
  return told;
}

async function made(args: readonly string[], exitCode = 0): Promise<Report & { readonly keys: readonly string[] }> {
  const report = JSON.parse((await iroko(["materialize", ...args, "--json"], exitCode)).stdout) as Report;
  return { ...report, keys: report.materializations.map(({ asset, partition }) => `${asset}@${partition}`).toSorted() };
}

/** What the function was called for since last time. */
async function calls(): Promise<readonly string[]> {
  const text = await readFile(instance.project.file("calls"), "utf8");
  await writeFile(instance.project.file("calls"), "");
  return text.split("\n").filter(Boolean);
}

const versionsOf = async (asset: string) =>
  Object.fromEntries(
    (await listPartitions(db, asset, { limit: 10 })).map(({ partition, version }) => [partition, version]),
  );
const day = (partition: string): string =>
  Temporal.Instant.from(partition).toZonedDateTimeISO("Africa/Lagos").toPlainDate().toString();
/** Failed ones first, then the newest. */
const results = async (asset: string) =>
  (await listCheckResults(db, asset)).map(({ name, partition, passed }) => `${name} ${day(partition)} ${passed}`);

test("one output selected: the function runs once, knows it, and only that output is made and kept", async () => {
  const { keys, status } = await made(["--select", "q", "--partition", "2026-11-02", "--checks", "none"]);
  assert.deepEqual([keys, status], [["q@2026-11-02"], "succeeded"]);
  assert.deepEqual(await calls(), ["2026-11-02 second", "  makes 2"]);
  assert.deepEqual(await listPartitions(db, "p", { limit: 10 }), []);
});

test("of each partition the outputs that are missing are made, together, and the others stay as they are", async () => {
  const { keys } = await made([
    "-s",
    "p or q",
    "--missing",
    "--from",
    "2026-11-01",
    "--to",
    "2026-11-03",
    "--checks",
    "none",
  ]);
  assert.deepEqual(keys, ["p@2026-11-01", "p@2026-11-02", "p@2026-11-03", "q@2026-11-01", "q@2026-11-03"]);
  const told = (await calls()).filter((line) => line.startsWith("2026")).toSorted();
  assert.deepEqual(told, ["2026-11-01 first,second", "2026-11-02 first", "2026-11-03 first,second"]);
  assert.deepEqual(Object.values(await versionsOf("q")), [1, 1, 1]);
});

test("a blocking check that fails on a day keeps what is below that day waiting, and undoes nothing", async () => {
  await writeFile(instance.project.file("bad"), "2026-11-02, and odd");
  const args = ["--select", "p or q or total", "--from", "2026-11-01", "--to", "2026-11-03"];
  const { keys, status, failedChecks, runId } = await made(args, 1);
  assert.equal(status, "failed");
  assert.deepEqual(
    keys.filter((key) => key.startsWith("total")),
    ["total@2026-11-01", "total@2026-11-03"],
  );
  assert.deepEqual(Object.values(await versionsOf("p")), [2, 2, 2]);
  assert.deepEqual(failedChecks.map(({ name, partition, message }) => `${name} ${partition} ${message}`).toSorted(), [
    "agrees 2026-11-02 1 and 2",
    "even 2026-11-01 it is odd",
    "even 2026-11-02 it is odd",
    "even 2026-11-03 it is odd",
  ]);
  const ends = (await listSteps(db, runId, { limit: 100 })).filter(({ kind }) => kind === "check");
  assert.deepEqual(ends.map(({ name, status: end }) => `${name} ${end}`).toSorted(), [
    "p:agrees failed",
    ...Array.from({ length: 2 }, () => "p:agrees succeeded"),
    ...Array.from({ length: 3 }, () => "q:even succeeded"),
  ]);
  assert.deepEqual(await results("p"), ["agrees 2026-11-02 false", "agrees 2026-11-03 true", "agrees 2026-11-01 true"]);
});

test("checks are run alone on what is made: nothing is made, and their results take the place of the old ones", async () => {
  const before = [await versionsOf("p"), await versionsOf("q")];
  await calls();
  await writeFile(instance.project.file("bad"), "odd");
  const planned = JSON.parse(
    (await iroko(["plan", "--select", "*", "--partitions", "all", "--checks", "only", "--json"])).stdout,
  ) as { id: string; assets: unknown[]; checks: { name: string; steps: number }[]; skipped: { partitions: string }[] };
  assert.deepEqual(planned.assets, []);
  assert.deepEqual(planned.checks, [
    { name: "p:agrees", steps: 3 },
    { name: "q:even", steps: 3 },
  ]);
  assert.deepEqual(
    planned.skipped.map(({ partitions }) => partitions),
    ["2026-11-04..2026-11-05", "2026-11-04..2026-11-05"],
  );
  const { stdout, stderr } = await iroko([
    "materialize",
    "--select",
    "p or q",
    "--partitions",
    "all",
    "--checks",
    "only",
  ]);
  assert.equal(stdout, "");
  assert.match(stderr, /warning check even of q@2026-11-01 did not pass: it is odd/);
  assert.match(stderr, /succeeded: 6 of 6 steps done/);
  assert.deepEqual(await calls(), []);
  assert.deepEqual([await versionsOf("p"), await versionsOf("q")], before);
  assert.ok((await listCheckResults(db, "p")).every(({ passed }) => passed));
});

test("results are shown by the command line and the API", async () => {
  const { stdout } = await iroko(["assets", "show", "q"]);
  assert.match(stdout, /checks: 0 of 3 passed/);
  assert.match(stdout, /warn even@2026-11-03: it is odd/);
  const answer = (await (await fetch(`${server.url}/api/v1/assets/q/checks`)).json()) as {
    items: { name: string; partition: string; passed: boolean }[];
  };
  assert.deepEqual(answer.items.map(({ name, partition, passed }) => `${name} ${partition} ${passed}`).toSorted(), [
    "even 2026-11-01 false",
    "even 2026-11-02 false",
    "even 2026-11-03 false",
  ]);
});

test("the API plans and runs checks alone by the same word", async () => {
  const body = JSON.stringify({ select: "p", partitions: "2026-11-01", checks: "only" });
  const post = async (path: string): Promise<unknown> => {
    const answer = await fetch(server.url + path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", origin: server.url },
    });
    const value = await answer.json();
    assert.ok(answer.ok, JSON.stringify(value));
    return value;
  };
  const { plan } = (await post("/api/v1/plans")) as { plan: { assets: unknown[]; steps: number } };
  assert.deepEqual([plan.assets, plan.steps], [[], 1]);
  const { run } = (await post("/api/v1/runs")) as { run: string };
  assert.equal((await instance.ended(run)).status, "succeeded");
  assert.deepEqual(
    (await listSteps(db, run, { limit: 10 })).map(({ name }) => name),
    ["p:agrees"],
  );
});
