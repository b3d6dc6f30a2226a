import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asset,
  assetCheck,
  daily,
  decimal,
  define,
  dep,
  env,
  externalAsset,
  IrokoError,
  job,
  multiAsset,
  output,
  readSnapshot,
  resource,
  retryPolicy,
  schedule,
  sensitive,
  snapshotOf,
  untypedAsset,
  type Check,
  type Definitions,
  type IoManager,
  type Snapshot,
  type UntypedAssetOptions,
} from "@iroko/core";
import { z } from "zod";

const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const Row = z.object({
  id: z.string(),
  amount: sensitive(decimal(18, 2, { gt: 0 }))
    .nullable()
    .describe("in naira"),
});

function file(path: string): IoManager<"relation"> {
  return { kind: "file", path, extension: ".txt", stage: unused, load: unused };
}

async function unused(): Promise<never> {
  throw new Error("definitions are not run here");
}

const unique: Check<"id"> = {
  name: "unique_id",
  kind: "unique",
  severity: "error",
  blocking: true,
  columns: ["id"],
  history: 0,
  run: unused,
};
const lake = resource({ key: "lake", config: z.object({ path: z.string(), size: z.int() }), open: ({ path }) => path });

/** Definitions that use every part of a snapshot. */
function everything(): Definitions {
  const opened = lake({ path: env("IROKO_TEST_CANARY"), size: 3 });
  const source = externalAsset({
    key: "source",
    partitions: days,
    resources: { opened },
    compares: () => ({ raw: "raw" }),
    observe: () => [],
  });
  const landing = multiAsset({
    outputs: {
      raw: output({
        key: "raw",
        group: "ingest",
        owners: ["team:data"],
        tags: { tier: "1" },
        schema: Row,
        output: file("raw"),
        checks: [unique],
      }),
      bad: output({ key: "bad", optional: true }),
    },
    deps: { source },
    partitions: days,
    resources: { opened },
    config: z.object({ limit: z.int().default(10) }),
    backfill: "range",
    readsPrevious: true,
    pools: ["duckdb"],
    retry: retryPolicy({ maxRetries: 2 }),
    materialize: () => ({ raw: [] }),
  });
  const cleaned = untypedAsset({
    key: "cleaned",
    description: "One row per transaction.",
    partitions: days,
    deps: {
      raw: landing.raw,
      before: dep(landing.raw, { map: { kind: "timeWindow", startOffset: -3, endOffset: -1 }, weak: true }),
    },
    schema: Row,
    output: file("cleaned"),
    sql: { text: "select * from raw", metrics: "select 1 as one" },
    columnLineage: {
      id: ["raw.id"],
      amount: { inputFields: ["before.amount", "raw"], transformation: "aggregation", description: "in kobo" },
    },
    materialize: () => [],
  });
  const all = job({ key: "all", select: "*", config: { raw: { limit: 1 } } });
  return define({
    assets: [source, landing, cleaned],
    checks: [
      assetCheck({
        asset: landing.raw,
        name: "agrees",
        blocking: true,
        resources: { opened },
        run: () => ({ passed: true }),
      }),
    ],
    jobs: [all],
    schedules: [schedule({ key: "nightly", job: all, cron: "0 2 * * *", timezone: "Africa/Lagos", catchUp: "each" })],
  });
}

function assetIn(snapshot: Snapshot, key: string): Snapshot["assets"][number] {
  return snapshot.assets.find((found) => found.key === key)!;
}

/** The definition hash of an asset "a" made with these options. */
function hashWith(options: Partial<UntypedAssetOptions>): string {
  const upstream = asset({ key: "up", materialize: () => {} });
  const made = untypedAsset({ key: "a", deps: { upstream }, materialize: () => {}, codeVersion: "1", ...options });
  return assetIn(snapshotOf(define({ assets: [upstream, made] })), "a").definitionHash;
}

