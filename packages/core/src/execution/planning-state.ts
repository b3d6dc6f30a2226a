/** Reads from the instance what a plan is decided from. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { selectAssets } from "../graph/selection.ts";
import { versionsNeededFor } from "../graph/staleness.ts";
import { assetStatuses, versionsOfAssets, type AssetStatusRow } from "../instance/asset-partitions.ts";
import type { Queryable } from "../instance/database.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionId, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { emptySetOf } from "../partitions/set-algebra.ts";
import { fromMultirange } from "../partitions/set-codec.ts";
import type { AssetState, CurrentVersion, PlanningState } from "../graph/asset-state.ts";
import type { PlanRequest } from "../planning/plan.ts";
import { plainRequest } from "../planning/requested-partitions.ts";

/** Sets of every asset, and the versions of those that the request needs them of. */
export async function readPlanningState(
  db: Queryable,
  snapshot: Snapshot,
  request: Pick<PlanRequest, "select" | "partitions">,
): Promise<PlanningState> {
  const graph = assetGraph(snapshot);
  const selected = selectAssets(graph, request.select);
  const unpartitioned = snapshot.assets.filter(
    ({ key, partitions }) => partitions.kind === "none" && selected.includes(key),
  );
  if (plainRequest(request.partitions).kind === "stale")
    return readState(
      db,
      snapshot,
      snapshot.assets.map(({ key }) => key),
    );
  return readState(db, snapshot, [
    ...versionsNeededFor(
      graph,
      unpartitioned.map(({ key }) => key),
    ),
  ]);
}

/** Sets of every asset, and the versions of some. */
export async function readState(
  db: Queryable,
  snapshot: Snapshot,
  withVersions: readonly string[],
): Promise<PlanningState> {
  const keys = snapshot.assets.map((asset) => asset.key);
  const [statuses, versions] = await Promise.all([assetStatuses(db, keys), versionsOfAssets(db, withVersions)]);
  const byAsset = new Map(statuses.map((row) => [row.asset, row]));
  const versionsByAsset = new Map<string, Map<PartitionId, CurrentVersion>>();
  for (const row of versions) {
    const of = versionsByAsset.get(row.asset) ?? new Map<PartitionId, CurrentVersion>();
    versionsByAsset.set(row.asset, of);
    of.set(row.partition as PartitionId, {
      dataVersion: row.dataVersion,
      ...(row.codeVersion === null ? {} : { codeVersion: row.codeVersion }),
      ...(row.schemaHash === null ? {} : { schemaHash: row.schemaHash }),
      inputs: row.inputs ?? {},
    });
  }
  return {
    assets: new Map(
      snapshot.assets.map(({ key, partitions }): [string, AssetState] => {
        const sets = statusSets(partitions, byAsset.get(key));
        return [key, { ...sets, versions: versionsByAsset.get(key) ?? new Map() }];
      }),
    ),
  };
}

export interface StatusSets {
  readonly materialized: PartitionSet;
  readonly failed: PartitionSet;
  readonly inProgress: PartitionSet;
}

/** A status row as sets of the asset's definition. */
export function statusSets(definition: PartitionsDefinition, row: AssetStatusRow | undefined): StatusSets {
  const none = emptySetOf(definition);
  const set = (windows: string | null | undefined, keys: readonly string[] | null | undefined): PartitionSet => {
    if (definition.kind === "time") return windows ? fromMultirange(windows) : none;
    return keys ? { kind: "keys", keys } : none;
  };
  return {
    materialized: set(row?.madeWindows, row?.madeKeys),
    failed: set(row?.failedWindows, row?.failedKeys),
    inProgress: set(row?.busyWindows, row?.busyKeys),
  };
}
