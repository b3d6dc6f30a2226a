import {
  byPartition,
  readSchema,
  untypedAsset,
  type Asset,
  type AssetMetricsContext,
  type ColumnLineageOf,
  type ComputeOptions,
  type Deps,
  type InputOf,
  type IoManager,
  type MaterializeContext,
  type MetadataInput,
  type MetricsContext,
  type OutputOptions,
  type Partition,
  type PartitionsDefinition,
  type Relation,
  type RowOf,
  type Schema,
  type TableSchema,
  type Unpartitioned,
} from "@iroko/core";
import { relationsIn } from "../duckdb/query.ts";
import { emptyRelation } from "../duckdb/empty-relation.ts";
import { DuckRelation, relationOf } from "../duckdb/relation.ts";
import { parquet } from "../parquet/parquet.ts";
import { readMetrics } from "./metrics.ts";
import { partitionParams } from "./partition-params.ts";
import { readSql, type SqlText } from "./sql-text.ts";

/** All but the query itself, which `SqlText` is. An interface: an intersection of `Omit`s costs the compiler half as much again. */
export interface SqlAssetOptions<
  Key extends string,
  S extends Schema,
  P extends PartitionsDefinition,
  D extends Deps,
  I extends IoManager,
>
  extends OutputOptions<Key, S, I>, ComputeOptions<P, D, {}, undefined> {
  // A bare ZodObject as the constraint has the compiler write out, for each asset, the seventy members of its schema.
  readonly schema: S & {};
  readonly columnLineage?: ColumnLineageOf<S, D> | undefined;
  /** A query over the dependencies and `self`, the built file: its one row becomes typed metadata. */
  readonly metrics?: string | undefined;
  /** What else is to be said of it: typed values that a query cannot give, such as those of a dependency's metadata. */
  readonly metadata?: ((ctx: SqlMetadataContext<P, D>) => MetadataInput) | undefined;
  readonly resources?: never;
  readonly config?: never;
}

type SqlMetadataContext<P, D> = AssetMetricsContext<P, D, {}, undefined, { self: never }>;

/**
 * An asset whose rows are those of a query, written by DuckDB without passing through JavaScript. The names in `deps` are
 * relations in it; `$window_start`, `$window_end` and `$partition_key` are those of the partition, of several dimensions also
 * `$partition_region` for the key of a dimension `region`. With `readsPrevious`, `previous` is the version before. Stored as
 * Parquet under its key unless `output` says otherwise.
 *
 * @example
 * export const revenue = sqlAsset({
 *   key: "daily_revenue", partitions: days, schema: Revenue, deps: { cleaned },
 *   sql: "select merchant_id, sum(amount_ngn) as revenue_ngn from cleaned group by all",
 *   checks: [unique("merchant_id")],
 * });
 */
export function sqlAsset<
  const Key extends string,
  S extends Schema,
  P extends PartitionsDefinition = Unpartitioned,
  D extends Deps = {},
  I extends IoManager = IoManager<"relation">,
>(options: SqlAssetOptions<Key, S, P, D, I> & SqlText): Asset<Key, RowOf<S>, P, InputOf<I>> {
  const { sql: _, file: __, metrics, metadata, kinds = ["sql"], ...rest } = options;
  const subject = `asset "${options.key}"`;
  const { text, file } = readSql(options, subject);
  const { schema } = readSchema(options.schema);

  const queryOf = (ctx: MaterializeContext, partition: Partition): Relation<never> => {
    const relations = relationsIn(ctx.depsOf(partition));
    if (options.readsPrevious === true) relations["previous"] = previousOf(ctx, partition, schema);
    return relationOf<never>(ctx.scope, {
      query: { source: { subject: `${subject}, sql`, text, file }, params: partitionParams(partition), relations },
    });
  };

  const metricsOf = (query: string) => async (ctx: MetricsContext) => {
    const relations = { ...relationsIn(ctx.deps), ...relationsIn({ self: ctx.self }) };
    if (options.readsPrevious === true) relations["previous"] = previousOf(ctx, ctx.partition, schema);
    const source = { subject: `${subject}, metrics`, text: query };
    return await readMetrics(
      relationOf<never>(ctx.scope, { query: { source, params: partitionParams(ctx.partition), relations } }),
    );
  };

  return untypedAsset({
    ...rest,
    kinds,
    output: options.output ?? parquet({ path: options.key }),
    sql: { text, ...(file === undefined ? {} : { file }), ...(metrics === undefined ? {} : { metrics }) },
    materialize: (ctx: MaterializeContext) => byPartition((partition) => queryOf(ctx, partition)),
    ...(metrics === undefined && metadata === undefined
      ? {}
      : {
          metrics: async (ctx: MetricsContext) => ({
            ...(metrics === undefined ? {} : await metricsOf(metrics)(ctx)),
            ...metadata?.(ctx as never),
          }),
        }),
  }) as unknown as Asset<Key, RowOf<S>, P, InputOf<I>>;
}

/** The version before; of no rows where there is none. */
function previousOf(ctx: MaterializeContext, partition: Partition, schema: TableSchema): DuckRelation<never> {
  const previous: unknown = ctx.previous(partition)["self"];
  return previous instanceof DuckRelation
    ? (previous as DuckRelation<never>)
    : emptyRelation(ctx.scope, "previous", schema);
}
