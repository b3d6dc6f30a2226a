/** A plan as it is printed: partitions as ranges, numbers, reasons. Plain data, the same for the CLI and the page. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { unpartitioned, type PartitionsDefinition } from "../partitions/partitions-definition.ts";
import type { Plan } from "./plan.ts";

export interface PlanDescription {
  /** In the order in which they are made, one for each asset and reason. */
  readonly assets: readonly DescribedAsset[];
  /** Standalone checks, each with its number of steps. */
  readonly checks: readonly { readonly name: string; readonly steps: number }[];
  readonly skipped: readonly Omit<DescribedAsset, "steps">[];
  /** Gates, which do nothing, left out. */
  readonly steps: number;
  /** Partitions made, over all assets. */
  readonly materializations: number;
}

export interface DescribedAsset {
  readonly asset: string;
  /** `2026-11-01..2026-11-07`; "" where unpartitioned. */
  readonly partitions: string;
  readonly count: number;
  readonly steps: number;
  readonly reason: string;
}

export function describePlan(
  { assets, checks, skipped, stepCount }: Plan,
  snapshot: Pick<Snapshot, "assets">,
): PlanDescription {
  const definitions = new Map(snapshot.assets.map(({ key, partitions }) => [key, partitions]));
  const external = new Set(snapshot.assets.filter(({ kind }) => kind === "external").map(({ key }) => key));
  const described = assets.map(({ asset, partitions, steps: count, reason }) => ({
    asset,
    ...inWords(definitions.get(asset) ?? unpartitioned, partitions),
    steps: count,
    reason,
  }));
  return {
    assets: described,
    checks: checks.map(({ name, steps }) => ({ name, steps })),
    skipped: skipped.map(({ asset, partitions, reason }) => ({
      asset,
      ...inWords(definitions.get(asset) ?? unpartitioned, partitions),
      reason,
    })),
    steps: stepCount,
    materializations: described.reduce((sum, { asset, count }) => sum + (external.has(asset) ? 0 : count), 0),
  };
}

function inWords(definition: PartitionsDefinition, set: PartitionSet): Pick<DescribedAsset, "partitions" | "count"> {
  return { partitions: formatPartitions(definition, set), count: countIn(definition, set) };
}
