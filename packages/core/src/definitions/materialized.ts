/** What `materialize` may give back: plain data, data with metadata, or either for each partition. */
import type { z } from "zod";
import { isByPartition, type ByPartition } from "./by-partition.ts";
import type { PartitionOf } from "./asset-handle.ts";
import type { IoManager, Relation } from "./io-manager.ts";
import { toMetadata, type MetadataInput } from "./metadata-values.ts";
import type { Metadata } from "./metadata.ts";
import type { Partition } from "../partitions/partitions-definition.ts";

export type Schema = z.ZodObject | undefined;
export type Io = IoManager | undefined;

/**
 * A row of a schema: a closed set of columns, none optional, and so a plainer type than `z.output`, which costs the
 * compiler several times as much for each asset of a project.
 */
export type RowOf<S> =
  S extends z.ZodObject<infer Shape> ? { -readonly [Column in keyof Shape]: z.output<Shape[Column]> } : never;

/** A schema's column names. */
export type ColumnOf<S> = S extends z.ZodObject<infer Shape> ? keyof Shape & string : never;

/** What an IO manager gives dependants. */
export type InputOf<I> = I extends IoManager<infer Input> ? Input : undefined;

/** Rows of a table: a relation of the step's engine, rows as they come, or rows at hand. */
export type Rows<Row> = Relation<Row> | AsyncIterable<Row> | Iterable<Row>;

/** The data of one partition, by what its IO manager stores; nothing where there is none. */
export type DataOf<S, I> =
  I extends IoManager<infer Input> ? ([Input] extends ["relation"] ? Rows<RowOf<S>> : Input) : void;

/** Data with what is to be said of it. */
export interface Materialized<Data> {
  readonly data: Data;
  readonly metadata?: MetadataInput | undefined;
  /** Instead of a hash of the data: equal versions leave dependants fresh. */
  readonly dataVersion?: string | undefined;
  /**
   * What was really read of external assets, by dependency name: as their `observe` would say it. A later observation
   * that says the same leaves this fresh.
   */
  readonly sourceVersions?: Readonly<Record<string, string>> | undefined;
}

/** What is said of an asset that stores nothing. */
export interface Observed {
  readonly metadata?: MetadataInput | undefined;
  readonly dataVersion?: string | undefined;
}

type OnePartition<Data> = [Data] extends [void] ? Observed | void : Data | Materialized<Data>;

/** Everything `materialize` may give for one output. */
export type Product<S, I, P> = OnePartition<DataOf<S, I>> | ByPartition<OnePartition<DataOf<S, I>>, PartitionOf<P>>;

/** A product, taken apart. */
export interface ReadProduct {
  readonly data: unknown;
  readonly metadata: Metadata;
  readonly dataVersion: string | undefined;
  readonly sourceVersions: Readonly<Record<string, string>>;
}

/**
 * The product for one partition. `ByPartition` functions run here; anything else is the same for each partition.
 *
 * @throws {IrokoError} METADATA_INVALID when the metadata holds what cannot be typed
 */
export async function readProduct(product: unknown, partition: Partition): Promise<ReadProduct> {
  const value = await (isByPartition(product) ? product.of(partition) : product);
  if (!isMaterialized(value)) return { data: value, metadata: {}, dataVersion: undefined, sourceVersions: {} };
  const { data, metadata, dataVersion, sourceVersions = {} } = value;
  return { data, metadata: metadata === undefined ? {} : toMetadata(metadata), dataVersion, sourceVersions };
}

const parts = new Set(["data", "metadata", "dataVersion", "sourceVersions"]);

/** A plain object of nothing but data, metadata and data version; relations, arrays and iterables are data. */
function isMaterialized(value: unknown): value is Partial<Materialized<unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => parts.has(name));
}
