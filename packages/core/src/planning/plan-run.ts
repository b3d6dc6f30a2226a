/** From a request to a plan: which partitions of which assets are made, in which steps, and which waits for which. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { selectAssets } from "../graph/selection.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { coverIndex, sizeOf } from "./cover-index.ts";
import { cutSteps, type StepDraft } from "./cut-steps.ts";
import { joinSteps } from "./join-steps.ts";
import { missingInputs, requireInputs } from "./missing-inputs.ts";
import { numberSteps } from "./number-steps.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import type { Plan, PlannedAsset, PlanRequest } from "./plan.ts";
import { plainRequest, requestedPartitions } from "./requested-partitions.ts";
import { wantedPartitions, type Wanted } from "./wanted.ts";

export interface PlanRunInput {
  readonly snapshot: Snapshot;
  readonly request: PlanRequest;
  readonly state: PlanningState;
  readonly now: Moment;
}

/**
 * The same for the same input. Nothing to do (nothing missing, failed or stale) is an empty plan.
 *
 * @throws {IrokoError} SELECTION_SYNTAX, SELECTION_EMPTY, ASSET_NOT_FOUND; PARTITION_UNSPECIFIED, PARTITION_FORMAT,
 * PARTITION_NOT_FOUND, PARTITION_OPEN, PARTITION_FUTURE, PARTITION_RANGE; PLAN_INPUT_MISSING
 */
export function planRun({ snapshot, request: given, state, now }: PlanRunInput): Plan {
  const request = { ...given, partitions: plainRequest(given.partitions) };
  const graph = assetGraph(snapshot);
  const selected = selectAssets(graph, request.select);
  const asked = requestedPartitions(graph, selected, request.partitions, now);
  const wanted = wantedPartitions(graph, asked, request, state, now);
  requireInputs(graph, missingInputs(graph, wanted, state, now), new Set(selected));
  const drafts = cutSteps(graph, wanted, request, now);
  const { steps, edges } = numberSteps(joinSteps(graph, drafts, now), request.order ?? "oldest");
  return { steps, edges, assets: plannedAssets(wanted, [...drafts.values()].flat()), skipped: wanted.skipped };
}

/** An entry for each asset and reason. */
function plannedAssets(wanted: Wanted, drafts: readonly StepDraft[]): readonly PlannedAsset[] {
  const sets = new Map<string, PartitionSet[]>(Array.from(wanted.assets.keys(), (asset) => [asset, []]));
  for (const { kind, assets, partitions } of drafts) {
    if (kind !== "check") for (const asset of assets) sets.get(asset)!.push(partitions);
  }
  return Array.from(wanted.assets).flatMap(([asset, { parts }]) => {
    const stepsOf = coverIndex(sets.get(asset)!);
    return parts.map(({ set, reason }) => ({ asset, partitions: set, steps: sizeOf(stepsOf(set)), reason }));
  });
}
