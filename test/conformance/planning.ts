/** The planning vectors: which steps, in which order, and what becomes of them when some fail or give nothing. */
import { isDeepStrictEqual } from "node:util";
import { assetGraph, emptySetOf, existing, planRun, unpartitioned, wholePlan, type PlannedStep } from "@iroko/core";
import { z } from "zod";
import { buildSnapshot, type AssetSketch } from "../support/build-snapshot.ts";
import { simulateRun } from "./simulate-run.ts";
import { topic, type Topic } from "./topic.ts";

const asset = z.strictObject({
  deps: z.array(z.string()).optional(),
  optional: z.boolean().optional(),
  checks: z.record(z.string(), z.strictObject({ blocking: z.boolean() })).optional(),
});

export const planningInput = z.strictObject({
  assets: z.record(z.string(), asset),
  multi: z
    .record(z.string(), z.strictObject({ outs: z.record(z.string(), asset), can_subset: z.boolean() }))
    .optional(),
  checks: z.record(z.string(), z.strictObject({ asset: z.string(), blocking: z.boolean() })).optional(),
  select: z.array(z.string()).optional(),
  select_checks: z.string().optional(),
  fail: z.array(z.string()).optional(),
  no_output: z.array(z.string()).optional(),
  failing_checks: z.array(z.string()).optional(),
});
export type PlanningInput = z.infer<typeof planningInput>;

export const planningOutcome = z.strictObject({
  levels: z.array(z.array(z.string())),
  success: z.boolean(),
  materialized: z.array(z.string()),
  failed_steps: z.array(z.string()),
  skipped_steps: z.array(z.string()),
  checks: z.record(z.string(), z.boolean()).optional(),
});
export type PlanningOutcome = z.infer<typeof planningOutcome>;

export const planning: Topic = topic({
  name: "planning",
  input: planningInput,
  expected: planningOutcome,
  answer: outcomeOf,
  agrees: (answer, expected) => isDeepStrictEqual(sorted(planningOutcome.parse(answer)), sorted(expected)),
});

/** Lists and labels in an order of their own, no checks as an empty record: so two of them can be compared. */
export function sorted(outcome: PlanningOutcome): PlanningOutcome {
  const { levels, success, materialized, failed_steps, skipped_steps, checks = {} } = outcome;
  const inOrder = (labels: readonly string[]): string[] =>
    labels.map((label) => label.split("+").toSorted().join("+")).toSorted();
  return {
    levels: levels.map(inOrder),
    success,
    materialized: inOrder(materialized),
    failed_steps: inOrder(failed_steps),
    skipped_steps: inOrder(skipped_steps),
    checks,
  };
}

/** The plan of everything that is selected, where all has been made before; then what becomes of it. */
function outcomeOf(given: PlanningInput): PlanningOutcome {
  const { assets, multi = {}, checks = {}, select } = given;
  const outputs = Object.entries(multi).flatMap(([compute, { outs }]) =>
    Object.entries(outs).map(([key, { deps = [], optional = false }]): [string, AssetSketch] => [
      key,
      { compute, optional, deps: deps.filter((dep) => !Object.hasOwn(outs, dep)) },
    ]),
  );
  const plain = Object.entries(assets).map(([key, { deps = [], optional = false }]): [string, AssetSketch] => [
    key,
    { deps, optional },
  ]);
  const standalone = Object.entries(checks).map(([name, check]) => ({ name, ...check }));
  const snapshot = buildSnapshot(Object.fromEntries([...plain, ...outputs]), standalone);
  const now = Temporal.Instant.from("2026-11-21T00:00:00Z");
  const none = emptySetOf(unpartitioned);
  const state = {
    materialized: existing(unpartitioned, now),
    failed: none,
    inProgress: none,
    origins: [],
    changes: new Map(),
  };
  const plan = planRun({
    snapshot,
    request: { select: select?.join(" or ") ?? "*", partitions: { kind: "unspecified" } },
    state: { assets: new Map(snapshot.assets.map(({ key }) => [key, state])) },
    now,
  });
  const graph = assetGraph(snapshot);
  const whole = wholePlan(graph, plan, now);
  const depths = depthsOf(whole);
  const levels: string[][] = [];
  for (const step of whole.steps) (levels[depths[step.n]!] ??= []).push(labelOf(given, step));
  const run = simulateRun(graph, whole.steps, whole.edges, {
    raise: new Set(given.fail),
    giveNothing: new Set(given.no_output),
    failChecks: new Set(given.failing_checks),
    ownChecks: (key) => Object.entries(assets[key]?.checks ?? {}).map(([name, { blocking }]) => ({ name, blocking })),
  });
  return {
    levels: levels.map((level) => level.toSorted()),
    success: run.success,
    materialized: [...run.materialized],
    failed_steps: run.failed.map((step) => labelOf(given, step)),
    skipped_steps: run.skipped.map((step) => labelOf(given, step)),
    ...(Object.keys(run.checks).length === 0 ? {} : { checks: run.checks }),
  };
}

/** What a step makes, with the checks inside. */
export function labelOf({ assets }: PlanningInput, step: Pick<PlannedStep, "kind" | "name" | "assets">): string {
  if (step.kind === "check") return step.name;
  const inside = step.assets.flatMap((key) => Object.keys(assets[key]?.checks ?? {}).map((check) => `${key}:${check}`));
  return [...step.assets, ...inside].join("+");
}

function depthsOf({ steps, edges }: ReturnType<typeof wholePlan>): readonly number[] {
  const depths = steps.map(() => 0);
  for (const { from, to } of edges) depths[to] = Math.max(depths[to]!, depths[from]! + 1);
  return depths;
}
