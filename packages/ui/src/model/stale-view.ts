/** What of an asset is stale, and why: as sets, however many partitions it has. */
import type { Moment, PartitionSet, SnapshotAsset } from "@iroko/core";
import type { Standings } from "@iroko/core/engine";
import { firstRanges } from "./asset-status.ts";
import type { CatalogLocation } from "./catalog.ts";

export interface StaleView {
  readonly stale: PartitionSet;
  /** Each with its partitions as ranges, the first few of them. */
  readonly causes: readonly { readonly partitions: string; readonly reason: string }[];
}

const causesShown = 5;

export async function readStale(
  standings: Standings,
  { snapshot }: CatalogLocation,
  asset: SnapshotAsset,
  now: Moment,
): Promise<StaleView> {
  const { stale, causes } = (await standings.causes(snapshot, [asset.key], now)).get(asset.key)!;
  return {
    stale,
    causes: causes.slice(0, causesShown).map(({ partitions, reason }) => ({
      partitions: firstRanges(asset.partitions, partitions),
      reason,
    })),
  };
}
