import { IrokoError, type Partition } from "@iroko/core";
import type { RolledBack } from "@iroko/core/client";
import { rollbackPartition } from "@iroko/core/engine";
import type { CatalogAsset } from "./catalog.ts";
import type { Instance } from "./instance.ts";

/** Makes an older version current again, whose object must still be in the store. */
export async function rollback(
  { db, openStore }: Instance,
  { asset }: CatalogAsset,
  partition: Partition,
  to: number | undefined,
): Promise<RolledBack> {
  if (openStore === undefined) {
    throw new IrokoError("STORE_UNREACHABLE", "This server was not told where the store is.", {
      hint: `Use the command line: iroko rollback ${asset.key}${partition.key === "" ? "" : `@${partition.key}`}`,
    });
  }
  const store = await openStore();
  try {
    return await rollbackPartition(db, store, asset, partition, to);
  } finally {
    await store.close();
  }
}
