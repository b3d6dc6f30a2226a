import {
  formatPartitions,
  setToJson,
  unpartitioned,
  type PartitionSet,
  type PlannedStep,
  type Snapshot,
} from "@iroko/core";
import type { Step } from "@iroko/core/client";

/** `cleaned@2026-11-02`; a standalone check by its name: `revenue:total@2026-11-02`. */
export function stepTitle({
  kind,
  name,
  assets,
  partitions,
}: Pick<Step, "kind" | "name" | "assets" | "partitions">): string {
  const what = kind === "check" ? name : assets.join("+");
  return partitions === "" ? what : `${what}@${partitions}`;
}

/** The same of a plan's. */
export function stepName(
  snapshot: Snapshot,
  step: Pick<PlannedStep, "kind" | "name" | "assets" | "partitions">,
): string {
  return stepTitle({ ...step, partitions: partitionsText(snapshot, step.assets[0], step.partitions) });
}

/** Ranges in the asset's own keys; "" where unpartitioned. */
export function partitionsText(snapshot: Snapshot, asset: string | undefined, set: PartitionSet): string {
  const definition = snapshot.assets.find(({ key }) => key === asset)?.partitions ?? unpartitioned;
  try {
    return formatPartitions(definition, set);
  } catch {
    return JSON.stringify(setToJson(set)); // the definition has changed since, and no longer has such partitions
  }
}
