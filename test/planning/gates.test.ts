/** Where every partition of one asset reads every one of another: what a plan of it comes to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  allPartitions,
  assetGraph,
  customMapping,
  existing,
  expandPlan,
  fixed,
  lastPartition,
  planRun,
  specific,
  type MomentWithKeys,
  type PartitionMapping,
  type PlannedEdge,
  type PlannedStep,
} from "@iroko/core";
import { evaluateMapping } from "../../packages/core/src/partitions/evaluate-mapping.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";

const keys = (count: number, letter: string) =>
  fixed(Array.from({ length: count }, (_, n) => `${letter}${String(n).padStart(5, "0")}`));
const now: MomentWithKeys = { now: Temporal.Instant.from("2026-11-20T05:00:00Z"), dynamicKeys: new Map() };

function expand(many: number, mapping: PartitionMapping, moment = now) {
  const [above, below] = [keys(many, "a"), keys(many, "b")];
  const snapshot = buildSnapshot({
    above: { partitions: above },
    below: { partitions: below, deps: [{ key: "above", mapping }] },
  });
  const request = { select: "*", partitions: { kind: "text", text: "all" } } as const;
  const plan = planRun({ snapshot, request, state: { assets: new Map() }, now: moment });
  const [steps, edges]: [PlannedStep[], PlannedEdge[]] = [[], []];
  for (const chunk of expandPlan(assetGraph(snapshot), plan, moment)) {
    if (!chunk) continue;
    for (const step of chunk.steps) steps.push(step);
    for (const edge of chunk.edges) edges.push(edge);
  }
  return { steps, edges, gates: steps.filter(({ kind }) => kind === "gate") };
}

test("all of 10,000 partitions for each of 10,000 others are an arrow for each of them, by way of gates", () => {
  const { steps, edges, gates } = expand(10_000, allPartitions);
  // One for all, and one for each thousand above it: nothing waits for more than a thousand.
  assert.equal(gates.length, 11);
  assert.equal(steps.length, 20_011);
  assert.equal(edges.length, 20_010);
  assert.ok(
    Map.groupBy(edges, ({ to }) => to)
      .values()
      .every((into) => into.length <= 1_000),
  );
  assert.ok(edges.every(({ from, to }) => from < to));
});

test("what all read alike and is one step needs no gate", () => {
  const last = expand(1_000, lastPartition);
  assert.deepEqual([last.gates.length, last.edges.length], [0, 1_000]);
  const three = expand(1_000, specific(["a00001", "a00002", "a00900"]));
  assert.deepEqual([three.gates.length, three.edges.length], [1, 1_003]);
});

test("partitions that a function maps alike wait behind one gate for each group", () => {
  const [above, below] = [keys(600, "a"), keys(600, "b")];
  // Three groups of two hundred, each made from two hundred.
  const mapping = customMapping(below, ({ key }) => {
    const group = Math.floor(Number(key.slice(1)) / 200) * 200;
    const name = (n: number) => `a${String(n).padStart(5, "0")}`;
    return { from: name(group), to: name(group + 199) };
  });
  const { code: _, ...bare } = mapping;
  const relation = evaluateMapping(mapping, { upstream: above, downstream: below, set: existing(below, now) });
  const { gates, edges } = expand(600, bare, { ...now, mappings: new Map([[bare.hash, relation]]) });
  assert.equal(relation.images.length, 3);
  assert.deepEqual([gates.length, edges.length], [3, 1_200]);
});
