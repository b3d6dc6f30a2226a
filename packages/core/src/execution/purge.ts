/**
 * Takes partitions away for good, wherever their data is. First one transaction: the pointers are gone, and what has to be
 * deleted is written down. Then the objects, by whoever reads that: the command at once, a worker again within the hour, since
 * a copy that was under way may have come late. Each machine drops its cached copies when its next worker looks.
 */
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import type { Database, Queryable } from "../instance/database.ts";
import { setColumns } from "../instance/columns.ts";
import { appendEvents } from "../instance/events.ts";
import { isMade, lockToPurge, publishAgain, purgedWithin, purgeRows, type Purged } from "../instance/purge.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { partitionsIn } from "../partitions/partitions-in.ts";
import type { ObjectCache } from "./object-cache.ts";
import { stableKey, stagedFolder } from "./object-keys.ts";
import { partitionBusy } from "./rollback.ts";
import type { Store } from "./store.ts";
import { deleteUnnamed } from "./vacuum.ts";

/** So long a late copy may still be on its way. */
const deleteAgainHours = 24;

/** Nothing is purged after all: thrown to undo the transaction that found out what would be. */
class OnlyAsked extends Error {
  readonly purged: Purged;
  constructor(purged: Purged) {
    super("only asked");
    this.purged = purged;
  }
}

/**
 * @param dryRun only counts
 * @throws {IrokoError} PARTITION_BUSY while a run makes or reads one of them
 */
export async function purgePartitions(
  db: Database,
  store: Store,
  asset: SnapshotAsset & { readonly storage: NonNullable<SnapshotAsset["storage"]> },
  set: PartitionSet,
  { dryRun = false, reason }: { readonly dryRun?: boolean; readonly reason?: string } = {},
): Promise<Purged> {
  const partitions = [...partitionsIn(asset.partitions, set)];
  const rows = {
    asset: asset.key,
    partitions: partitions.map((partition) => ({
      partition: partition.id,
      stableKey: stableKey(asset.storage, partition),
    })),
    ...setColumns(set),
  };
  const counted = db.transaction(async (tx) => {
    const run = await lockToPurge(tx, rows);
    if (run !== undefined) throw partitionBusy(asset.key, run);
    const purged = await purgeRows(tx, rows);
    if (dryRun) throw new OnlyAsked(purged);
    await appendEvents(tx, [
      {
        type: "purged",
        asset: asset.key,
        partitions: set,
        payload: { ...purged, ...(reason === undefined ? {} : { reason }) },
      },
    ]);
    return purged;
  });
  try {
    const purged = await counted;
    await deletePurged(db, store);
    for (const partition of partitions) await deleteUntold(db, store, stagedFolder(asset.storage, partition));
    return purged;
  } catch (error) {
    if (error instanceof OnlyAsked) return error.purged;
    throw error;
  }
}

/** What attempts have put there and never told of. */
async function deleteUntold(db: Queryable, store: Store, folder: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(folder)) if (!key.slice(folder.length).includes("/")) keys.push(key);
  await deleteUnnamed(db, store, keys);
}

/** Deletes, once more, whatever was purged not long ago. */
export async function deletePurged(db: Queryable, store: Store, signal?: AbortSignal): Promise<void> {
  const objects = await purgedWithin(db, deleteAgainHours);
  // Staged objects first: once they are gone, no publisher begins another copy.
  for (const { objectKey } of objects.filter(({ stable }) => !stable)) {
    signal?.throwIfAborted();
    await store.delete(objectKey);
  }
  for (const { objectKey, asset, partition } of objects.filter(({ stable }) => stable)) {
    signal?.throwIfAborted();
    if (await isMade(db, asset, partition)) continue;
    await store.delete(objectKey);
    // It may have been made, and published, just before.
    await publishAgain(db, asset, partition);
  }
}

/** Drops what was purged in the last hours, or ever, from a machine's cache. */
export async function dropPurged(
  db: Queryable,
  store: Store,
  cache: ObjectCache,
  hours: number | undefined,
): Promise<void> {
  for (const { objectKey, etag, stable } of await purgedWithin(db, hours))
    if (!stable) await cache.forget(store, objectKey, etag);
}
