/** Where an asset's objects lie under the store. */
import { encodePartitionKey } from "../partitions/encode-partition-key.ts";

export interface Storage {
  readonly path: string;
  readonly extension: string;
}

/** What readers outside see: one whole file, old or new. */
export function stableKey({ path, extension }: Storage, partitionKey: string): string {
  return partitionKey === "" ? `${path}${extension}` : `${path}/${encodePartitionKey(partitionKey)}${extension}`;
}

/** One attempt's object, written once: the run, the step and the epoch make its name its own. */
export function stagedKey(
  { path, extension }: Storage,
  partitionKey: string,
  by: { readonly run: string; readonly n: number; readonly epoch: number },
): string {
  const folder = partitionKey === "" ? `_v/${path}` : `_v/${path}/${encodePartitionKey(partitionKey)}`;
  return `${folder}/${by.run}-${by.n}-${by.epoch}${extension}`;
}