test("a snapshot is plain JSON that reads back as itself", () => {
  const snapshot = snapshotOf(everything());
  const json: unknown = JSON.parse(JSON.stringify(snapshot));
  assert.deepEqual(readSnapshot(json), snapshot);
  assert.match(snapshot.hash, /^[0-9a-f]{64}$/);
  assert.deepEqual(snapshot.environment, ["IROKO_TEST_CANARY"]);
  assert.deepEqual(
    snapshot.assets.map(({ key, kind, observable, compute }) => [key, kind, observable, compute]),
    [
      ["bad", "asset", false, "raw+bad"],
      ["cleaned", "asset", false, "cleaned"],
      ["raw", "asset", false, "raw+bad"],
      ["source", "external", true, undefined],
    ],
  );
  const cleaned = snapshot.computes.find(({ name }) => name === "cleaned")!;
  assert.deepEqual(cleaned.deps, [
    { name: "raw", asset: "raw", mapping: { kind: "identity" }, weak: false },
    {
      name: "before",
      asset: "raw",
      mapping: { kind: "timeWindow", startOffset: -3, endOffset: -1, allowNonexistent: false },
      weak: true,
    },
  ]);
  assert.equal(assetIn(snapshot, "raw").storage?.path, "raw");
  assert.deepEqual(assetIn(snapshot, "cleaned").columnLineage, [
    { column: "id", from: [{ asset: "raw", column: "id" }] },
    {
      column: "amount",
      from: [
        { asset: "raw", column: "amount" },
        { asset: "raw", column: null },
      ],
      transformation: "aggregation",
      description: "in kobo",
    },
  ]);
  assert.equal(snapshot.schedules[0]?.catchUp, "each");
});

test("no value of the environment is in a snapshot, and none changes it", () => {
  const before = snapshotOf(everything());
  process.env["IROKO_TEST_CANARY"] = "canary-5f1c";
  try {
    const after = snapshotOf(everything());
    assert.ok(!JSON.stringify(after).includes("canary-5f1c"));
    assert.equal(after.hash, before.hash);
  } finally {
    delete process.env["IROKO_TEST_CANARY"];
  }
});

test("the order of the definitions does not change the hash, their content does", () => {
  const assets = ["a", "b", "c"].map((key) => untypedAsset({ key, codeVersion: "1", materialize: () => {} }));
  const { hash } = snapshotOf(define({ assets }));
  assert.equal(snapshotOf(define({ assets: assets.toReversed() })).hash, hash);
  const changed = untypedAsset({ key: "c", codeVersion: "1", group: "other", materialize: () => {} });
  assert.notEqual(snapshotOf(define({ assets: [...assets.slice(0, 2), changed] })).hash, hash);
});

test("a definition hash is of what decides how an asset is made, and of nothing that only describes it", () => {
  const base = hashWith({});
  assert.equal(
    hashWith({
      columnLineage: {},
      description: "x",
      group: "x",
      owners: ["x"],
      tags: { x: "x" },
      retry: retryPolicy({ maxRetries: 0 }),
    }),
    base,
  );
  const different = [
    hashWith({ codeVersion: "2" }),
    hashWith({ deps: {} }),
    hashWith({ partitions: days }),
    hashWith({ resources: { lake: lake({ path: "x", size: 1 }) } }),
    hashWith({ resources: { lake: lake({ path: env("X"), size: 1 }) } }),
    hashWith({ schema: Row, output: file("a") }),
    hashWith({ schema: Row, output: file("b") }),
    hashWith({ schema: Row, output: file("a"), checks: [unique] }),
    hashWith({ config: z.object({ limit: z.int() }) }),
  ];
  assert.equal(new Set([base, ...different]).size, different.length + 1);
});

test("a code version is a hash of the SQL, else of the function's source, unless it is given", () => {
  const version = (options: Omit<UntypedAssetOptions, "key">): string | undefined =>
    assetIn(snapshotOf(define({ assets: [untypedAsset({ key: "a", ...options })] })), "a").codeVersion;
  assert.equal(version({ codeVersion: "v7", materialize: () => {} }), "v7");
  const one = version({ sql: { text: "select 1" }, materialize: () => {} });
  assert.equal(version({ sql: { text: "select 1" }, materialize: () => void "otherwise" }), one);
  assert.notEqual(version({ sql: { text: "select 2" }, materialize: () => {} }), one);
  assert.equal(version({ materialize: () => void 1 }), version({ materialize: () => void 1 }));
  assert.notEqual(version({ materialize: () => void 1 }), version({ materialize: () => void 2 }));
});

test("what is no snapshot, or a newer one, is refused with what to do", () => {
  const refusal = (json: unknown): IrokoError => {
    try {
      readSnapshot(json);
    } catch (error) {
      assert.ok(error instanceof IrokoError);
      assert.equal(error.code, "SNAPSHOT_INVALID");
      return error;
    }
    throw new Error("it was read");
  };
  const snapshot = snapshotOf(everything());
  assert.match(refusal({ ...snapshot, format: 2 }).hint ?? "", /newer Iroko/);
  assert.match(refusal({ ...snapshot, format: 0 }).hint ?? "", /iroko deploy/);
  assert.match(refusal({ ...snapshot, jobs: [{ key: "j" }] }).message, /jobs\.0\.select/);
  assert.match(refusal(null).message, /its root/);
});
