/** What of an asset is stale, and why. It takes versions, one by one: of a very large asset the page does not say it. */
import {
  countIn,
  stalenessOf,
  versionsNeededFor,
  type Moment,
  type PartitionSet,
  type SnapshotAsset,
} from "@iroko/core";
import { readState, type Database } from "@iroko/core/engine";
import type { AssetStatus } from "./asset-status.ts";
import type { CatalogLocation } from "./catalog.ts";
import { partitionKey } from "./run-view.ts";

export interface StaleView {
  readonly stale: PartitionSet;
  /** A few: the partition, and all that has changed. */
  readonly causes: readonly { readonly partition: string; readonly reasons: readonly string[] }[];
}

const mostPartitions = 5_000;
const causesShown = 3;

/** undefined where it would take too long. */
export async function readStale(
  db: Database,
  { snapshot, graph }: CatalogLocation,
  asset: SnapshotAsset,
  { made }: AssetStatus,
  now: Moment,
): Promise<StaleView | undefined> {
  if (countIn(asset.partitions, made) > mostPartitions) return undefined;
  const state = await readState(db, snapshot, [...versionsNeededFor(graph, [asset.key])]);
  const { stale, causes } = stalenessOf(graph, state, now).get(asset.key)!;
  return {
    stale,
    causes: [...causes].slice(-causesShown).map(([id, found]) => ({
      partition: partitionKey(asset.partitions, id),
      reasons: found.map(({ reason }) => reason),
    })),
  };
}
