import assert from "node:assert/strict";
import { test } from "node:test";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { describePlan } from "../../packages/core/src/planning/describe-plan.ts";
import { planRun } from "../../packages/core/src/planning/plan-run.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";

test("a plan is described by ranges, counts and reasons", () => {
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const snapshot = buildSnapshot(
    {
      buffer: { external: true, partitions: days },
      merchants: {},
      raw: { partitions: days, deps: ["buffer"], backfill: { kind: "range" } },
      cleaned: { partitions: days, deps: ["raw", "merchants"] },
    },
    [{ asset: "cleaned", name: "conserved" }],
  );
  const plan = planRun({
    snapshot,
    request: { select: "* or buffer", partitions: { kind: "text", text: "2026-11-01..2026-11-03" } },
    state: { assets: new Map() },
    now: Temporal.Instant.from("2026-11-08T01:00:00Z"),
  });
  const partitions = "2026-11-01..2026-11-03";
  assert.deepEqual(describePlan(plan, snapshot), {
    assets: [
      { asset: "merchants", partitions: "", count: 1, steps: 1, reason: "never made" },
      { asset: "raw", partitions, count: 3, steps: 1, reason: "asked for" },
      { asset: "cleaned", partitions, count: 3, steps: 3, reason: "asked for" },
    ],
    checks: [{ name: "cleaned:conserved", steps: 3 }],
    skipped: [{ asset: "buffer", partitions, count: 3, reason: "it is made elsewhere and cannot be observed" }],
    steps: 8,
    materializations: 7,
  });
});
