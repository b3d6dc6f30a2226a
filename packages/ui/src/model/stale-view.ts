/** What of an asset is stale, and why: as sets, however many partitions it has. */
import { stalenessOf, type Moment, type PartitionSet, type SnapshotAsset } from "@iroko/core";
import { readState, type Database } from "@iroko/core/engine";
import { firstRanges } from "./asset-status.ts";
import type { CatalogLocation } from "./catalog.ts";

export interface StaleView {
  readonly stale: PartitionSet;
  /** Each with its partitions as ranges, the first few of them. */
  readonly causes: readonly { readonly partitions: string; readonly reason: string }[];
}

const causesShown = 5;

export async function readStale(
  db: Database,
  { snapshot, graph }: CatalogLocation,
  asset: SnapshotAsset,
  now: Moment,
): Promise<StaleView> {
  const state = await readState(db, snapshot, [asset.key], now);
  const { stale, causes } = stalenessOf(graph, state, now).get(asset.key)!;
  return {
    stale,
    causes: causes.slice(0, causesShown).map(({ partitions, reason }) => ({
      partitions: firstRanges(asset.partitions, partitions),
      reason,
    })),
  };
}
