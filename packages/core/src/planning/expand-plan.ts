/** From a plan's sets to its steps and arrows: the same ones in the same order whenever, and by whomever, they are asked for. */
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Moment } from "../partitions/moment.ts";
import { keySet } from "../partitions/set-algebra.ts";
import { cutSteps } from "./cut-steps.ts";
import { joinSteps } from "./join-steps.ts";
import { numberSteps, type NumberedStep } from "./number-steps.ts";
import type { Plan, PlannedEdge, PlannedStep } from "./plan.ts";
import { remadeAboveReason } from "./wanted.ts";

/** Steps in the order of their numbers, and the arrows into them: from others of the chunk or of earlier ones. */
export interface PlanChunk {
  readonly first: number;
  readonly steps: readonly PlannedStep[];
  readonly edges: readonly PlannedEdge[];
  /** The last one. */
  readonly isLast: boolean;
}

export interface ExpandOptions {
  /** Steps in a chunk, about. */
  readonly size?: number;
  /** The number of the first step that is wanted. */
  readonly from?: number;
}

/**
 * Yields undefined every few milliseconds, so that whoever drives it may let others go on. Memory is a few bytes a step and
 * one chunk.
 *
 * @param graph of the snapshot that was planned with
 * @param moment that was planned at
 */
export function* expandPlan(
  graph: AssetGraph,
  plan: Plan,
  moment: Moment,
  { size = 5_000, from = 0 }: ExpandOptions = {},
): Generator<PlanChunk | undefined, void, undefined> {
  const lists = cutSteps(graph, plan, moment);
  yield undefined;
  const arrows = joinSteps(graph, lists, moment);
  yield undefined;
  let [steps, edges]: [PlannedStep[], PlannedEdge[]] = [[], []];
  for (const numbered of numberSteps(lists, arrows, plan.order)) {
    if (!numbered) {
      yield undefined;
      continue;
    }
    if (numbered.n < from) continue;
    if (steps.length >= size || (steps.length > 0 && edges.length + numbered.after.length > 10 * size)) {
      yield { first: steps[0]!.n, steps, edges, isLast: false };
      [steps, edges] = [[], []];
    }
    steps.push(stepOf(numbered));
    for (const { from: upstream, weak } of numbered.after) edges.push({ from: upstream, to: numbered.n, weak });
  }
  yield { first: steps[0]?.n ?? from, steps, edges, isLast: true };
}

/** All of it at once. */
export function wholePlan(
  graph: AssetGraph,
  plan: Plan,
  moment: Moment,
): { readonly steps: readonly PlannedStep[]; readonly edges: readonly PlannedEdge[] } {
  const chunks = [...expandPlan(graph, plan, moment)].filter((chunk) => chunk !== undefined);
  return { steps: chunks.flatMap((chunk) => chunk.steps), edges: chunks.flatMap((chunk) => chunk.edges) };
}

function stepOf({ n, step, reason = "" }: NumberedStep): PlannedStep {
  if (!step) return { n, kind: "gate", name: "", assets: [], partitions: keySet([]), reason, pools: [] };
  const { list, position } = step;
  const { kind, name, assets, pools } = list;
  const why = list.reasonOf(position);
  return {
    n,
    kind,
    name,
    assets,
    partitions: list.pieces.setOf(position),
    reason: why,
    ...(why === remadeAboveReason ? { onlyIfChanged: true } : {}),
    pools,
  };
}
