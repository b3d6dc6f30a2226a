/** Of each column of an asset where it comes from, and who reads it: as declared, else as its SQL tells. */
import type {
  AssetColumn,
  AssetColumns,
  ColumnSource,
  QueryLineage,
  TracedQuery,
  TracedRelation,
} from "../definitions/column-lineage.ts";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import type { AssetGraph } from "./asset-graph.ts";

/** Follows columns through queries, each in its place. */
export type TraceQueries = (queries: readonly TracedQuery[]) => Promise<readonly QueryLineage[]>;

/**
 * @param asset of the graph
 * @param trace asked once, for its own query and its dependants'; undefined: nothing here reads SQL
 */
export async function assetColumns(
  graph: AssetGraph,
  asset: SnapshotAsset,
  trace: TraceQueries | undefined,
): Promise<AssetColumns> {
  const dependants = (graph.downstream.get(asset.key) ?? []).map((key) => graph.assets.get(key)!);
  const traced =
    trace === undefined ? new Map<string, QueryLineage>() : await tracedBy(graph, [asset, ...dependants], trace);
  const lineageOf = (of: SnapshotAsset): Lineage => lineage(of, traced.get(of.key), trace !== undefined);
  const readers = dependants.map((dependant) => ({ key: dependant.key, ...lineageOf(dependant) }));
  return {
    columns: lineageOf(asset).columns.map((column) => {
      const isIt = (source: ColumnSource): boolean => source.asset === asset.key && source.column === column.column;
      const readBy = readers
        .filter(({ reads }) => reads.some(isIt))
        .map(({ key, columns }) => ({
          asset: key,
          columns: columns.filter(({ from }) => from.some(isIt)).map(({ column: name }) => name),
        }));
      return { ...column, readBy };
    }),
    otherReaders: readers
      .filter(({ columns }) => columns.length === 0 || columns.some(({ unknown }) => unknown !== null))
      .map(({ key }) => key),
  };
}

/** Of an asset's SQL; undefined where code makes it, or nothing here does. */
export function tracedQuery(graph: AssetGraph, { key, schema, compute: name }: SnapshotAsset): TracedQuery | undefined {
  const compute = name === undefined ? undefined : graph.computes.get(name);
  if (schema === undefined || compute?.sql === undefined) return undefined;
  const relation = (of: string): TracedRelation => {
    const columns = graph.assets.get(of)?.schema?.columns.map((column) => column.name);
    return { asset: of, ...(columns === undefined ? {} : { columns }) };
  };
  const relations = Object.fromEntries(compute.deps.map((dep) => [dep.name, relation(dep.asset)]));
  return {
    sql: compute.sql.text,
    relations: compute.readsPrevious ? { ...relations, previous: relation(key) } : relations,
    columns: schema.columns.map((column) => column.name),
  };
}

async function tracedBy(
  graph: AssetGraph,
  assets: readonly SnapshotAsset[],
  trace: TraceQueries,
): Promise<ReadonlyMap<string, QueryLineage>> {
  const asked = assets.flatMap((asset) => {
    const query = tracedQuery(graph, asset);
    return query === undefined ? [] : [{ key: asset.key, query }];
  });
  if (asked.length === 0) return new Map();
  const found = await trace(asked.map(({ query }) => query));
  return new Map(asked.map(({ key }, at) => [key, found[at]!]));
}

interface Lineage {
  readonly columns: readonly Omit<AssetColumn, "readBy">[];
  /** Whatever it looks at, in a condition or an order, too. */
  readonly reads: readonly ColumnSource[];
}

function lineage(asset: SnapshotAsset, traced: QueryLineage | undefined, canTrace: boolean): Lineage {
  const declared = asset.columnLineage ?? [];
  const columns = (asset.schema?.columns ?? []).map(({ name: column }): Lineage["columns"][number] => {
    const own = declared.find((each) => each.column === column);
    const told = traced?.columns.find((each) => each.column === column);
    const { from = [], unknown = whyUnknown(asset, canTrace) } = told ?? {};
    const undeclared = { transformation: null, description: null, sql: null };
    if (own === undefined) return { column, from, unknown, source: told === undefined ? null : "sql", ...undeclared };
    const { transformation = null, description = null } = own;
    const sql = told === undefined ? null : { from, unknown };
    return { column, from: own.from, unknown: null, source: "declared", transformation, description, sql };
  });
  return { columns, reads: [...(traced?.reads ?? []), ...declared.flatMap(({ from }) => from)] };
}

function whyUnknown({ kind }: SnapshotAsset, canTrace: boolean): string {
  if (kind === "external") return "something else makes it";
  return canTrace ? "code makes it, and declares no lineage" : "nothing here can read SQL, and no lineage is declared";
}
