import {
  formatPartitions,
  IrokoError,
  partitionOf,
  toMultirange,
  unpartitioned,
  type PartitionsDefinition,
} from "@iroko/core";
import {
  getRun,
  setOfColumns,
  type Database,
  type RunRecord,
  type SetColumns,
  type StepRecord,
} from "@iroko/core/engine";
import type { Catalog } from "./catalog.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws {IrokoError} RUN_NOT_FOUND */
export async function findRun(db: Database, id: string): Promise<RunRecord> {
  const run = uuid.test(id) ? await getRun(db, id) : undefined;
  if (run !== undefined) return run;
  throw new IrokoError("RUN_NOT_FOUND", `There is no run ${id}.`, { hint: "List the runs: iroko runs list" });
}

/** A step's partitions in the text form of its asset as it is defined now. */
export function stepPartitions(catalog: Catalog, step: Pick<StepRecord, "assets"> & SetColumns): string {
  return partitionsText(catalog.assets.get(step.assets[0] ?? "")?.asset.partitions, step);
}

/** A set's columns in the text form; as stored where the asset is no longer defined so. */
export function partitionsText(definition: PartitionsDefinition | undefined, columns: SetColumns): string {
  const { windows, keys, boxes } = columns;
  if (windows === null && keys === null && boxes === null) return "";
  const set = setOfColumns(columns);
  try {
    if (definition !== undefined) return formatPartitions(definition, set);
  } catch {
    // the definition has changed since, and no longer has such partitions
  }
  if (boxes !== null) return JSON.stringify(boxes);
  return set.kind === "time" ? toMultirange(set) : formatPartitions(unpartitioned, set);
}

/** The key that people write, of a partition by its name in tables; the name itself where it no longer exists. */
export function partitionKey(definition: PartitionsDefinition | undefined, id: string): string {
  try {
    return definition === undefined ? id : partitionOf(definition, id).key;
  } catch {
    return id;
  }
}
