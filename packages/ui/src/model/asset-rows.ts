/** The first rows of a partition's current version, for people to look at. */
import { IrokoError, type Partition } from "@iroko/core";
import type { AssetRows } from "@iroko/core/client";
import { gatedStore, listVersions, openGate, recordTransfers } from "@iroko/core/engine";
import type { CatalogAsset } from "./catalog.ts";
import type { Instance } from "./instance.ts";

const shownRows = 50;

/** @throws {IrokoError} PREVIEW_REFUSED, PREVIEW_TOO_LARGE, PREVIEW_FAILED, OBJECT_NOT_FOUND, what the store throws */
export async function assetRows(
  { db, openStore, dataReader }: Instance,
  { asset: { key, schema, storage, kind } }: CatalogAsset,
  partition: Partition,
): Promise<AssetRows> {
  const name = partition.key === "" ? key : `${key}@${partition.key}`;
  const show = `iroko assets show '${name}' --rows ${shownRows}`;
  if (openStore === undefined || dataReader === undefined)
    throw refused(`This server was not told where the store is, so it cannot show rows of ${name}.`, `Run: ${show}`);
  if (kind === "external")
    throw refused(`"${key}" is made elsewhere: there is no version of it here.`, "Look where it is made.");
  if (schema === undefined || storage?.extension !== ".parquet")
    throw refused(
      `"${key}" is not stored as Parquet, so its rows cannot be shown.`,
      "Read its object with what wrote it.",
    );
  const [version] = await listVersions(db, key, partition.id, 1);
  if (version?.current !== true || version.objectKey === null || version.etag === null)
    throw refused(
      `${name} has no rows: it is not made, or its data was purged.`,
      `Make it: iroko materialize --select '${key}'${partition.key === "" ? "" : ` --partition '${partition.key}'`}`,
    );
  const store = await openStore();
  try {
    const gated = gatedStore(store, openGate, (transfer) => recordTransfers(db, [transfer]));
    const { objectKey, etag, bytes, rows } = version;
    const bytesOf = bytes ?? (await store.head(objectKey))?.bytes ?? 0;
    const found = await dataReader.firstRows(gated, {
      key: objectKey,
      etag,
      bytes: bytesOf,
      columns: schema.columns,
      limit: shownRows,
    });
    return { version: version.version, total: rows, ...found };
  } finally {
    await store.close();
  }
}

function refused(message: string, hint: string): IrokoError {
  return new IrokoError("PREVIEW_REFUSED", message, { hint });
}
