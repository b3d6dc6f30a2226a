/** Looking at sources: a plan whose only steps observe the external assets that a selection reads. */
import type { Snapshot, SnapshotAsset } from "../definitions/snapshot.ts";
import { assetGraph, reach } from "../graph/asset-graph.ts";
import { possibleAssets } from "../graph/selection.ts";
import type { Moment } from "../partitions/moment.ts";
import { existing } from "../partitions/existing.ts";
import { isEmptySet } from "../partitions/set-algebra.ts";
import type { Plan, PlannedAsset } from "./plan.ts";

export interface PlanObservationInput {
  readonly snapshot: Snapshot;
  /** What is about to be planned; its own external assets are observed too. */
  readonly select: string;
  readonly now: Moment;
  /** Only sources without partitions: what a plan by partitions needs to know of, and cheap to look at. */
  readonly unpartitionedOnly?: boolean;
}

/**
 * Every observable external asset that is selected or lies above, each in one step over all its partitions. An empty
 * plan where there is none.
 *
 * @throws {IrokoError} SELECTION_SYNTAX, SELECTION_EMPTY, ASSET_NOT_FOUND
 */
export function planObservation({ snapshot, select, now, unpartitionedOnly = false }: PlanObservationInput): Plan {
  const graph = assetGraph(snapshot);
  // What is stale, say, is not known before the sources were looked at.
  const selected = new Set(possibleAssets(graph, select));
  const read = selected.union(reach(selected, graph.upstream, Infinity));
  const reason = "what reads it is about to be planned";
  const assets: PlannedAsset[] = [];
  for (const asset of graph.assets.values()) {
    if (!read.has(asset.key) || !isObservable(asset) || (unpartitionedOnly && asset.partitions.kind !== "none"))
      continue;
    const partitions = existing(asset.partitions, now);
    if (!isEmptySet(partitions)) assets.push({ asset: asset.key, partitions, steps: 1, reason });
  }
  return { assets, checks: [], skipped: [], stepCount: assets.length, order: "oldest" };
}

function isObservable(asset: SnapshotAsset): boolean {
  return asset.kind === "external" && asset.observable;
}
