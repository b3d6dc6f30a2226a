/** The assets that a selection selects, in one code location; all of every location without one. */
import type { Moment } from "@iroko/core";
import { selectFrom, type Database } from "@iroko/core/engine";
import { z } from "zod";
import { findLocation, type Catalog, type CatalogAsset } from "./catalog.ts";

export const selectionQuery: z.ZodType<SelectionQuery> = z.strictObject({
  select: z.string().max(4_000).optional(),
  location: z.string().max(200).optional(),
  allowEmpty: z.stringbool().optional(),
});

export interface SelectionQuery {
  /** In the selection grammar. */
  readonly select?: string | undefined;
  /** Needed where there are several. */
  readonly location?: string | undefined;
  readonly allowEmpty?: boolean | undefined;
}

/** @throws {IrokoError} as `selectAssets`, and LOCATION_NOT_FOUND */
export async function selectedAssets(
  db: Database,
  catalog: Catalog,
  { select, location: name, allowEmpty }: SelectionQuery,
  now: Moment,
): Promise<readonly CatalogAsset[]> {
  if (select === undefined && name === undefined) return [...catalog.assets.values()];
  const location = findLocation(catalog, name);
  const keys =
    select === undefined
      ? [...location.graph.assets.keys()]
      : await selectFrom(db, location.snapshot, select, now, { allowEmpty });
  return keys.map((key) => ({ location, asset: location.graph.assets.get(key)! }));
}
