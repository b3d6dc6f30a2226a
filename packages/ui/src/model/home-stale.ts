/**
 * What home tells of staleness: a look at every asset's history, so it comes after what home tells at once, and what it
 * found is kept until something was made, has failed, or a partition has come to exist.
 */
import {
  countIn,
  equalSets,
  isEmptySet,
  type AssetStaleness,
  type MomentWithKeys,
  type PartitionSet,
} from "@iroko/core";
import type { HomeStale } from "@iroko/core/client";
import { askMappings, existingAt, readStaleness, sharedLook } from "@iroko/core/engine";
import { firstRanges } from "./asset-status.ts";
import type { CatalogLocation } from "./catalog.ts";
import type { Instance } from "./instance.ts";

const shown = 20;

type Stale = HomeStale["first"][number];

interface Kept {
  /** Of the status cache: another one, and something has changed. */
  readonly unchanged: object;
  readonly existing: readonly PartitionSet[];
  readonly stale: readonly Stale[];
}

export function homeStale({
  db,
  catalog: readCatalog,
  moment: readMoment,
  statuses,
}: Instance): () => Promise<HomeStale> {
  const kept = new WeakMap<CatalogLocation, Kept>();
  const look = async (location: CatalogLocation, moment: MomentWithKeys): Promise<readonly Stale[]> => {
    const { name, snapshot, graph } = location;
    const before = kept.get(location);
    // Asked before anything else is read: what changes while that goes on is another object the next time.
    const unchanged = await statuses.unchanged([...graph.assets.keys()]);
    const definitions = new Set(snapshot.assets.map(({ partitions }) => partitions));
    const existing = Array.from(definitions, existingAt(moment));
    const isKept = before?.unchanged === unchanged && before.existing.every((set, at) => equalSets(set, existing[at]!));
    if (isKept) return before.stale;
    const found = await askMappings({ db, location: name }, () => readStaleness(db, snapshot, moment, statuses));
    const stale = [...found]
      .filter(([, each]) => !isEmptySet(each.stale))
      .map(([key, each]) => told(location, key, each));
    kept.set(location, { unchanged, existing, stale });
    return stale;
  };
  return sharedLook(async () => {
    const catalog = await readCatalog();
    const moment = await readMoment(catalog);
    const stale = (await Promise.all(catalog.locations.map((location) => look(location, moment)))).flat();
    return { assets: stale.length, first: stale.slice(0, shown) };
  });
}

function told({ graph }: CatalogLocation, asset: string, { stale, causes }: AssetStaleness): Stale {
  const { partitions } = graph.assets.get(asset)!;
  return {
    asset,
    partitions: firstRanges(partitions, stale),
    count: countIn(partitions, stale),
    reasons: [...new Set(causes.map(({ reason }) => reason))],
  };
}
