/** Some outputs of a computation, for some partitions each; standalone checks by themselves, or left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AssetState } from "../../packages/core/src/graph/asset-state.ts";
import { assetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { IrokoError } from "../../packages/core/src/errors.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { formatPartitions } from "../../packages/core/src/partitions/format-partitions.ts";
import { parsePartitions } from "../../packages/core/src/partitions/parse-partitions.ts";
import { emptySetOf } from "../../packages/core/src/partitions/set-algebra.ts";
import { wholePlan } from "../../packages/core/src/planning/expand-plan.ts";
import { planBasis } from "../../packages/core/src/planning/plan-basis.ts";
import { planFromJson, planToJson } from "../../packages/core/src/planning/plan-codec.ts";
import type { Plan, PlanRequest } from "../../packages/core/src/planning/plan.ts";
import { planRun } from "../../packages/core/src/planning/plan-run.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { plain } from "../support/plain.ts";

const now = Temporal.Instant.from("2026-11-08T01:00:00Z");
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const snapshot = buildSnapshot(
  {
    p: { partitions: days, compute: "split", backfill: { kind: "range" } },
    q: { partitions: days, compute: "split" },
    r: { partitions: days, compute: "split" },
    total: { partitions: days, deps: ["p"] },
    list: {},
  },
  [
    { asset: "p", name: "agrees", blocking: true, deps: ["q"] },
    { asset: "q", name: "even" },
    { asset: "list", name: "filled" },
  ],
);
const graph = assetGraph(snapshot);

/** @param made by asset, as text */
function plan(request: Partial<PlanRequest>, made: Readonly<Record<string, string>> = {}): Plan {
  const assets = snapshot.assets.map(({ key, partitions }): [string, AssetState] => {
    const none = emptySetOf(partitions);
    const text = made[key];
    const materialized = text === undefined ? none : parsePartitions(partitions, text, { now });
    return [key, { materialized, failed: none, inProgress: none, origins: [], changes: new Map() }];
  });
  const asked: PlanRequest = { select: "*", partitions: { kind: "text", text: "all" }, ...request };
  return planRun({ snapshot, request: asked, state: { assets: new Map(assets) }, now });
}

function stepsOf(of: Plan): readonly string[] {
  return wholePlan(graph, of, now).steps.map(({ kind, name, assets, partitions }) => {
    const text = formatPartitions(assets[0] === "list" ? graph.assets.get("list")!.partitions : days, partitions);
    return `${kind} ${kind === "check" ? name : assets.join("+")} ${text}`.trim();
  });
}

const refused = (request: Partial<PlanRequest>, made?: Readonly<Record<string, string>>): IrokoError => {
  try {
    plan(request, made);
  } catch (error) {
    assert.ok(error instanceof IrokoError);
    return error;
  }
  throw new assert.AssertionError({ message: "it was not refused" });
};

test("one output that is selected is all that the step makes", () => {
  assert.deepEqual(stepsOf(plan({ select: "q", partitions: { kind: "text", text: "2026-11-02" }, checks: "none" })), [
    "materialize q 2026-11-02",
  ]);
});

test("where other outputs are missing of each partition, each step makes the missing ones, and no partition twice", () => {
  const made = { p: "2026-11-01..2026-11-03", q: "2026-11-03..2026-11-05", r: "all" };
  const found = plan({ select: "p or q or r", partitions: { kind: "missing" }, checks: "none" }, made);
  assert.deepEqual(stepsOf(found).toSorted(), [
    "materialize p 2026-11-04..2026-11-05",
    "materialize p+q 2026-11-06..2026-11-07",
    "materialize q 2026-11-01..2026-11-02",
  ]);
});

test("checks alone look at what is made already, make nothing, and say what there is nothing to check of", () => {
  const made = { p: "2026-11-01..2026-11-03", q: "2026-11-03", list: "all" };
  const found = plan({ checks: "only" }, made);
  assert.deepEqual(found.assets, []);
  assert.deepEqual(stepsOf(found).toSorted(), [
    "check list:filled",
    "check p:agrees 2026-11-01",
    "check p:agrees 2026-11-02",
    "check p:agrees 2026-11-03",
    "check q:even 2026-11-03",
  ]);
  assert.equal(found.stepCount, 5);
  assert.deepEqual(
    found.skipped.map(({ asset, partitions, reason }) => `${asset} ${formatPartitions(days, partitions)}: ${reason}`),
    [
      "p 2026-11-04..2026-11-07: never made: there is nothing to check",
      "q 2026-11-01..2026-11-02, 2026-11-04..2026-11-07: never made: there is nothing to check",
    ],
  );
  assert.deepEqual(plain(planFromJson(planToJson(found))), plain(found));
});

test("checks alone take partitions and their order as any request does", () => {
  const some = plan(
    { select: "p", checks: "only", order: "newest", partitions: { kind: "text", text: "2026-11-02..2026-11-06" } },
    { p: "2026-11-01..2026-11-04" },
  );
  assert.deepEqual(stepsOf(some), [
    "check p:agrees 2026-11-04",
    "check p:agrees 2026-11-03",
    "check p:agrees 2026-11-02",
  ]);
  assert.equal(
    refused({ select: "p", checks: "only", partitions: { kind: "unspecified" } }).code,
    "PARTITION_UNSPECIFIED",
  );
  assert.deepEqual(
    stepsOf(plan({ select: "list or total", checks: "only", partitions: { kind: "unspecified" } }, { list: "all" })),
    ["check list:filled"],
  );
});

test("where nothing selected has a standalone check, that is said, with those that have", () => {
  const error = refused({ select: "total", checks: "only" });
  assert.equal(error.code, "SELECTION_EMPTY");
  assert.match(error.message, /selects no asset with a standalone check/);
  assert.match(error.hint!, /p, q/);
  assert.equal(plan({ select: "total", checks: "only", allowEmpty: true }).stepCount, 0);
});

test("checks may be left out, and then hold nobody back", () => {
  const request = { select: "p or q or total", partitions: { kind: "text", text: "2026-11-02" } } as const;
  assert.deepEqual(stepsOf(plan(request)).toSorted(), [
    "check p:agrees 2026-11-02",
    "check q:even 2026-11-02",
    "materialize p+q 2026-11-02",
    "materialize total 2026-11-02",
  ]);
  assert.deepEqual(stepsOf(plan({ ...request, checks: "none" })), [
    "materialize p+q 2026-11-02",
    "materialize total 2026-11-02",
  ]);
});

test("a plan of checks alone rests on what they read", () => {
  const found = plan({ select: "p", checks: "only" }, { p: "2026-11-02", q: "all" });
  assert.deepEqual(
    planBasis(graph, found, now).map(
      ({ asset, role, partitions }) => `${role} ${asset} ${formatPartitions(days, partitions)}`,
    ),
    ["reads p 2026-11-02", "reads q 2026-11-02"],
  );
});
