/** What users' own tests are written with. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  asset,
  byPartition,
  daily,
  dep,
  dynamic,
  env,
  IrokoError,
  materialize,
  multi,
  multiAsset,
  output,
  resource,
  type Check,
  type Partition,
} from "@iroko/core";
import { z } from "zod";
import { jsonLines } from "../support/json-lines.ts";

const days = daily({ start: "2026-11-01", timezone: "UTC" });
const Sale = z.object({ id: z.string(), amount: z.number() });
const Total = z.object({ total: z.number() });

const source = resource({
  key: "source",
  config: z.object({ path: z.string() }),
  open: ({ path }): { read(day: string): z.output<typeof Sale>[] } => ({ read: () => [{ id: path, amount: 1 }] }),
});

const sales = asset({
  key: "sales",
  schema: Sale,
  output: jsonLines("raw/sales"),
  partitions: days,
  resources: { source: source({ path: env("IROKO_TEST_UNSET") }) },
  materialize: ({ resources, partition }) => ({
    data: resources.source.read(partition.key),
    metadata: { day: partition.key },
  }),
});

const totals = asset({
  key: "totals",
  schema: Total,
  output: jsonLines("totals"),
  partitions: days,
  deps: { sales },
  materialize: async ({ deps }) => {
    let total = 0;
    for await (const { amount } of deps.sales.rows()) total += amount;
    return [{ total }];
  },
});

const fake = {
  read: (day: string) => [
    { id: day, amount: 2 },
    { id: `${day}b`, amount: 3 },
  ],
};

test("assets are made in the order of their dependencies, with a stand-in for a resource", async () => {
  await using made = await materialize([totals, sales], { partition: "2026-11-02", resources: { source: fake } });
  assert.equal(made.success, true);
  assert.deepEqual(
    made.materializations.map(({ asset, partition, rows, metadata }) => [asset, partition, rows, metadata]),
    [
      ["sales", "2026-11-02", 2, { day: { type: "text", value: "2026-11-02" } }],
      ["totals", "2026-11-02", 1, {}],
    ],
  );
  assert.deepEqual(await made.rows(totals), [{ total: 5 }]);
  assert.deepEqual(await made.rows(sales, "2026-11-02"), fake.read("2026-11-02"));
});

test("a stand-in may be a resource with other values", async () => {
  await using made = await materialize([sales], {
    partition: "2026-11-02",
    resources: { source: source({ path: "x" }) },
  });
  assert.deepEqual(await made.rows(sales), [{ id: "x", amount: 1 }]);
});

test("rows of an asset that is not made are given as inputs, by dependency or by asset", async () => {
  const rows = [
    { id: "a", amount: 40 },
    { id: "b", amount: 2 },
  ];
  await using byName = await materialize([totals], { partition: "2026-11-02", inputs: { sales: rows } });
  assert.deepEqual(await byName.rows(totals), [{ total: 42 }]);
  await using replaced = await materialize([sales, totals], { partition: "2026-11-02", inputs: { sales: rows } });
  assert.deepEqual(
    replaced.materializations.map(({ asset }) => asset),
    ["totals"],
  );
});

test("inputs of several partitions are given by partition", async () => {
  const lookBack = asset({
    key: "look_back",
    schema: Total,
    output: jsonLines("look_back"),
    partitions: days,
    deps: { sales: dep(sales, { map: { kind: "timeWindow", startOffset: -2, endOffset: 0 } }) },
    materialize: async ({ deps }) => [{ total: await deps.sales.count() }],
  });
  const inputs = { sales: byPartition(({ key }: Partition) => [{ id: key, amount: 1 }]) };
  await using made = await materialize([lookBack], { partition: "2026-11-05", inputs });
  assert.deepEqual(await made.rows(lookBack), [{ total: 3 }]);
});

test("an input that is nowhere is named with the dependency that reads it", async () => {
  await assert.rejects(materialize([totals], { partition: "2026-11-02" }), {
    code: "INPUT_MISSING",
    message: /"totals" reads sales@2026-11-02/,
    hint: /inputs: \{ sales:/,
  });
});

test("a store folder is kept, and read by the next call", async (t) => {
  const store = await mkdtemp(join(tmpdir(), "iroko-store-"));
  t.after(() => rm(store, { recursive: true }));
  await using first = await materialize([sales], { partition: "2026-11-02", resources: { source: fake }, store });
  assert.equal(first.materializations[0]!.file, join(store, "raw/sales/2026-11-02.jsonl"));
  await first.close();
  await using second = await materialize([totals], { partition: "2026-11-02", store });
  assert.deepEqual(await second.rows(totals), [{ total: 5 }]);
});

test("a temporary store is gone after use", async () => {
  const made = await materialize([sales], { partition: "2026-11-02", resources: { source: fake } });
  const file = made.materializations[0]!.file!;
  assert.ok(existsSync(file));
  await made.close();
  assert.ok(!existsSync(file));
});

test("several partitions are made in order, a range of them in one step", async () => {
  const calls: (readonly string[])[] = [];
  const ranged = asset({
    key: "ranged",
    schema: Total,
    output: jsonLines("ranged"),
    partitions: days,
    backfill: "range",
    materialize: ({ partitions }) => {
      calls.push(partitions.map(({ key }) => key));
      return byPartition(() => [{ total: 1 }]);
    },
  });
  const partitions = ["2026-11-03", "2026-11-02"];
  await using made = await materialize([ranged], { partitions });
  assert.deepEqual(calls, [["2026-11-02", "2026-11-03"]]);
  assert.deepEqual(
    made.materializations.map(({ partition }) => partition),
    ["2026-11-02", "2026-11-03"],
  );
  await assert.rejects(made.rows(ranged), { code: "PARTITIONS_MIXED" });
});

test("the user's own error is thrown as it is", async () => {
  const mine = new RangeError("mine");
  const broken = asset({
    key: "broken",
    materialize: () => {
      throw mine;
    },
  });
  await assert.rejects(materialize([broken]), (error) => error === mine);
  await using result = await materialize([broken], { raiseOnError: false });
  assert.deepEqual([result.success, result.error], [false, mine]);
});

test("a failed check ends in the result beside what was made before it", async () => {
  const refuse: Check<never> = {
    name: "refuse",
    kind: "test",
    severity: "error",
    blocking: true,
    columns: [],
    history: 0,
    run: () => Promise.resolve({ passed: false, message: "never good" }),
  };
  const refused = asset({
    key: "refused",
    schema: Total,
    output: jsonLines("refused"),
    checks: [refuse],
    materialize: () => [],
  });
  const fine = asset({ key: "fine", schema: Total, output: jsonLines("fine"), materialize: () => [{ total: 1 }] });
  await using result = await materialize([fine, refused], { raiseOnError: false });
  assert.ok(result.error instanceof IrokoError);
  assert.equal(result.error.code, "CHECK_FAILED");
  assert.deepEqual(
    result.materializations.map(({ asset }) => asset),
    ["fine"],
  );
});

test("one output of a multi-asset can be made, and what depends on one left out is not", async () => {
  const wanted: string[][] = [];
  const landing = multiAsset({
    outputs: {
      good: output({ key: "good", schema: Total, output: jsonLines("good") }),
      odd: output({ key: "odd", schema: Total, output: jsonLines("odd"), optional: true }),
    },
    materialize: (ctx) => {
      wanted.push([...ctx.selectedOutputs]);
      return { good: [{ total: 1 }] };
    },
  });
  const after = asset({
    key: "after",
    schema: Total,
    output: jsonLines("after"),
    deps: { odd: landing.odd },
    materialize: () => [],
  });
  await using all = await materialize([landing, after]);
  assert.deepEqual(
    all.materializations.map(({ asset }) => asset),
    ["good"],
  );
  await using one = await materialize([landing.good]);
  assert.deepEqual(
    one.materializations.map(({ asset }) => asset),
    ["good"],
  );
  assert.deepEqual(wanted, [["good", "odd"], ["good"]]);
});

test("config reaches its asset, and an unknown resource is refused by name", async () => {
  const config = z.object({ limit: z.number() });
  const limited = asset({
    key: "limited",
    schema: Total,
    output: jsonLines("limited"),
    config,
    materialize: (ctx) => [{ total: ctx.config.limit }],
  });
  await using made = await materialize([limited], { config: { limited: { limit: 3 } } });
  assert.deepEqual(await made.rows(limited), [{ total: 3 }]);
  await assert.rejects(materialize([sales], { partition: "2026-11-02", resources: { sorce: fake } }), {
    message: /no|None.*"sorce"/,
    hint: 'Did you mean "source"?',
  });
});

test("a partition of several dimensions is asked for by an object, knows its dimensions and lies in a folder for each", async () => {
  const byTenant = asset({
    key: "by_tenant",
    schema: Total,
    output: jsonLines("by_tenant"),
    partitions: multi({ tenant: dynamic("tenants"), day: days }),
    deps: { sales },
    materialize: async ({ deps, partition: { key, dimensions } }) => {
      assert.equal(dimensions.day.window.start.toString(), "2026-11-02T00:00:00Z");
      const rows = await Array.fromAsync(deps.sales.rows());
      return {
        data: [{ total: rows.length }],
        metadata: { key, tenant: dimensions.tenant.key, day: dimensions.day.key },
      };
    },
  });
  const partition = { tenant: '../a=b|c,"d"', day: "2026-11-02" };
  await using made = await materialize([byTenant, sales], { partition, resources: { source: fake } });
  const { file, metadata } = made.materializations.find(({ asset }) => asset === "by_tenant")!;
  assert.deepEqual(metadata, {
    key: { type: "text", value: String.raw`tenant="../a=b|c,\"d\"",day=2026-11-02` },
    tenant: { type: "text", value: partition.tenant },
    day: { type: "text", value: "2026-11-02" },
  });
  assert.match(file!, /\/by_tenant\/tenant=%2E\.%2Fa%3Db%7Cc%2C%22d%22\/day=2026-11-02\.\w+$/);
  assert.deepEqual(await made.rows(byTenant, partition), [{ total: 2 }]);
});

test("what reads all dynamic partitions reads those that the test names", async () => {
  const tenants = dynamic("tenants");
  const perTenant = asset({
    key: "per_tenant",
    schema: Sale,
    output: jsonLines("per_tenant"),
    partitions: tenants,
    materialize: ({ partition }) => [{ id: partition.key, amount: 1 }],
  });
  const all = asset({
    key: "all",
    schema: Sale,
    output: jsonLines("all"),
    deps: { tenants: dep(perTenant, { map: { kind: "all" } }) },
    materialize: ({ deps }) => deps.tenants.rows(),
  });
  await using made = await materialize([all, perTenant], { dynamicKeys: { tenants: ["acme", "żółw"] } });
  assert.deepEqual(
    (await made.rows(all)).map(({ id }) => id),
    ["acme", "żółw"],
  );
});
