/** Makes an older version current again in a project's own instance, and publishes it at once. */
import {
  gatedStore,
  instanceFacts,
  openGate,
  publishPartition,
  recordTransfers,
  rollbackPartition,
} from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { Session } from "../session.ts";
import type { RollbackAnswer } from "./assets.ts";
import { findPartition } from "./find-partition.ts";

export async function rollbackHere(session: Session, target: string, to: number | undefined): Promise<RollbackAnswer> {
  const { asset, partition } = findPartition(session.location.snapshot, target);
  const store = await session.store();
  const moved = await auditedHere(session.db, { operation: "assets.rollback", target }, (db) =>
    rollbackPartition(db, store, asset, partition, to),
  );
  const unpublished = await publish(session, asset.key, partition.id).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
  return { asset: asset.key, partition: partition.key || null, ...moved, unpublished };
}

/** Workers would do it within seconds; here one sees it done. */
async function publish(
  { db, location: { snapshot }, store }: Session,
  asset: string,
  partition: string,
): Promise<void> {
  const { incarnation } = await instanceFacts(db);
  const gated = gatedStore(await store(), openGate, (transfer) => recordTransfers(db, [transfer]));
  await publishPartition({ db, store: gated, snapshot, incarnation }, asset, partition);
}
