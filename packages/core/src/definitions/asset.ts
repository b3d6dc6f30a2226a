import type { PartitionsDefinition, Unpartitioned } from "../partitions/partitions-definition.ts";
import type { AnyAsset, Asset } from "./asset-handle.ts";
import { handleOf, readCompute, type UntypedCompute } from "./compute.ts";
import type { ColumnLineage, ColumnLineageOf } from "./column-lineage.ts";
import type { AssetContext } from "./context.ts";
import type { Deps } from "./dependency.ts";
import type { InputOf, Io, Product, RowOf, Schema } from "./materialized.ts";
import type { OutputDefinition } from "./model.ts";
import type { ComputeOptions, Config, MetricsFunction, OutputOptions, Resources, SqlSource } from "./options.ts";
import { readOutput } from "./output.ts";

export interface AssetOptions<
  Key extends string,
  S extends Schema,
  P extends PartitionsDefinition,
  D extends Deps,
  R extends Resources,
  C extends Config,
  I extends Io,
>
  extends OutputOptions<Key, S, I>, ComputeOptions<P, D, R, C>, SqlSource {
  /** Makes the asset: gives its rows or a relation, with or without metadata; `byPartition` in a step of several. */
  readonly materialize: (
    context: AssetContext<P, D, R, C, { self: RowOf<S> }>,
  ) => NoInfer<Product<S, I, P> | Promise<Product<S, I, P>>>;
  readonly metrics?: MetricsFunction<P, D, R, C, { self: RowOf<S> }> | undefined;
  readonly columnLineage?: ColumnLineageOf<S, D> | undefined;
}

/**
 * A thing that should exist, and how to make it.
 *
 * @example
 * export const merchants = asset({
 *   key: "merchants",
 *   schema: z.object({ merchant_id: z.string(), state: z.string().nullable() }),
 *   output: parquet({ path: "reference/merchants" }),
 *   checks: [unique("merchant_id")],
 *   materialize: () => readMerchants(),
 * });
 */
export function asset<
  const Key extends string,
  S extends Schema = undefined,
  P extends PartitionsDefinition = Unpartitioned,
  D extends Deps = {},
  R extends Resources = {},
  C extends Config = undefined,
  I extends Io = undefined,
>(options: AssetOptions<Key, S, P, D, R, C, I>): Asset<Key, RowOf<S>, P, InputOf<I>> {
  return untypedAsset(options) as Asset<Key, RowOf<S>, P, InputOf<I>>;
}

/** `AssetOptions` with the types forgotten. */
export interface UntypedAssetOptions
  extends UntypedCompute, Omit<OutputOptions<string, Schema, Io>, "checks" | "schema" | "output" | "columnLineage"> {
  readonly columnLineage?: ColumnLineage | undefined;
  readonly schema?: Schema;
  readonly output?: Io;
  readonly checks?: OutputDefinition["checks"] | undefined;
}

/** `asset` without inference: for wrappers, which have checked their own options and know the handle's type. */
export function untypedAsset(options: UntypedAssetOptions): AnyAsset {
  const output = readOutput({ ...options, optional: false });
  const compute = readCompute(options.key, { self: output.definition }, options);
  return handleOf(output.definition, compute.definition, [...output.problems, ...compute.problems]);
}
