/** The assets that a selection selects, in one code location; all of every location without one. */
import type { Moment } from "@iroko/core";
import type { AssetsInput } from "@iroko/core/client";
import { selectFrom } from "@iroko/core/engine";
import { findLocation, type Catalog, type CatalogAsset } from "./catalog.ts";
import type { Instance } from "./instance.ts";

/** @throws {IrokoError} as `selectAssets`, and LOCATION_NOT_FOUND */
export async function selectedAssets(
  { db, standings }: Pick<Instance, "db" | "standings">,
  catalog: Catalog,
  { select, location: name, allowEmpty }: AssetsInput,
  now: Moment,
): Promise<readonly CatalogAsset[]> {
  if (select === undefined && name === undefined) return [...catalog.assets.values()];
  const location = findLocation(catalog, name);
  const keys =
    select === undefined
      ? [...location.graph.assets.keys()]
      : await selectFrom(db, location.snapshot, select, now, { allowEmpty, standings });
  return keys.map((key) => ({ location, asset: location.graph.assets.get(key)! }));
}
