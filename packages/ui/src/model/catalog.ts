/** The definitions of all code locations. A snapshot never changes, so each is read and understood once. */
import { assetGraph, assetOf, IrokoError, type AssetGraph, type Snapshot, type SnapshotAsset } from "@iroko/core";
import { listLocationVersions, locationsAt, type Database, type Location } from "@iroko/core/engine";

export interface CatalogLocation extends Location {
  readonly graph: AssetGraph;
  readonly registeredAt: Temporal.Instant;
}

export interface CatalogAsset {
  readonly location: CatalogLocation;
  readonly asset: SnapshotAsset;
}

export interface Catalog {
  readonly locations: readonly CatalogLocation[];
  /** Upstream first. */
  readonly assets: ReadonlyMap<string, CatalogAsset>;
  /** In which times are shown that belong to no asset: the one that most definitions use. */
  readonly timezone: string;
}

export function openCatalog(db: Database): () => Promise<Catalog> {
  let known: Catalog | undefined;
  return async () => {
    const versions = await listLocationVersions(db);
    const before = new Map(known?.locations.map((location) => [location.name, location]));
    const changed = versions.filter(({ name, version }) => before.get(name)?.version !== version);
    const fresh = new Map((changed.length === 0 ? [] : await locationsAt(db, changed)).map((one) => [one.name, one]));
    const locations = versions.map(({ name, registeredAt }) => {
      const location = fresh.get(name);
      if (location === undefined) return before.get(name);
      const snapshot = sharingDefinitions(location.snapshot);
      return { ...location, snapshot, registeredAt, graph: assetGraph(snapshot) };
    });
    const read = locations.filter((location) => location !== undefined);
    const isSame = known?.locations.length === read.length && read.every((each) => before.get(each.name) === each);
    return isSame ? known! : (known = catalogOf(read));
  };
}

/** Ten thousand assets have a handful of partitions definitions: what is worked out of one is that of all that share it. */
function sharingDefinitions(snapshot: Snapshot): Snapshot {
  const known = new Map<string, SnapshotAsset["partitions"]>();
  const shared = (partitions: SnapshotAsset["partitions"]): SnapshotAsset["partitions"] => {
    const text = JSON.stringify(partitions);
    if (!known.has(text)) known.set(text, partitions);
    return known.get(text)!;
  };
  return { ...snapshot, assets: snapshot.assets.map((asset) => ({ ...asset, partitions: shared(asset.partitions) })) };
}

function catalogOf(locations: readonly CatalogLocation[]): Catalog {
  return {
    locations,
    assets: new Map(
      locations.flatMap((location) =>
        [...location.graph.assets].map(([key, asset]): [string, CatalogAsset] => [key, { location, asset }]),
      ),
    ),
    timezone: commonTimezone(locations),
  };
}

/** Everything that has partitions, in all locations; of one catalog the same object. */
export function definitionsIn(catalog: Catalog): Definitions {
  let definitions = definitionsOf.get(catalog);
  if (definitions === undefined) {
    const snapshots = catalog.locations.map(({ snapshot }) => snapshot);
    definitions = {
      computes: snapshots.flatMap(({ computes }) => computes),
      assets: snapshots.flatMap(({ assets }) => assets),
      checks: snapshots.flatMap(({ checks }) => checks),
    };
    definitionsOf.set(catalog, definitions);
  }
  return definitions;
}

type Definitions = Pick<Snapshot, "assets" | "checks" | "computes">;
const definitionsOf = new WeakMap<Catalog, Definitions>();

/** @throws {IrokoError} ASSET_NOT_FOUND, with the nearest key */
export function findAsset(catalog: Catalog, key: string): CatalogAsset {
  const found = catalog.assets.get(key);
  if (found !== undefined) return found;
  const assets = new Map(Array.from(catalog.assets, ([known, { asset }]) => [known, asset]));
  throw new Error(`"${assetOf({ assets }, key).key}" was not there a moment ago.`);
}

/** @throws {IrokoError} LOCATION_NOT_FOUND when it does not exist, or none is named and there are several */
export function findLocation(catalog: Catalog, name: string | undefined): CatalogLocation {
  const [first, ...others] = catalog.locations;
  if (name === undefined && first !== undefined && others.length === 0) return first;
  const found = catalog.locations.find((location) => location.name === name);
  if (found !== undefined) return found;
  const says = name === undefined ? "Name the code location that is meant." : `There is no code location "${name}".`;
  throw new IrokoError("LOCATION_NOT_FOUND", says, {
    hint:
      first === undefined
        ? "None has registered its definitions yet: iroko deploy"
        : `There are these: ${catalog.locations.map((location) => location.name).join(", ")}.`,
  });
}

function commonTimezone(locations: readonly CatalogLocation[]): string {
  const count = new Map<string, number>();
  for (const { snapshot } of locations) {
    const zones = snapshot.assets.map(({ partitions }) =>
      partitions.kind === "time" ? partitions.timezone : undefined,
    );
    for (const zone of [...zones, ...snapshot.schedules.map(({ timezone }) => timezone)])
      if (zone !== undefined) count.set(zone, (count.get(zone) ?? 0) + 1);
  }
  return [...count].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? "UTC";
}
