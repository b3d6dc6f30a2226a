/** Where an asset's objects lie under the store. */
import { partitionPath, type NamedByKeys } from "../partitions/multi-partition.ts";

export interface Storage {
  readonly path: string;
  readonly extension: string;
}

/** What readers outside see: one whole file, old or new. */
export function stableKey({ path, extension }: Storage, partition: NamedByKeys): string {
  return `${placeOf(path, partition)}${extension}`;
}

/** One attempt's object, written once: the run, the step and the epoch make its name its own. */
export function stagedKey(
  { path, extension }: Storage,
  partition: NamedByKeys,
  by: { readonly run: string; readonly n: number; readonly epoch: number },
): string {
  return `${stagedFolder({ path }, partition)}${by.run}-${by.n}-${by.epoch}${extension}`;
}

/** Where all attempts put their objects of a partition. */
export function stagedFolder({ path }: Pick<Storage, "path">, partition: NamedByKeys): string {
  return `_v/${placeOf(path, partition)}/`;
}

function placeOf(path: string, partition: NamedByKeys): string {
  return partition.key === "" ? path : `${path}/${partitionPath(partition)}`;
}
