/** How many partitions of each asset there are, are made, failed and are stale: what a list of assets shows. */
import type { AssetCounts as Told } from "../client/asset-detail.ts";
import type { Snapshot, SnapshotAsset } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import type { Queryable } from "../instance/database.ts";
import { existingAt } from "../partitions/existing.ts";
import type { Moment } from "../partitions/moment.ts";
import { countIn } from "../partitions/partitions-in.ts";
import { intersect } from "../partitions/set-algebra.ts";
import { statusSets } from "./planning-state.ts";
import { selectFrom } from "./read-selection-facts.ts";
import { openStandings, type Standings } from "./standings.ts";

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
  standings: Standings = openStandings(db),
): Promise<readonly AssetCounts[]> {
  const { assets } = assetGraph(snapshot);
  const keys =
    select === undefined ? [...assets.keys()] : await selectFrom(db, snapshot, select, now, { allowEmpty, standings });
  const causes = await standings.causes(snapshot, keys, now);
  const statuses = await standings.statuses(keys);
  const exists = existingAt(now);
  return keys.map((key) => {
    const asset = assets.get(key)!;
    const { partitions } = asset;
    const status = statuses.get(key);
    const { materialized, failed } = statusSets(partitions, status);
    return {
      asset,
      partitions: countIn(partitions, exists(partitions)),
      made: countIn(partitions, intersect(materialized, exists(partitions))),
      failed: countIn(partitions, failed),
      stale: countIn(partitions, causes.get(key)!.stale),
      rows: status?.rows ?? 0,
      bytes: status?.bytes ?? 0,
      lastMadeAt: status?.lastMadeAt ?? null,
    };
  });
}
