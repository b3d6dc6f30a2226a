/** Ends the keeping of past versions, by the rules of all locations' assets: their rows go first, then their objects. */
import { defaultRetention, retentionOf } from "../definitions/retention.ts";
import type { Database, Queryable } from "../instance/database.ts";
import { listLocations } from "../instance/locations.ts";
import { expiredVersions, expireVersions, type RetentionRule } from "../instance/versions.ts";
import { deleteUnnamed } from "./vacuum.ts";
import type { Store } from "./store.ts";

/** How much one transaction lets go of. */
const versionsAtOnce = 1000;

/** Returns how many versions are no longer kept. */
export async function applyRetention(db: Database, store: Store, signal?: AbortSignal): Promise<number> {
  const rules = await retentionRules(db);
  for (let total = 0; ;) {
    signal?.throwIfAborted();
    const keys = await expireVersions(db, rules, defaultRetention, versionsAtOnce);
    // Cut off here, the objects are garbage that the next vacuum finds.
    await deleteUnnamed(db, store, keys, signal);
    total += keys.length;
    if (keys.length < versionsAtOnce) return total;
  }
}

/** What it would let go of now. */
export async function retentionDue(
  db: Queryable,
): Promise<readonly { readonly objectKey: string; readonly bytes: number }[]> {
  return await expiredVersions(db, await retentionRules(db), defaultRetention);
}

async function retentionRules(db: Queryable): Promise<readonly RetentionRule[]> {
  const locations = await listLocations(db);
  return locations.flatMap(({ snapshot }) =>
    snapshot.assets.flatMap((asset) =>
      asset.storage === undefined ? [] : [{ asset: asset.key, ...retentionOf(asset) }],
    ),
  );
}
