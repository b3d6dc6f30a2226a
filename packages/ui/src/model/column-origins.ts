/** Column lineage of assets by their SQL, looked up once for each query and kept. */
import { assetColumns, type AssetColumns, type QueryLineage, type TraceQueries } from "@iroko/core";
import type { DataReader } from "@iroko/core/engine";
import type { CatalogAsset } from "./catalog.ts";

export type ColumnOrigins = (asset: CatalogAsset) => Promise<AssetColumns>;

/** More than there are assets in the largest instance. */
const mostKept = 20_000;

export function columnOrigins(reader: DataReader | undefined): ColumnOrigins {
  const trace = reader && kept((queries) => reader.columnLineage(queries));
  return ({ asset, location }) => assetColumns(location.graph, asset, trace);
}

/** One look for all of them that are new. */
function kept(trace: TraceQueries): TraceQueries {
  const known = new Map<string, QueryLineage>();
  return async (queries) => {
    const ids = queries.map((query) => JSON.stringify(query));
    const fresh = queries.filter((_, at) => !known.has(ids[at]!));
    const found = await trace(fresh);
    if (known.size + found.length > mostKept) known.clear();
    for (const [at, lineage] of found.entries()) known.set(JSON.stringify(fresh[at]), lineage);
    return ids.map((id, at) => known.get(id) ?? found[fresh.indexOf(queries[at]!)]!);
  };
}
