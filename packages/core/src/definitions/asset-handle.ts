import type {
  Partition,
  PartitionsDefinition,
  KeyOf,
  MultiPartitions,
  TimePartitions,
  TimeWindow,
} from "../partitions/partitions-definition.ts";
import type { Relation } from "./io-manager.ts";
import type { ComputeDefinition, ExternalAssetDefinition } from "./model.ts";
import type { DefinitionProblem } from "./problem.ts";

declare const assetTypes: unique symbol;

/** Where a handle keeps its definition. A registered symbol: another copy of this package reads it too. */
export const assetSource: unique symbol = Symbol.for("iroko.assetSource");

/**
 * An asset as a value: put it into `deps`, `job`, `define`. `Row` is a row of its schema; `Input` what its IO manager
 * gives dependants ("relation": a `Relation<Row>`), undefined where it stores nothing.
 */
export interface Asset<
  Key extends string = string,
  Row = unknown,
  P extends PartitionsDefinition = PartitionsDefinition,
  Input = unknown,
> {
  readonly kind: "asset" | "external";
  readonly key: Key;
  readonly partitions: P;
  readonly [assetTypes]?: { readonly row: Row; readonly input: Input };
  readonly [assetSource]: AssetSource;
}

export type AnyAsset = Asset<string, unknown, PartitionsDefinition, unknown>;

/** What made a handle, and the mistakes found while making it. */
export type AssetSource =
  AssetSourceOf<"compute", ComputeDefinition> | AssetSourceOf<"external", ExternalAssetDefinition>;

export interface AssetSourceOf<Kind extends string, Definition> {
  readonly kind: Kind;
  readonly definition: Definition;
  readonly problems: readonly DefinitionProblem[];
}

/** What a dependency on the asset gives: a relation of its rows, what its IO manager loads, or undefined. */
export type GivenBy<A> =
  A extends Asset<string, infer Row, PartitionsDefinition, infer Input>
    ? [Input] extends ["relation"]
      ? Relation<Row>
      : Input
    : never;

/** The type of an asset's partition keys as texts; "" where it has none, any text where they have several dimensions. */
export type PartitionKeyOf<P> = [KeyOf<P>] extends [never]
  ? ""
  : [Extract<KeyOf<P>, string>] extends [never]
    ? string
    : Extract<KeyOf<P>, string>;

/** A partition of a time definition: its window is always there. */
export interface WindowedPartition<Key extends string = string> extends Partition<Key> {
  readonly window: TimeWindow;
}

/** A partition of several dimensions: what it is in each is always there. */
export type MultiPartition<D> = Omit<Partition, "dimensions"> & {
  readonly dimensions: { readonly [Name in keyof D]: PartitionOf<D[Name]> };
};

/**
 * One partition, as typed by its definition. A function without a parameter, `() => byPartition(…)`, is looked at before
 * the definition is known (never): it sees a partition of any kind.
 */
export type PartitionOf<P> = [P] extends [never]
  ? Partition
  : [P] extends [TimePartitions]
    ? WindowedPartition<PartitionKeyOf<P>>
    : [P] extends [MultiPartitions<infer D>]
      ? MultiPartition<D>
      : Partition<PartitionKeyOf<P>>;

export function isAsset(value: unknown): value is AnyAsset {
  return typeof value === "object" && value !== null && assetSource in value && "key" in value;
}
