/** How the partitions of one asset stand: how many, and which, as ranges. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph, assetOf, reach } from "../graph/asset-graph.ts";
import { stalenessOf } from "../graph/staleness.ts";
import type { Queryable } from "../instance/database.ts";
import { existing } from "../partitions/existing.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { countIn } from "../partitions/partitions-in.ts";
import { intersect, subtract } from "../partitions/set-algebra.ts";
import { readState } from "./planning-state.ts";

export type AssetStanding = Readonly<
  Record<
    "existing" | "made" | "missing" | "failed" | "stale" | "behind" | "inProgress",
    { readonly partitions: string; readonly count: number }
  >
>;

/**
 * @throws {IrokoError} ASSET_NOT_FOUND
 * @throws {MappingQuestion} when a mapping function has to be asked: `askMappings` has it answered
 */
export async function assetStanding(
  db: Queryable,
  snapshot: Snapshot,
  key: string,
  now: Moment,
): Promise<AssetStanding> {
  const graph = assetGraph(snapshot);
  const asset = assetOf(graph, key);
  const state = await readState(db, snapshot, [...reach([key], graph.upstream)], now);
  const { missing, stale, behind } = stalenessOf(graph, state, now).get(key)!;
  const { materialized, failed, inProgress } = state.assets.get(key)!;
  const exists = existing(asset.partitions, now);
  const told = (set: PartitionSet) => ({
    partitions: formatPartitions(asset.partitions, set),
    count: countIn(asset.partitions, set),
  });
  return {
    existing: told(exists),
    made: told(intersect(materialized, exists)),
    missing: told(subtract(missing, failed)),
    failed: told(failed),
    stale: told(stale),
    behind: told(behind),
    inProgress: told(inProgress),
  };
}
