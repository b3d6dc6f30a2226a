/** Partitions of several dimensions, and those whose keys come and go, from the plan to the files. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  addDynamicKeys,
  listEvents,
  listPartitions,
  materializationsOf,
  planRequest,
  readMoment,
  removeDynamicKeys,
  retryRun,
  setOfColumns,
} from "@iroko/core/engine";
import { assetGraph, encodePartitionKey, formatPartitions, type PartitionRequest } from "@iroko/core";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";

const head = `
  import { existsSync, readFileSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, byPartition, daily, define, dep, dynamic, fixed, multi, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  const days = daily({ start: "2026-11-01", end: "2026-11-05", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  const once = retryPolicy({ maxRetries: 0 });
  const sum = async (rows) => { let n = 0; for await (const row of rows) n += row.n; return [{ n }]; };
`;

/** Day → region × day → day. */
const regions = `${head}
  const sales = multi({ region: fixed(["LA", "AB"]), day: days });
  const raw = asset({ key: "raw", partitions: days, schema, output: jsonLines("raw"),
    materialize: (ctx) => existsSync(here("more")) && ctx.partition.key === "2026-11-02" ? [{ n: 5 }] : [{ n: 1 }] });
  const byRegion = asset({ key: "by_region", partitions: sales, schema, output: jsonLines("by_region"), deps: { raw }, retry: once,
    async materialize(ctx) {
      const { region, day } = ctx.partition.dimensions;
      if (ctx.partition.key !== "region=" + region.key + ",day=" + day.key || !day.window) throw new Error(ctx.partition.key);
      if (existsSync(here("broken")) && region.key === "AB" && day.key === "2026-11-03") throw new Error("no");
      return sum(ctx.deps.raw.rows());
    } });
  const total = asset({ key: "total", partitions: days, schema, output: jsonLines("total"), deps: { byRegion },
    materialize: (ctx) => sum(ctx.deps.byRegion.rows()) });
  export default define({ assets: [raw, byRegion, total] });
`;

const text = (chosen: string): PartitionRequest => ({ kind: "text", text: chosen });

async function planned(instance: TestInstance, select: string, partitions: PartitionRequest): Promise<string[]> {
  const { snapshot } = await instance.deploy();
  const moment = await readMoment(instance.db, snapshot, Temporal.Now.instant());
  const plan = await planRequest(instance.db, snapshot, { select, partitions }, moment);
  const { assets } = assetGraph(snapshot);
  return plan.assets.map(
    ({ asset, partitions: set }) => `${asset}@${formatPartitions(assets.get(asset)!.partitions, set)}`,
  );
}

async function made(instance: TestInstance, select: string, partitions: PartitionRequest): Promise<string> {
  const run = await instance.submit({ select, partitions });
  assert.equal((await instance.ended(run)).status, "succeeded");
  return run;
}

const content = (instance: TestInstance, file: string): Promise<string> =>
  readFile(join(instance.project.folder, "store", file), "utf8");

