/** Laws of what a plan expands to, held against a model that spells out every partition and every arrow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BackfillPolicy } from "../../packages/core/src/definitions/model.ts";
import type { Snapshot } from "../../packages/core/src/definitions/snapshot.ts";
import { assetGraph, type AssetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { joinOf } from "../../packages/core/src/graph/joins.ts";
import { inferMapping } from "../../packages/core/src/partitions/check-mapping.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { dynamic } from "../../packages/core/src/partitions/dynamic.ts";
import { existing } from "../../packages/core/src/partitions/existing.ts";
import { fixed } from "../../packages/core/src/partitions/fixed.ts";
import { formatPartitions } from "../../packages/core/src/partitions/format-partitions.ts";
import { hourly } from "../../packages/core/src/partitions/hourly.ts";
import { upstreamOf } from "../../packages/core/src/partitions/map-partitions.ts";
import {
  allPartitions,
  lastPartition,
  timeWindow,
  type PartitionMapping,
} from "../../packages/core/src/partitions/mapping.ts";
import type { Moment } from "../../packages/core/src/partitions/moment.ts";
import { multi } from "../../packages/core/src/partitions/multi.ts";
import type { PartitionSet } from "../../packages/core/src/partitions/partition-set.ts";
import { unpartitioned, type PartitionsDefinition } from "../../packages/core/src/partitions/partitions-definition.ts";
import type { Partition } from "../../packages/core/src/partitions/partitions-definition.ts";
import { countIn, partitionsIn, setOfPartitions } from "../../packages/core/src/partitions/partitions-in.ts";
import { emptySetOf, equalSets, intersect, isEmptySet, union } from "../../packages/core/src/partitions/set-algebra.ts";
import { weekly } from "../../packages/core/src/partitions/weekly.ts";
import { expandPlan, wholePlan } from "../../packages/core/src/planning/expand-plan.ts";
import { planFromJson, planToJson, type PlanJson } from "../../packages/core/src/planning/plan-codec.ts";
import { planRun } from "../../packages/core/src/planning/plan-run.ts";
import type { Plan, PlannedStep, PlanRequest } from "../../packages/core/src/planning/plan.ts";
import { buildSnapshot, type AssetSketch, type DependencySketch } from "../support/build-snapshot.ts";
import { plain } from "../support/plain.ts";

const instant = Temporal.Instant.from("2026-11-08T01:00:00Z");
const moment: Moment = {
  now: instant,
  dynamicKeys: new Map([["shop", ["s3", "s1", "s2"]]]),
  keysRevision: 1,
};
const timezone = "Africa/Lagos";
const days = daily({ start: "2026-10-26", timezone });
const regions = fixed(["north", "east", "south", "west"]);
const definitions: readonly PartitionsDefinition[] = [
  unpartitioned,
  days,
  daily({ start: "2026-10-26", timezone, exclusions: ["0 0 * * 0"] }),
  hourly({ start: "2026-11-05-00:00", timezone }),
  weekly({ start: "2026-10-26", timezone, dayOffset: 1 }),
  regions,
  dynamic("shop"),
  multi({ region: fixed(["north", "east"]), day: daily({ start: "2026-11-01", timezone }) }),
  multi({ region: regions, shop: dynamic("shop") }),
];

const policies = fc.oneof(
  fc.constant<BackfillPolicy>({ kind: "perPartition" }),
  fc.constant<BackfillPolicy>({ kind: "range" }),
  fc.integer({ min: 2, max: 5 }).map((size): BackfillPolicy => ({ kind: "batches", size })),
);

const offsets = fc
  .tuple(fc.integer({ min: -4, max: 0 }), fc.integer({ min: -3, max: 1 }))
  .filter(([start, end]) => start <= end)
  .map(([startOffset, endOffset]) => ({ ...timeWindow({ startOffset, endOffset }), allowNonexistent: true }));

/** A graph of a few assets, some of them outputs of one computation, and a request about it. */
const cases = fc
  .array(
    fc.record({
      definition: fc.nat(definitions.length - 1),
      above: fc.array(fc.record({ asset: fc.nat(7), how: fc.nat(2), offsets, weak: fc.boolean() }), { maxLength: 3 }),
      policy: policies,
      isTwin: fc.boolean(),
      checked: fc.boolean(),
      made: fc.array(fc.nat(400), { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain((assets) =>
    fc.record({
      assets: fc.constant(assets),
      order: fc.constantFrom<PlanRequest["order"]>("oldest", "newest", "list"),
      backfill: fc.option(fc.constantFrom<PlanRequest["backfill"]>("perPartition", "range", { batches: 3 })),
    }),
  );

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

interface Planned {
  readonly graph: AssetGraph;
  readonly plan: Plan;
  readonly made: ReadonlyMap<string, PartitionSet>;
}

function snapshotOf({ assets }: Case): Snapshot {
  const sketches: Record<string, AssetSketch> = {};
  assets.forEach(({ definition, above, policy, isTwin }, n) => {
    const partitions = definitions[definition]!;
    const deps = above.flatMap(({ asset, how, offsets: window, weak }): DependencySketch[] => {
      const upstream = assets[asset];
      if (!upstream || asset >= n) return [];
      const mapping = mappingFor(definitions[upstream.definition]!, partitions, how, window);
      return mapping ? [{ key: `a${asset}`, mapping, weak }] : [];
    });
    sketches[`a${n}`] = { partitions, deps, backfill: policy, ...(isTwin ? { compute: `both${n}` } : {}) };
    if (isTwin) sketches[`b${n}`] = { partitions, compute: `both${n}` };
  });
  const checks = assets.flatMap(({ checked, definition }, n) =>
    checked ? [{ asset: `a${n}`, name: "sane", blocking: true, partitions: definitions[definition]! }] : [],
  );
  return buildSnapshot(sketches, checks);
}

function mappingFor(
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
  how: number,
  window: PartitionMapping,
): PartitionMapping | undefined {
  if (how === 1) return upstream.kind === "none" ? undefined : allPartitions;
  if (how === 2 && upstream.kind === "time" && downstream.kind === "time") return window;
  if (how === 2) return lastPartition;
  return inferMapping(upstream, downstream);
}

/** All that is missing, where a few partitions of each asset are made; what cannot be planned is no case. */
function plannedOf(given: Case): Planned | undefined {
  const snapshot = snapshotOf(given);
  const graph = assetGraph(snapshot);
  const made = new Map(
    snapshot.assets.map(({ key, partitions }) => {
      const all = [...partitionsIn(partitions, existing(partitions, moment))];
      // Of the second output others than of the first: the two are not always made together.
      const shift = key.startsWith("b") ? 1 : 0;
      const some = given.assets[Number(key.slice(1))]!.made.map((at) => all[(at + shift) % all.length]!);
      return [key, setOfPartitions(partitions, some)] as const;
    }),
  );
  const state = new Map(
    snapshot.assets.map(({ key, partitions }) => {
      const none = emptySetOf(partitions);
      const known = { failed: none, inProgress: none, origins: [], changes: new Map() };
      return [key, { materialized: made.get(key)!, ...known }] as const;
    }),
  );
  const request: PlanRequest = {
    select: "*",
    partitions: { kind: "missing" },
    ...(given.order === undefined ? {} : { order: given.order }),
    ...(given.backfill ? { backfill: given.backfill } : {}),
  };
  try {
    return { graph, plan: planRun({ snapshot, request, state: { assets: state }, now: moment }), made };
  } catch (error) {
    if ((error as { code?: string }).code === "PLAN_INPUT_MISSING") return undefined;
    throw error;
  }
}

function holds(law: (planned: Planned) => void): void {
  let count = 0;
  fc.assert(
    fc.property(cases, (given) => {
      const planned = plannedOf(given);
      if (planned === undefined) return fc.pre(false);
      count += 1;
      law(planned);
    }),
    { seed: 20261121, numRuns: 1_000 },
  );
  assert.ok(count >= 1_000);
}

test("an expansion is a topological order of numbers without a gap, and each arrow is in it once", () => {
  holds(({ graph, plan }) => {
    const { steps, edges } = wholePlan(graph, plan, moment);
    steps.forEach(({ n }, at) => assert.equal(n, at));
    for (const { from, to } of edges) assert.ok(from >= 0 && from < to && to < steps.length);
    assert.equal(new Set(edges.map(({ from, to }) => `${from} ${to}`)).size, edges.length);
    assert.equal(steps.filter(({ kind }) => kind !== "gate").length, plan.stepCount);
  });
});

test("it makes every missing partition of every asset once, and nothing else, in steps as the policy says", () => {
  holds(({ graph, plan, made }) => {
    const { steps } = wholePlan(graph, plan, moment);
    for (const { key, partitions, compute } of graph.assets.values()) {
      const mine = steps.filter(({ kind, assets }) => kind === "materialize" && assets.includes(key));
      const whole = mine.map((step) => step.partitions).reduce(union, emptySetOf(partitions));
      const total = mine.reduce((sum, step) => sum + countIn(partitions, step.partitions), 0);
      assert.equal(countIn(partitions, whole), total, `${key}: none twice`);
      const there = new Set(Array.from(partitionsIn(partitions, made.get(key)!), ({ id }) => id));
      const missing: Partition[] = Array.from(partitionsIn(partitions, existing(partitions, moment))).filter(
        ({ id }) => !there.has(id),
      );
      assert.ok(
        equalSets(whole, setOfPartitions(partitions, missing)),
        `${key}: ${formatPartitions(partitions, whole)}`,
      );
      const policy = plan.backfill ?? graph.computes.get(compute!)!.backfill;
      for (const step of mine) {
        const size = countIn(partitions, step.partitions);
        if (
          policy === "perPartition" ||
          (typeof policy === "object" && "kind" in policy && policy.kind === "perPartition")
        )
          assert.equal(size, 1);
        if (typeof policy === "object")
          assert.ok(
            size <= ("batches" in policy ? policy.batches : policy.kind === "batches" ? policy.size : Infinity),
          );
        if (step.partitions.kind === "time") assert.equal(step.partitions.windows.length, 1, "no gap in time");
        if (step.partitions.kind === "multi") assert.equal(step.partitions.boxes.length, 1, "one box");
      }
      assert.equal(
        plan.assets.filter(({ asset }) => asset === key).reduce((sum, entry) => sum + entry.steps, 0),
        mine.length,
      );
    }
  });
});

test("a step waits, directly or behind gates, for just those that make a partition that one of its own reads", () => {
  holds(({ graph, plan }) => {
    const { steps, edges } = wholePlan(graph, plan, moment);
    const into = Map.groupBy(edges, ({ to }) => to);
    const waitsFor = (n: number): string[] =>
      (into.get(n) ?? []).flatMap(({ from, weak }) =>
        steps[from]!.kind === "gate" ? waitsFor(from) : [`${from}${weak ? " weakly" : ""}`],
      );
    for (const step of steps) {
      if (step.kind !== "materialize") continue;
      const found = new Set(
        waitsFor(step.n).filter((name) => steps[Number.parseInt(name, 10)]!.kind === "materialize"),
      );
      assert.deepEqual(
        [...strongest(found)].toSorted(),
        [...strongest(modelOf(graph, steps, step))].toSorted(),
        JSON.stringify(plain(step)),
      );
    }
  });
});

/** A weak arrow beside a strong one says nothing. */
function strongest(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].filter((name) => !name.endsWith(" weakly") || !names.has(name.replace(" weakly", ""))));
}

function modelOf(graph: AssetGraph, steps: readonly PlannedStep[], step: PlannedStep): ReadonlySet<string> {
  const { partitions, deps } = graph.computes.get(step.name)!;
  const found = new Set<string>();
  for (const dependency of deps) {
    const { mapping, ...sides } = joinOf(graph, partitions, dependency);
    for (const partition of partitionsIn(partitions, step.partitions)) {
      const needed = upstreamOf(mapping, { ...sides, set: setOfPartitions(partitions, [partition]), now: moment }).set;
      for (const other of steps) {
        if (other.kind !== "materialize" || !other.assets.includes(dependency.asset)) continue;
        if (!isEmptySet(intersect(other.partitions, needed)))
          found.add(`${other.n}${dependency.weak ? " weakly" : ""}`);
      }
    }
  }
  return found;
}

test("in chunks, from any number on, and from the plan kept as JSON, it is the same as whole; the same input gives the same", () => {
  holds(({ graph, plan }) => {
    const whole = plain(wholePlan(graph, plan, moment)) as ReturnType<typeof wholePlan>;
    const chunks = [...expandPlan(graph, plan, moment, { size: 3 })].filter((chunk) => chunk !== undefined);
    assert.deepEqual(
      plain({ steps: chunks.flatMap(({ steps }) => steps), edges: chunks.flatMap(({ edges }) => edges) }),
      whole,
    );
    assert.deepEqual(
      chunks.map(({ isLast }) => isLast),
      chunks.map((_, n) => n === chunks.length - 1),
    );
    const from = Math.floor(whole.steps.length / 2);
    const rest = [...expandPlan(graph, plan, moment, { from })].flatMap((chunk) => chunk?.steps ?? []);
    assert.deepEqual(plain(rest), whole.steps.slice(from));
    const kept = planFromJson(JSON.parse(JSON.stringify(planToJson(plan))) as PlanJson);
    assert.deepEqual(plain(wholePlan(graph, kept, moment)), whole);
  });
});
