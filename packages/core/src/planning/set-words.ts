/** What `missing`, `failed` and `stale` stand for inside a text about an asset: `last:30 and missing`, `region=LA,failed`. */
import type { PlanningState } from "../graph/asset-state.ts";
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { stalenessOf, stateOf, type AssetStaleness } from "../graph/staleness.ts";
import type { Moment } from "../partitions/moment.ts";
import type { ParsePartitionsOptions } from "../partitions/parse-partitions.ts";
import { union } from "../partitions/set-algebra.ts";

export type WordSets = NonNullable<ParsePartitionsOptions["sets"]>;

/** By asset; worked out where the text has the word. What is stale includes what is made from what is stale. */
export function wordSetsOf(graph: AssetGraph, state: PlanningState, now: Moment): (key: string) => WordSets {
  let all: ReadonlyMap<string, AssetStaleness> | undefined;
  const staleness = (key: string): AssetStaleness => (all ??= stalenessOf(graph, state, now)).get(key)!;
  return (key) => ({
    get missing() {
      return staleness(key).missing;
    },
    get failed() {
      return stateOf(state, assetOf(graph, key)).failed;
    },
    get stale() {
      const { stale, behind } = staleness(key);
      return union(stale, behind);
    },
  });
}
