/** How the partitions of one asset stand: how many, and which, as ranges. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph, assetOf } from "../graph/asset-graph.ts";
import type { Queryable } from "../instance/database.ts";
import { existing } from "../partitions/existing.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { countIn } from "../partitions/partitions-in.ts";
import { intersect, subtract } from "../partitions/set-algebra.ts";
import { statusSets } from "./planning-state.ts";
import { openStandings, type Standings } from "./standings.ts";

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
  { statuses, staleness }: Standings = openStandings(db),
): Promise<AssetStanding> {
  const asset = assetOf(assetGraph(snapshot), key);
  const { missing, stale, behind } = (await staleness(snapshot, [key], now)).get(key)!;
  const { materialized, failed, inProgress } = statusSets(asset.partitions, (await statuses([key])).get(key));
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