test("a region × day asset between daily ones is planned, made, published and read back", async () => {
  await using instance = await testInstance({ "iroko.config.ts": regions });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const run = await instance.submit({ select: "*", partitions: text("2026-11-01..2026-11-02") });
  const { status, succeeded } = await instance.ended(run);
  assert.deepEqual({ status, succeeded }, { status: "succeeded", succeeded: 8 });
  assert.equal(await content(instance, "by_region/region=LA/day=2026-11-02.jsonl"), '{"n":1}\n');
  assert.equal(await content(instance, "total/2026-11-02.jsonl"), '{"n":2}\n');
  const [row] = await listPartitions(instance.db, "by_region", {
    limit: 1,
    only: "day=2026-10-31T23:00:00Z|region=AB",
  });
  assert.deepEqual(Object.keys(row!.inputs!["raw"]!), ["2026-10-31T23:00:00Z"]);
  const { rows } = await instance.db.query<{ rest: string }>(
    "select rest, lower(time_window) from iroko.asset_partition where asset = 'by_region' order by 2, 1",
  );
  assert.deepEqual(
    rows.map(({ rest }) => rest),
    ["region=AB", "region=LA", "region=AB", "region=LA"],
  );
  const events = await listEvents(instance.db, { asset: "by_region" }, { limit: 10 });
  assert.deepEqual(
    events.map((event) => setOfColumns(event).kind),
    ["multi", "multi", "multi", "multi"],
  );

  assert.deepEqual(await planned(instance, "*", { kind: "missing" }), [
    "raw@2026-11-03..2026-11-04",
    "by_region@region=LA|AB,day=2026-11-03..2026-11-04",
    "total@2026-11-03..2026-11-04",
  ]);
  assert.deepEqual(await planned(instance, "by_region", text("region=AB,day=2026-11-02")), [
    "by_region@region=AB,day=2026-11-02",
  ]);
  await assert.rejects(planned(instance, "by_region", text("regions=AB")), {
    code: "PARTITION_FORMAT",
    message: /no dimension "regions"/,
    hint: 'Did you mean "region"?',
  });
  await assert.rejects(planned(instance, "by_region", { kind: "unspecified" }), {
    code: "PARTITION_UNSPECIFIED",
    hint: /--partition region=LA,day=2026-11-04,/,
  });

  await instance.project.write("more", "");
  await made(instance, "raw", text("2026-11-02"));
  assert.deepEqual(await planned(instance, "*", { kind: "stale" }), [
    "by_region@region=LA|AB,day=2026-11-02",
    "total@2026-11-02",
  ]);
  assert.deepEqual(await planned(instance, "by_region", text("region=AB,stale")), [
    "by_region@region=AB,day=2026-11-02",
  ]);
  assert.deepEqual(await planned(instance, "raw or by_region", text("not region=LA and missing")), [
    "raw@2026-11-03..2026-11-04",
    "by_region@region=AB,day=2026-11-03..2026-11-04",
  ]);
  assert.deepEqual(await planned(instance, "raw", text("2026-11-01 or missing")), [
    "raw@2026-11-01, 2026-11-03..2026-11-04",
  ]);
  await made(instance, "*", { kind: "stale" });
  assert.equal(await content(instance, "total/2026-11-02.jsonl"), '{"n":10}\n');
  assert.deepEqual(await planned(instance, "*", { kind: "stale" }), []);
});

test("of several dimensions, what failed can be asked for and retried", async () => {
  await using instance = await testInstance({ "iroko.config.ts": regions, broken: "" });
  await instance.deploy();
  await instance.startWorker({ slots: 2 });
  const run = await instance.submit({ select: "*", partitions: text("all") });
  const { failed, skipped, succeeded } = await instance.ended(run);
  assert.deepEqual({ failed, skipped, succeeded }, { failed: 1, skipped: 1, succeeded: 14 });
  assert.deepEqual(await planned(instance, "*", { kind: "failed" }), ["by_region@region=AB,day=2026-11-03"]);

  await rm(instance.project.file("broken"));
  const again = await retryRun(instance.db, run);
  assert.equal((await instance.ended(again)).status, "succeeded");
  assert.deepEqual(
    (await materializationsOf(instance.db, again)).map(({ asset, partition }) => `${asset} ${partition}`),
    ["by_region day=2026-11-02T23:00:00Z|region=AB", "total 2026-11-02T23:00:00Z"],
  );
  assert.deepEqual(await planned(instance, "*", { kind: "failed" }), []);
});

const ranged = `${head}
  const ranged = asset({ key: "ranged", partitions: multi({ day: days, tenant: dynamic("tenants") }), schema, output: jsonLines("ranged"),
    backfill: "range", retry: once,
    materialize: () => byPartition(async (partition) => {
      writeFileSync(here("begun"), "");
      while (existsSync(here("wait"))) await new Promise((resolve) => setTimeout(resolve, 10));
      if (existsSync(here("broken")) && partition.key === "day=2026-11-04,tenant=b") throw new Error("no");
      return [{ n: 1 }];
    }) });
  export default define({ assets: [ranged] });
`;

const add = (instance: TestInstance, ...keys: string[]): Promise<readonly string[]> =>
  instance.db.transaction((tx) => addDynamicKeys(tx, "tenants", keys));
const remove = (instance: TestInstance, ...keys: string[]): Promise<readonly string[]> =>
  instance.db.transaction((tx) => removeDynamicKeys(tx, "tenants", keys));

