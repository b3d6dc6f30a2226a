/** The static half of the planning vectors: which steps, in which order. What fails at run time is the engine's. */
import { isDeepStrictEqual } from "node:util";
import { emptySetOf, existing, planRun, unpartitioned, wholePlan, assetGraph } from "@iroko/core";
import { z } from "zod";
import { buildSnapshot, type AssetSketch } from "../support/build-snapshot.ts";
import { topic, type Topic } from "./topic.ts";

const asset = z.strictObject({
  deps: z.array(z.string()).optional(),
  optional: z.boolean().optional(),
  checks: z.record(z.string(), z.strictObject({ blocking: z.boolean() })).optional(),
});

const input = z.strictObject({
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
type Input = z.infer<typeof input>;

export const planning: Topic = topic({
  name: "planning",
  input,
  expected: z.looseObject({ levels: z.array(z.array(z.string())) }),
  answer: (given) => ({ levels: levels(given) }),
  agrees: (answer, expected) => isDeepStrictEqual(answer, { levels: expected.levels }),
});

/** The labels of a plan's steps by the length of the longest way to them. */
function levels({ assets, multi = {}, checks = {}, select }: Input): readonly (readonly string[])[] {
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
  const state = { materialized: existing(unpartitioned, now), failed: none, inProgress: none, versions: new Map() };
  const plan = planRun({
    snapshot,
    request: { select: select?.join(" or ") ?? "*", partitions: { kind: "unspecified" } },
    state: { assets: new Map(snapshot.assets.map(({ key }) => [key, state])) },
    now,
  });
  const whole = wholePlan(assetGraph(snapshot), plan, now);
  const depths = depthsOf(whole);
  const found: string[][] = [];
  for (const { n, kind, name, assets: made } of whole.steps) {
    const inside = made.flatMap((key) => Object.keys(assets[key]?.checks ?? {}).map((check) => `${key}:${check}`));
    const label = kind === "check" ? name : [...made, ...inside].join("+");
    (found[depths[n]!] ??= []).push(label);
  }
  return found.map((level) => level.toSorted());
}

function depthsOf({ steps, edges }: ReturnType<typeof wholePlan>): readonly number[] {
  const depths = steps.map(() => 0);
  for (const { from, to } of edges) depths[to] = Math.max(depths[to]!, depths[from]! + 1);
  return depths;
}
