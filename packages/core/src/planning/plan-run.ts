/** From a request to a plan: which partitions of which assets are made, why, and in how many steps. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph } from "../graph/asset-graph.ts";
import { selectAssets } from "../graph/selection.ts";
import type { Moment } from "../partitions/moment.ts";
import { checksOf, countSteps } from "./cut-steps.ts";
import { planChecks } from "./plan-checks.ts";
import { missingInputs, requireInputs } from "./missing-inputs.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import type { Plan, PlanRequest } from "./plan.ts";
import { namedInOrder, plainRequest, requestedPartitions } from "./requested-partitions.ts";
import { wordSetsOf } from "./set-words.ts";
import { wantedPartitions } from "./wanted.ts";

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
  const selected = selectAssets(graph, request.select, { facts: state.selection, allowEmpty: request.allowEmpty });
  if (selected.length === 0) return { assets: [], checks: [], skipped: [], stepCount: 0, order: "oldest" };
  if (request.checks === "only") return planChecks(graph, selected, request, state, now);
  const wordsOf = wordSetsOf(graph, state, now);
  const asked = requestedPartitions(graph, selected, request.partitions, now, wordsOf);
  const wanted = wantedPartitions(graph, asked, request, state, now);
  requireInputs(graph, missingInputs(graph, wanted, state, now), new Set(selected));
  const sets = {
    assets: Array.from(wanted.assets).flatMap(([asset, { parts }]) =>
      parts.map(({ set, reason }) => ({ asset, partitions: set, reason })),
    ),
    checks: request.checks === "none" ? [] : checksOf(graph, wanted.assets, now),
    ...(request.backfill === undefined ? {} : { backfill: request.backfill }),
  };
  const order =
    request.order === "list" ? namedInOrder(graph, selected, request.partitions, now, wordsOf) : request.order;
  return { ...sets, ...countSteps(graph, sets, now), skipped: wanted.skipped, order: order ?? "oldest" };
}