test("a step over a range in several dimensions keeps what it has made, and a retry makes the rest with the keys it was planned with", async () => {
  await using instance = await testInstance({ "iroko.config.ts": ranged, broken: "" });
  await instance.deploy();
  await add(instance, "a", "b");
  await instance.startWorker();
  const run = await instance.submit({ select: "ranged", partitions: text("all") });
  assert.equal((await instance.ended(run)).status, "failed");
  const before = await materializationsOf(instance.db, run);
  assert.ok(before.length > 0 && before.length < 8, `${before.length} were made`);

  await rm(instance.project.file("broken"));
  await remove(instance, "b");
  await add(instance, "c");
  const again = await retryRun(instance.db, run);
  assert.equal((await instance.ended(again)).status, "succeeded");
  const after = await materializationsOf(instance.db, again);
  assert.equal(after.length, 8 - before.length);
  assert.ok(after.some(({ partition }) => partition.endsWith("tenant=b")));
  assert.ok(!after.some(({ partition }) => partition.endsWith("tenant=c")));
});

test("a worker killed over several dimensions: another goes on with its step", async () => {
  await using instance = await testInstance({ "iroko.config.ts": ranged, wait: "" });
  await instance.deploy();
  await add(instance, "a", "b");
  const victim = spawnWorker(instance);
  const run = await instance.submit({ select: "ranged", partitions: text("day=last:2") });
  await waitFor("the victim to run the step", () => existsSync(instance.project.file("begun")), { seconds: 30 });
  victim.kill("SIGKILL");
  await rm(instance.project.file("wait"));
  await instance.startWorker();
  const { status, succeeded } = await instance.ended(run);
  assert.deepEqual({ status, succeeded }, { status: "succeeded", succeeded: 1 });
  assert.equal((await listPartitions(instance.db, "ranged", { limit: 9 })).length, 4);
});

/** A day → tenant × day → tenant, and the list of all tenants. */
const tenants = `${head}
  const tenants = dynamic("tenants");
  const raw = asset({ key: "raw", partitions: days, schema, output: jsonLines("raw"), materialize: () => [{ n: 1 }] });
  const daily_ = asset({ key: "tenant_days", partitions: multi({ tenant: tenants, day: days }), schema, output: jsonLines("tenant_days"),
    deps: { raw }, materialize: (ctx) => sum(ctx.deps.raw.rows()) });
  const perTenant = asset({ key: "tenant_totals", partitions: tenants, schema, output: jsonLines("tenant_totals"),
    deps: { days: daily_ }, materialize: (ctx) => sum(ctx.deps.days.rows()) });
  const all = asset({ key: "all_tenants", schema, output: jsonLines("all_tenants"),
    deps: { each: dep(perTenant, { map: { kind: "all" } }) }, materialize: (ctx) => sum(ctx.deps.each.rows()) });
  export default define({ assets: [raw, daily_, perTenant, all] });
`;

