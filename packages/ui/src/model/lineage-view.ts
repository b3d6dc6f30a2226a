/** The graph that a page draws: what a selection selects, or of a large instance the neighbourhood of one asset. */
import type { AssetHealth, Lineage } from "@iroko/core/client";
import { readStatuses, type AssetStatus } from "./asset-status.ts";
import { findAsset, type Catalog, type CatalogAsset } from "./catalog.ts";
import type { Instance } from "./instance.ts";
import { selectedAssets } from "./selected-assets.ts";

export interface LineageRequest {
  readonly select?: string | undefined;
  readonly location?: string | undefined;
  readonly around?: string | undefined;
  readonly whole?: boolean | undefined;
}

/** Above this nobody can see the trees for the wood. */
const drawnWhole = 300;
/** Arrows away, up and down. */
const neighbourhoodDepth = 2;

const worstFirst: readonly AssetHealth[] = ["failed", "running", "missing", "unknown", "made"];

export async function readLineage(
  instance: Instance,
  { select, location, around, whole = false }: LineageRequest,
): Promise<Lineage> {
  const catalog = await instance.catalog();
  const now = await instance.moment(catalog);
  const statusesOf = (of: readonly CatalogAsset[]): Promise<Statuses> =>
    readStatuses(
      instance.standings.statuses,
      of.map(({ asset }) => asset),
      now,
    );
  const total = catalog.assets.size;
  if (select !== undefined || location !== undefined || whole || total <= drawnWhole) {
    const assets = await selectedAssets(instance, catalog, { select, location }, now);
    return lineageOf(assets, await statusesOf(assets), total, null);
  }
  const all = [...catalog.assets.values()];
  const center = around ?? worstOf(await statusesOf(all)) ?? all[0]!.asset.key;
  const near = neighbourhood(catalog, findAsset(catalog, center).asset.key);
  const assets = all.filter(({ asset }) => near.has(asset.key));
  return lineageOf(assets, await statusesOf(assets), total, center);
}

type Statuses = ReadonlyMap<string, AssetStatus>;

function worstOf(statuses: Statuses): string | undefined {
  for (const health of worstFirst.slice(0, 3)) {
    for (const [key, status] of statuses) if (status.health === health) return key;
  }
  return undefined;
}

function neighbourhood({ assets }: Catalog, center: string): ReadonlySet<string> {
  const near = new Set([center]);
  for (const direction of ["upstream", "downstream"] as const) {
    let edge = [center];
    for (let depth = 0; depth < neighbourhoodDepth; depth += 1) {
      edge = edge.flatMap((key) => assets.get(key)?.location.graph[direction].get(key) ?? []);
      for (const key of edge) near.add(key);
    }
  }
  return near;
}

function lineageOf(assets: readonly CatalogAsset[], statuses: Statuses, total: number, around: string | null): Lineage {
  const placeOf = new Map(assets.map(({ asset }, at) => [asset.key, at]));
  const groups = [...new Set(assets.map(({ asset }) => asset.group))];
  const placeOfGroup = new Map(groups.map((group, at) => [group, at]));
  const edges: number[] = [];
  for (const [at, { asset, location }] of assets.entries()) {
    for (const above of location.graph.upstream.get(asset.key) ?? []) {
      const from = placeOf.get(above);
      if (from !== undefined) edges.push(from, at);
    }
  }
  return {
    keys: assets.map(({ asset }) => asset.key),
    groups,
    healths: worstFirst,
    group: assets.map(({ asset }) => placeOfGroup.get(asset.group)!),
    health: assets.map(({ asset }) => worstFirst.indexOf(statuses.get(asset.key)!.health)),
    edges,
    total,
    around,
  };
}
