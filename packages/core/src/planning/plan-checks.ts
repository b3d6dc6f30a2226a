/**
 * The plan of standalone checks alone: of what is asked for, the partitions that are made already are looked at again, and
 * nothing is made.
 */
import type { AssetGraph } from "../graph/asset-graph.ts";
import { assetOf } from "../graph/asset-graph.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import { stateOf } from "../graph/staleness.ts";
import { IrokoError } from "../errors.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { intersect, isEmptySet, subtract } from "../partitions/set-algebra.ts";
import { checksOf, countSteps } from "./cut-steps.ts";
import type { Plan, PlannedSkip, PlanRequest } from "./plan.ts";
import { namedInOrder, requestedPartitions } from "./requested-partitions.ts";
import { wordSetsOf } from "./set-words.ts";

/**
 * @param selected keys, in the graph's order
 * @throws {IrokoError} SELECTION_EMPTY where none of them has a check of its own step, unless that is allowed; of the
 * partitions, as `planRun`
 */
export function planChecks(
  graph: AssetGraph,
  selected: readonly string[],
  request: PlanRequest,
  state: PlanningState,
  now: Moment,
): Plan {
  const checked = selected.filter((key) => graph.checks.has(key));
  if (checked.length === 0 && request.allowEmpty !== true) throw nothingToCheck(graph, request.select);
  const { partitions } = request;
  const wordsOf = wordSetsOf(graph, state, now);
  const skipped: PlannedSkip[] = [];
  const looked = new Map<string, { readonly set: PartitionSet }>();
  for (const [key, asked] of requestedPartitions(graph, checked, partitions, now, wordsOf)) {
    const named = partitions.kind === "missing" || partitions.kind === "failed" || partitions.kind === "stale";
    const set = named ? intersect(asked, wordsOf(key)[partitions.kind]!) : asked;
    const { materialized } = stateOf(state, assetOf(graph, key));
    const made = intersect(set, materialized);
    if (!isEmptySet(made)) looked.set(key, { set: made });
    const never = subtract(set, materialized);
    if (!isEmptySet(never))
      skipped.push({ asset: key, partitions: never, reason: "never made: there is nothing to check" });
  }
  const sets = { assets: [], checks: checksOf(graph, looked, now) };
  const order = request.order === "list" ? namedInOrder(graph, checked, partitions, now, wordsOf) : request.order;
  return { ...sets, ...countSteps(graph, sets, now), skipped, order: order ?? "oldest" };
}

function nothingToCheck(graph: AssetGraph, select: string): IrokoError {
  const keys = [...graph.checks.keys()];
  return new IrokoError("SELECTION_EMPTY", `The selection "${select}" selects no asset with a standalone check.`, {
    hint:
      keys.length === 0
        ? "No assetCheck is defined; the checks of an asset itself run whenever it is made."
        : `There are standalone checks of ${keys.slice(0, 8).join(", ")}${keys.length > 8 ? " …" : ""}.`,
  });
}
