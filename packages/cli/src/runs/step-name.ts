import {
  formatPartitions,
  setToJson,
  unpartitioned,
  type PartitionSet,
  type PlannedStep,
  type Snapshot,
} from "@iroko/core";
import { setOfColumns, type StepRecord } from "@iroko/core/engine";

type NamedStep = Pick<PlannedStep, "kind" | "name" | "assets" | "partitions">;

/** `cleaned@2026-11-02`; a standalone check by its name: `revenue:total@2026-11-02`. */
export function stepName(snapshot: Snapshot, { kind, name, assets, partitions }: NamedStep): string {
  const shown = partitionsText(snapshot, assets[0], partitions);
  const what = kind === "check" ? name : assets.join("+");
  return shown === "" ? what : `${what}@${shown}`;
}

/** The same of a row. */
export function recordName(snapshot: Snapshot, step: StepRecord): string {
  return stepName(snapshot, { ...step, partitions: setOfColumns(step) });
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
