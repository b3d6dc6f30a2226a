/** How a stored partition is called, and where its readers find it. */
import { partitionOf, type SnapshotAsset } from "@iroko/core";
import { stableKey, type Store } from "@iroko/core/engine";

/** As people write it; the id where the definition no longer has it. */
export function partitionKey(asset: Pick<SnapshotAsset, "partitions"> | undefined, id: string): string {
  if (asset === undefined) return id;
  try {
    return partitionOf(asset.partitions, id).key;
  } catch {
    return id;
  }
}

/** Where readers find a partition; null where the asset stores nothing, or no longer has the partition. */
export function publishedUri(
  store: Pick<Store, "uriOf">,
  { storage, partitions }: Pick<SnapshotAsset, "storage" | "partitions">,
  id: string,
): string | null {
  if (storage === undefined) return null;
  try {
    return store.uriOf(stableKey(storage, partitionOf(partitions, id)));
  } catch {
    return null;
  }
}
