/** Column lineage of assets by their SQL, looked up once for each query and kept. */
import type { QueryLineage, TracedQuery, TracedRelation } from "@iroko/core";
import type { AssetColumns } from "@iroko/core/client";
import type { DataReader } from "@iroko/core/engine";
import type { CatalogAsset, CatalogLocation } from "./catalog.ts";

/** Of an asset's SQL; undefined where code makes it, or nothing here does. */
export function tracedQuery({ graph }: Pick<CatalogLocation, "graph">, key: string): TracedQuery | undefined {
  const asset = graph.assets.get(key);
  const compute = asset?.compute === undefined ? undefined : graph.computes.get(asset.compute);
  if (asset?.schema === undefined || compute?.sql === undefined) return undefined;
  const relation = (of: string): TracedRelation => {
    const columns = graph.assets.get(of)?.schema?.columns.map(({ name }) => name);
    return { asset: of, ...(columns === undefined ? {} : { columns }) };
  };
  const relations = Object.fromEntries(compute.deps.map(({ name, asset: of }) => [name, relation(of)]));
  return {
    sql: compute.sql.text,
    relations: compute.readsPrevious ? { ...relations, previous: relation(key) } : relations,
    columns: asset.schema.columns.map(({ name }) => name),
  };
}

export type ColumnOrigins = (asset: CatalogAsset) => Promise<AssetColumns>;

/** More than there are assets in the largest instance. */
const mostKept = 20_000;

export function columnOrigins(reader: DataReader | undefined): ColumnOrigins {
  const kept = new Map<string, QueryLineage>();

  /** One look for all of them that are new. */
  async function lineagesOf(queries: readonly TracedQuery[]): Promise<readonly QueryLineage[]> {
    const ids = queries.map((query) => JSON.stringify(query));
    const fresh = queries.filter((_, at) => !kept.has(ids[at]!));
    const found = await reader!.columnLineage(fresh);
    if (kept.size + found.length > mostKept) kept.clear();
    for (const [at, lineage] of found.entries()) kept.set(JSON.stringify(fresh[at]), lineage);
    return ids.map((id, at) => kept.get(id) ?? found[fresh.indexOf(queries[at]!)]!);
  }

  return async ({ asset, location }) => {
    const dependants = location.graph.downstream.get(asset.key) ?? [];
    const [own, ...others] = [asset.key, ...dependants].map((key) =>
      reader === undefined ? undefined : tracedQuery(location, key),
    );
    const asked = [own, ...others].filter((query) => query !== undefined);
    const found = asked.length === 0 ? [] : await lineagesOf(asked);
    const lineage = (query: TracedQuery | undefined): QueryLineage | undefined =>
      query === undefined ? undefined : found[asked.indexOf(query)];
    const readers = dependants.map((key, at) => ({ key, lineage: lineage(others[at]) }));
    const origins = lineage(own)?.columns;
    const isIt = (column: string) => (source: { readonly asset: string; readonly column: string | null }) =>
      source.asset === asset.key && source.column === column;
    return {
      columns: (asset.schema?.columns ?? []).map(({ name }) => ({
        ...(origins?.find(({ column }) => column === name) ?? { column: name, from: [], unknown: whyUnknown() }),
        readBy: readers.flatMap((reading) =>
          reading.lineage?.reads.some(isIt(name)) === true
            ? [
                {
                  asset: reading.key,
                  columns: reading.lineage.columns
                    .filter(({ from }) => from.some(isIt(name)))
                    .map(({ column }) => column),
                },
              ]
            : [],
        ),
      })),
      otherReaders: readers
        .filter((reading) => reading.lineage?.columns.every(({ unknown }) => unknown === null) !== true)
        .map(({ key }) => key),
    };

    function whyUnknown(): string {
      if (asset.kind === "external") return "something else makes it";
      return reader === undefined ? "this server has no DuckDB to read SQL with" : "code makes it, not SQL";
    }
  };
}
