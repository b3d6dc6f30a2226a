/**
 * What home tells of staleness: it looks at every asset's history, so it comes after what home tells at once. Of a server that
 * has looked before, a look costs what has changed since.
 */
import { countIn, isEmptySet, type MomentWithKeys } from "@iroko/core";
import type { HomeStale } from "@iroko/core/client";
import { askMappings, sharedLook } from "@iroko/core/engine";
import { firstRanges } from "./asset-status.ts";
import type { CatalogLocation } from "./catalog.ts";
import type { Instance } from "./instance.ts";

const shown = 20;

export function homeStale({
  db,
  catalog: readCatalog,
  moment: readMoment,
  standings,
}: Instance): () => Promise<HomeStale> {
  const staleIn = async ({ name, snapshot, graph }: CatalogLocation, moment: MomentWithKeys) => {
    const causes = await askMappings({ db, location: name }, () =>
      standings.causes(snapshot, graph.assets.keys(), moment),
    );
    return [...causes]
      .filter(([, { stale }]) => !isEmptySet(stale))
      .map(([key, found]) => ({ asset: graph.assets.get(key)!, ...found }));
  };
  return sharedLook(async () => {
    const catalog = await readCatalog();
    const moment = await readMoment(catalog);
    const stale = (await Promise.all(catalog.locations.map((location) => staleIn(location, moment)))).flat();
    return {
      assets: stale.length,
      first: stale.slice(0, shown).map(({ asset: { key, partitions }, stale: set, causes }) => ({
        asset: key,
        partitions: firstRanges(partitions, set),
        count: countIn(partitions, set),
        reasons: [...new Set(causes.map(({ reason }) => reason))],
      })),
    };
  });
}
