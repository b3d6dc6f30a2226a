/** A plan as it is looked at before it is applied: what, why, in which order and steps, and what it will most likely cost. */
import type { BackfillPolicy } from "../definitions/model.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import { assetGraph, assetOf } from "../graph/asset-graph.ts";
import { describePlan, type DescribedAsset, type PlanDescription } from "./describe-plan.ts";
import {
  estimatedBytes,
  estimateOf,
  totalOf,
  type Estimate,
  type EstimatedBytes,
  type EstimateTotal,
  type Histories,
} from "./estimate.ts";
import type { BasisPart } from "./plan-basis.ts";
import type { StaleHistory } from "./plan-history.ts";
import type { Plan, PlanRequest } from "./plan.ts";

export interface PlanReport extends PlanDescription {
  readonly assets: readonly ReportedAsset[];
  /** Which partitions come first: see `order` of the request. */
  readonly orderBy: NonNullable<PlanRequest["order"]>;
  readonly total: EstimateTotal;
  /** What is stale of what it makes or reads by a change of code, schema or dependencies, and what becomes of that. */
  readonly history: readonly StaleHistory[];
  /** Absent where nobody knows what the store is. */
  readonly travels?: EstimatedBytes;
}

export interface ReportedAsset extends DescribedAsset {
  /** How its partitions become steps: `per-partition`, `range`, `batches=30`. */
  readonly backfill: string;
  readonly estimate: Estimate;
}

export interface PlanReportInput {
  readonly plan: Plan;
  readonly snapshot: Snapshot;
  readonly request: PlanRequest;
  readonly basis: readonly BasisPart[];
  readonly histories: Histories;
  readonly history: readonly StaleHistory[];
  /** Whether what is made goes over a network. */
  readonly store?: "local" | "remote" | undefined;
}

export function reportPlan({ plan, snapshot, request, basis, histories, history, store }: PlanReportInput): PlanReport {
  const graph = assetGraph(snapshot);
  const description = describePlan(plan, snapshot);
  const assets = description.assets.map((described): ReportedAsset => {
    const asset = assetOf(graph, described.asset);
    const compute = asset.compute === undefined ? undefined : graph.computes.get(asset.compute);
    return {
      ...described,
      backfill: policyText(request.backfill ?? compute?.backfill ?? "perPartition"),
      estimate: estimateOf(asset, described.count, histories.get(asset.key)),
    };
  });
  const reads = basis.filter(({ role }) => role === "reads");
  return {
    ...description,
    assets,
    orderBy: request.order ?? "oldest",
    total: totalOf(assets),
    history,
    ...(store === undefined ? {} : { travels: estimatedBytes(graph, assets, reads, histories, store) }),
  };
}

function policyText(policy: NonNullable<PlanRequest["backfill"]> | BackfillPolicy): string {
  if (policy === "perPartition" || policy === "range") return policy === "range" ? "range" : "per-partition";
  if ("batches" in policy) return `batches=${policy.batches}`;
  return policy.kind === "batches" ? `batches=${policy.size}` : policyText(policy.kind);
}
