/** What is missing, stale and behind of every asset of a snapshot, as it stands. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { stalenessOf, type AssetStaleness } from "../graph/staleness.ts";
import type { Queryable } from "../instance/database.ts";
import type { Moment } from "../partitions/moment.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { readState, type AssetStatuses } from "./planning-state.ts";

/** In a number of statements that does not grow with the assets. */
export async function readStaleness(
  db: Queryable,
  snapshot: Snapshot,
  now: Moment,
  statuses?: AssetStatuses,
): Promise<ReadonlyMap<string, AssetStaleness>> {
  const graph = assetGraph(snapshot);
  const state = await readState(db, snapshot, [...graph.assets.keys()], now, { statuses });
  return withStoredMappings(db, now, (moment) => stalenessOf(graph, state, moment));
}
