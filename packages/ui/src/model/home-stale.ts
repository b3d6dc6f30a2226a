/** What home tells of staleness: a look at every asset's history, so it comes after what home tells at once. */
import { countIn, isEmptySet } from "@iroko/core";
import type { HomeStale } from "@iroko/core/client";
import { readStaleness } from "@iroko/core/engine";
import { firstRanges } from "./asset-status.ts";
import type { Instance } from "./instance.ts";

const shown = 20;

export async function readHomeStale({ catalog: read, ...instance }: Instance): Promise<HomeStale> {
  const catalog = await read();
  const moment = await instance.moment(catalog);
  const found = await Promise.all(
    catalog.locations.map(async ({ snapshot, graph }) => {
      const staleness = await readStaleness(instance.db, snapshot, moment, instance.statuses);
      return [...staleness]
        .filter(([, { stale }]) => !isEmptySet(stale))
        .map(([asset, { stale, causes }]) => ({ asset: graph.assets.get(asset)!, stale, causes }));
    }),
  );
  const stale = found.flat();
  return {
    assets: stale.length,
    first: stale.slice(0, shown).map(({ asset: { key, partitions }, stale: set, causes }) => ({
      asset: key,
      partitions: firstRanges(partitions, set),
      count: countIn(partitions, set),
      reasons: [...new Set(causes.map(({ reason }) => reason))],
    })),
  };
}