test("tenants come and go: a new one is missing, a removed one keeps what was made of it and is planned no more", async () => {
  await using instance = await testInstance({ "iroko.config.ts": tenants });
  const { snapshot } = await instance.deploy();
  await instance.startWorker({ slots: 2 });
  assert.deepEqual(await planned(instance, "tenant_totals", { kind: "missing" }), []);
  assert.deepEqual(await add(instance, "acme", "bola"), ["acme", "bola"]);
  assert.deepEqual(await add(instance, "bola"), [], "adding is idempotent");
  await made(instance, "*", text("all"));
  assert.equal(await content(instance, "tenant_totals/bola.jsonl"), '{"n":4}\n');
  assert.equal(await content(instance, "all_tenants.jsonl"), '{"n":8}\n');

  await add(instance, "chidi");
  assert.deepEqual(await planned(instance, "+tenant_totals", { kind: "missing" }), [
    "tenant_days@tenant=chidi,day=2026-11-01..2026-11-04",
    "tenant_totals@chidi",
  ]);
  assert.deepEqual(await planned(instance, "tenant_totals", text("bola, acme")), ["tenant_totals@acme, bola"]);
  await assert.rejects(planned(instance, "tenant_totals", text("bula")), {
    code: "PARTITION_NOT_FOUND",
    hint: 'Did you mean "bola"?',
  });

  assert.deepEqual(await remove(instance, "bola"), ["bola"]);
  assert.deepEqual(await remove(instance, "bola"), [], "and so is removing");
  await assert.rejects(remove(instance, "acne"), { code: "PARTITION_NOT_FOUND", hint: 'Did you mean "acme"?' });
  await assert.rejects(add(instance, "fine", ""), { code: "PARTITION_FORMAT" });
  await assert.rejects(planned(instance, "tenant_totals", text("bola")), { code: "PARTITION_NOT_FOUND" });
  const run = await made(instance, "tenant_totals", text("all")).catch(() => undefined);
  assert.equal(run, undefined, "chidi has no days yet");
  const again = await made(instance, "tenant_days or tenant_totals", text("all"));
  const partitions = new Set((await materializationsOf(instance.db, again)).map(({ partition }) => partition));
  assert.ok(![...partitions].some((partition) => partition.includes("bola")), [...partitions].join(" "));
  assert.ok(partitions.has("chidi"));
  assert.equal(await content(instance, "tenant_totals/bola.jsonl"), '{"n":4}\n', "its files stay");
  assert.equal((await listPartitions(instance.db, "tenant_totals", { limit: 9, only: "bola" }))[0]?.version, 1);
  const moment = await readMoment(instance.db, snapshot, Temporal.Now.instant());
  assert.deepEqual(moment.dynamicKeys.get("tenants"), ["acme", "chidi"]);
  const [removed] = (await listEvents(instance.db, {}, { limit: 50 })).filter(
    ({ type }) => type === "partitions_removed",
  );
  assert.deepEqual([removed?.keys, removed?.payload], [["bola"], { definition: "tenants" }]);

  await add(instance, "bola");
  assert.deepEqual(await planned(instance, "+tenant_totals", { kind: "missing" }), [], "it is known as before");
});

const oddKeys = ["it's", '"quoted"', "../../etc", "a|b", "a=b,c", "..", "żółw 🐢", "100%", "%2E", "and", "a..b"];

async function exerciseOddKeys(instance: TestInstance): Promise<void> {
  await instance.deploy();
  await add(instance, ...oddKeys);
  await instance.startWorker({ slots: 2 });
  const run = await made(instance, "raw or tenant_days", text("day=2026-11-01"));
  const rows = (await materializationsOf(instance.db, run)).filter(({ asset }) => asset === "tenant_days");
  assert.equal(rows.length, oddKeys.length);
  assert.equal(new Set(rows.map(({ objectKey }) => objectKey)).size, oddKeys.length);
  assert.deepEqual(await planned(instance, "tenant_days", { kind: "missing", within: "day=2026-11-01" }), []);
  for (const key of oddKeys) {
    const chosen = `tenant=${JSON.stringify(key)},day=2026-11-01`;
    const [entry = ""] = await planned(instance, "tenant_days", text(chosen));
    assert.deepEqual(await planned(instance, "tenant_days", text(entry.slice("tenant_days@".length))), [entry]);
  }
}

test("keys with quotes, dots, separators and any letters name their own file in their own folder", async () => {
  await using instance = await testInstance({ "iroko.config.ts": tenants });
  await exerciseOddKeys(instance);
  const folder = join(instance.project.folder, "store", "tenant_days");
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".jsonl"));
  assert.equal(files.length, oddKeys.length);
  assert.deepEqual(
    files.map((name) => decodeURIComponent(name.slice("tenant=".length, -"/day=2026-11-01.jsonl".length))).toSorted(),
    oddKeys.toSorted(),
  );
});

test("and in a bucket", { skip: skipWithoutMinio }, async () => {
  const server = await startMinio();
  Object.assign(process.env, server.env);
  try {
    await using instance = await testInstance(
      { "iroko.config.ts": tenants },
      { store: `s3://${server.bucket}/odd keys` },
    );
    await exerciseOddKeys(instance);
    for (const key of oddKeys) {
      const name = `tenant_days/tenant=${encodePartitionKey(key)}/day=2026-11-01.jsonl`;
      assert.ok(await instance.store.head(name), name);
    }
  } finally {
    await server.stop();
  }
});
