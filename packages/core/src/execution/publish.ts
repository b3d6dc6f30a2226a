/**
 * Makes the stable path show the current pointer. Repeatable, by anyone, at any time: after each copy the pointer is
 * read again, and what moved meanwhile is published in turn. An object that is newer than the pointer is the work of a
 * faster publisher, if the pointer has moved; if it has not, something is wrong, and the pointer decides.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import { markPublished, unpublishedOf } from "../instance/asset-partitions.ts";
import type { Database } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";
import { partitionOf, setOfPartitions } from "../partitions/partitions-in.ts";
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
  const place = partitionOf(definition.partitions, partition);
  const target = stableKey(definition.storage, place);
  let pointer = await unpublishedOf(db, asset, partition);
  while (pointer !== undefined) {
    failpoint("publish.read");
    const store = context.store.for({ run: pointer.run, purpose: "publish" });
    const { objectKey, version } = pointer;
    const { outcome, etag } = await store.publish(objectKey, target, { incarnation, version });
    if (outcome === "newerThere" && (await unpublishedOf(db, asset, partition))?.version === version) {
      // Written only over what was seen before the pointer was read again: who has moved it since, and published, wins.
      const over = await store.publish(objectKey, target, { incarnation, version }, { evenOver: etag });
      if (over.outcome === "published") {
        const payload = { version, how: ["a newer object, which no pointer speaks of, was replaced"] };
        const partitions = setOfPartitions(definition.partitions, [place]);
        await appendEvents(db, [{ type: "version_repaired", asset, partitions, payload }]);
      }
    }
    failpoint("publish.copied");
    pointer = await markPublished(db, pointer);
    failpoint("publish.marked");
  }
}
