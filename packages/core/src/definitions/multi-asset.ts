import type { PartitionsDefinition, Unpartitioned } from "../partitions/partitions-definition.ts";
import { assetSource, type AssetSourceOf } from "./asset-handle.ts";
import { handleOf, readCompute } from "./compute.ts";
import type { AssetContext } from "./context.ts";
import type { Deps } from "./dependency.ts";
import type { Product, RowOf } from "./materialized.ts";
import type { ComputeDefinition } from "./model.ts";
import type { ComputeOptions, Config, MetricsFunction, Resources, SqlSource } from "./options.ts";
import { readOutput, type AnyOutput, type AssetOf, type Output } from "./output.ts";

export type Outputs = Readonly<Record<string, AnyOutput>>;

/** Rows by output name. */
export type RowsOf<O> = { readonly [Name in keyof O]: O[Name] extends Output<string, infer S> ? RowOf<S> : never };

/** A product for each output; optional ones may be left out. */
export type Products<O, P> = {
  readonly [Name in keyof O as O[Name] extends { readonly optional: true } ? never : Name]: ProductOf<O[Name], P>;
} & {
  readonly [Name in keyof O as O[Name] extends { readonly optional: true } ? Name : never]?:
    ProductOf<O[Name], P> | undefined;
};

type ProductOf<O, P> =
  O extends Output<string, infer S, infer I> ? Product<S, I, P> | Promise<Product<S, I, P>> : never;

export interface MultiAssetOptions<
  O extends Outputs,
  P extends PartitionsDefinition,
  D extends Deps,
  R extends Resources,
  C extends Config,
>
  extends ComputeOptions<P, D, R, C>, SqlSource {
  /** The outputs' keys joined with "+", unless named. */
  readonly name?: string | undefined;
  /** In the order they are made, by the name under which the result has them. */
  readonly outputs: O;
  /** Makes all outputs: gives an object of what each is to hold, by its name. */
  readonly materialize: (
    context: AssetContext<P, D, R, C, RowsOf<O>>,
  ) => NoInfer<Products<O, P> | Promise<Products<O, P>>>;
  readonly metrics?: MetricsFunction<P, D, R, C, RowsOf<O>> | undefined;
}

/** Assets made together: each is a property, to be depended on: `landing.raw`. */
export type MultiAsset<O, P extends PartitionsDefinition> = MultiAssetSource & {
  readonly [Name in keyof O]: AssetOf<O[Name], P>;
};

export interface MultiAssetSource {
  readonly [assetSource]: AssetSourceOf<"compute", ComputeDefinition>;
}

/**
 * Several assets made by one function, in one step.
 *
 * @example
 * export const landing = multiAsset({
 *   outputs: {
 *     raw: output({ key: "raw_pos_transactions", schema: Transaction, output: parquet({ path: "raw" }) }),
 *     quarantine: output({ key: "quarantined_pos_deliveries", schema: Quarantined, output: parquet({ path: "quarantine" }) }),
 *   },
 *   partitions: days,
 *   materialize: (ctx) => judge(ctx.partition),   // { raw, quarantine }
 * });
 */
export function multiAsset<
  O extends Outputs,
  P extends PartitionsDefinition = Unpartitioned,
  D extends Deps = {},
  R extends Resources = {},
  C extends Config = undefined,
>(options: MultiAssetOptions<O, P, D, R, C>): MultiAsset<O, P> {
  const outputs = Object.entries(options.outputs).map(([name, made]) => {
    // Only output() makes one.
    const { key, schema, io, optional, options: rest } = made as Output;
    return { name, ...readOutput({ ...rest, key, schema, output: io, optional }) };
  });
  const name = options.name ?? outputs.map(({ definition }) => definition.key).join("+");
  const definitions = Object.fromEntries(outputs.map((made) => [made.name, made.definition]));
  const compute = readCompute(name, definitions, options);
  const problems = [...outputs.flatMap((made) => made.problems), ...compute.problems];
  const source: AssetSourceOf<"compute", ComputeDefinition> = {
    kind: "compute",
    definition: compute.definition,
    problems,
  };
  return Object.freeze({
    ...Object.fromEntries(outputs.map((made) => [made.name, handleOf(made.definition, compute.definition, problems)])),
    [assetSource]: source,
  }) as MultiAsset<O, P>;
}
