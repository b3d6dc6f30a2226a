/** How many partitions of each asset there are, are made, failed and are stale: what a list of assets shows. */
import type { AssetCounts as Told } from "../client/asset-detail.ts";
import type { Snapshot, SnapshotAsset } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { stalenessOf } from "../graph/staleness.ts";
import type { Queryable } from "../instance/database.ts";
import { existing } from "../partitions/existing.ts";
import type { Moment } from "../partitions/moment.ts";
import { countIn } from "../partitions/partitions-in.ts";
import { intersect } from "../partitions/set-algebra.ts";
import { assetStatuses, readState } from "./planning-state.ts";
import { selectFrom } from "./read-selection-facts.ts";

export interface AssetCounts extends Pick<Told, "partitions" | "made" | "failed" | "stale" | "rows" | "bytes"> {
  readonly asset: SnapshotAsset;
  readonly lastMadeAt: Temporal.Instant | null;
}

/** The selected assets in the graph's order; all of them, external ones too, without a selection. */
export async function countAssets(
  db: Queryable,
  snapshot: Snapshot,
  { select, allowEmpty }: { readonly select?: string | undefined; readonly allowEmpty?: boolean | undefined },
  now: Moment,
): Promise<readonly AssetCounts[]> {
  const graph = assetGraph(snapshot);
  const keys =
    select === undefined ? [...graph.assets.keys()] : await selectFrom(db, snapshot, select, now, { allowEmpty });
  const [state, facts] = await Promise.all([
    readState(db, snapshot, [...graph.assets.keys()], now),
    assetStatuses(db, keys),
  ]);
  const staleness = stalenessOf(graph, state, now);
  return keys.map((key) => {
    const asset = graph.assets.get(key)!;
    const { materialized, failed } = state.assets.get(key)!;
    const exists = existing(asset.partitions, now);
    const row = facts.get(key);
    return {
      asset,
      partitions: countIn(asset.partitions, exists),
      made: countIn(asset.partitions, intersect(materialized, exists)),
      failed: countIn(asset.partitions, failed),
      stale: countIn(asset.partitions, staleness.get(key)!.stale),
      rows: row?.rows ?? 0,
      bytes: row?.bytes ?? 0,
      lastMadeAt: row?.lastMadeAt ?? null,
    };
  });
}
