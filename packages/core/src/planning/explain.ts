/**
 * Why an asset's partitions are as they are. They are told in groups that stand alike, as sets, whatever their number; of
 * each group one partition is followed up to the first cause: upstream assets, steps, pools, workers, windows, schedules.
 *
 * What it needs to know of single partitions it asks for: `explain` answers with the names that are missing among the
 * facts, and is asked again once they have been read.
 */
import { assetOf } from "../graph/asset-graph.ts";
import { stateOf } from "../graph/staleness.ts";
import { existing } from "../partitions/existing.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, intersect, isEmptySet, subtract } from "../partitions/set-algebra.ts";
import type { ExplainFacts } from "./explain-facts.ts";
import { explainPartition } from "./explain-partition.ts";
import { explainKeptPlan, explainSchedules } from "./explain-schedules.ts";
import type { ExplainedGroup, ExplainedStatus, Explanation } from "./explanation.ts";
import { lastIn } from "./last-in.ts";
import { factsAsked, type FactName } from "./explain-needs.ts";

export type ExplainAnswer = { readonly explanation: Explanation } | { readonly needs: readonly FactName[] };

/** @param among partitions of the asset that exist */
export function explain(facts: ExplainFacts, key: string, among: PartitionSet): ExplainAnswer {
  const asked = factsAsked(facts);
  const groups = groupsOf(facts, key, among).map(({ status, set }): ExplainedGroup => {
    const { partitions } = assetOf(facts.graph, key);
    const example = lastIn(partitions, set);
    const because = explainPartition({ facts, ask: asked.ask }, key, example, status);
    const [count, names] = [countIn(partitions, set), formatPartitions(partitions, set)];
    return { status, partitions: names, count, ...(count > 1 ? { example: example.key } : {}), because };
  });
  if (asked.missing.size > 0) return { needs: [...asked.missing.values()] };
  return {
    explanation: {
      asset: key,
      groups,
      schedules: [...explainSchedules(facts, key), ...explainKeptPlan(facts, key, among)],
    },
  };
}

/** The status of one partition, as its group would have it. */
export function statusOf(facts: ExplainFacts, key: string, set: PartitionSet): ExplainedStatus {
  return groupsOf(facts, key, set)[0]?.status ?? "not yet";
}

interface Group {
  readonly status: ExplainedStatus;
  readonly set: PartitionSet;
}

/** Disjoint; what needs somebody's attention first. */
function groupsOf({ graph, state, staleness, waiting, now }: ExplainFacts, key: string, among: PartitionSet): Group[] {
  const asset = assetOf(graph, key);
  const none = emptySetOf(asset.partitions);
  const { materialized, failed, inProgress } = stateOf(state, asset);
  const { stale = none, behind = none } = staleness.get(key) ?? {};
  const isExternal = asset.kind === "external";
  const wholes: readonly (readonly [ExplainedStatus, PartitionSet])[] = [
    ["running", inProgress],
    ["waiting", waiting.get(key) ?? none],
    ["failed", failed],
    ["missing", subtract(among, materialized)],
    ["stale", stale],
    ["behind", behind],
    [isExternal ? "observed" : "fresh", existing(asset.partitions, now)],
    ["fresh", among],
  ];
  let rest = among;
  return wholes.flatMap(([status, whole]): Group[] => {
    const set = intersect(rest, whole);
    rest = subtract(rest, set);
    return isEmptySet(set) ? [] : [{ status, set }];
  });
}
