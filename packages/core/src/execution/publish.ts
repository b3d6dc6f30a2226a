/**
 * Makes the stable path show the current pointer. Repeatable, by anyone, at any time: after each copy the pointer is
 * read again, and what moved meanwhile is published in turn.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import { markPublished, unpublishedOf } from "../instance/asset-partitions.ts";
import type { Database } from "../instance/database.ts";
import { partitionOf } from "../partitions/partitions-in.ts";
import { failpoint } from "./failpoint.ts";
import type { GatedStore } from "./gated-store.ts";
import { stableKey } from "./object-keys.ts";
import { assetOf } from "./step-definition.ts";

export interface PublishContext {
  readonly db: Database;
  readonly store: GatedStore;
  readonly snapshot: Snapshot;
  readonly incarnation: number;
}

export async function publishPartition(context: PublishContext, asset: string, partition: string): Promise<void> {
  const { db, snapshot, incarnation } = context;
  const definition = assetOf(snapshot, asset);
  if (definition?.storage === undefined) return;
  const target = stableKey(definition.storage, partitionOf(definition.partitions, partition));
  let pointer = await unpublishedOf(db, asset, partition);
  while (pointer !== undefined) {
    failpoint("publish.read");
    const store = context.store.for({ run: pointer.run, purpose: "publish" });
    await store.publish(pointer.objectKey, target, { incarnation, version: pointer.version });
    failpoint("publish.copied");
    pointer = await markPublished(db, pointer);
    failpoint("publish.marked");
  }
}
