/**
 * Where columns come from, as data: what a definition declares, in the words of OpenLineage's column lineage facet, and what
 * DuckDB's parser tells of a query, resolved to columns of assets.
 */
import type { Asset } from "./asset-handle.ts";
import type { Mapped } from "./dependency.ts";
import type { ColumnOf, Schema } from "./materialized.ts";

/** A column of an asset. */
export interface ColumnSource {
  readonly asset: string;
  /** null: its rows as such, of which `count(*)` tells. */
  readonly column: string | null;
}

export const transformations = ["identity", "transformation", "aggregation"] as const;
export type Transformation = (typeof transformations)[number];

/** What a definition says of a column that its code makes. */
export interface DeclaredColumn<Field extends string = string> {
  /** Whose values make its values: columns of dependencies, as `raw.amount`; `raw` alone for its rows as such. */
  readonly inputFields: readonly Field[];
  readonly transformation?: Transformation | undefined;
  /** What is done with them, in a few words. */
  readonly description?: string | undefined;
}

/** By the asset's own columns; a list alone is its `inputFields`. */
export type ColumnLineage<Column extends string = string, Field extends string = string> = {
  readonly [C in Column]?: readonly Field[] | DeclaredColumn<Field>;
};

/** Of an asset with that schema and those dependencies; `previous.amount` is its own version before. */
export type ColumnLineageOf<S extends Schema, D> = ColumnLineage<ColumnOf<S>, FieldOf<D> | `previous.${ColumnOf<S>}`>;

type FieldOf<D> = { readonly [Name in keyof D & string]: FieldIn<Name, D[Name]> }[keyof D & string];

type FieldIn<Name extends string, X> =
  X extends Asset<string, infer Row>
    ? Name | `${Name}.${ColumnIn<Row>}`
    : X extends Mapped<infer A>
      ? FieldIn<Name, A>
      : never;

/** Any text where there is no schema. */
type ColumnIn<Row> = [Row] extends [never] ? string : unknown extends Row ? string : keyof Row & string;

/** Which dependency an input field is of, and which column of it; undefined where no dependency is called so. */
export function readField(
  field: string,
  names: readonly string[],
): { readonly name: string; readonly column: string | null } | undefined {
  const [name] = names
    .filter((each) => field === each || field.startsWith(`${each}.`))
    .toSorted((a, b) => b.length - a.length);
  return name === undefined ? undefined : { name, column: field === name ? null : field.slice(name.length + 1) };
}

export function readColumnLineage(given: ColumnLineage): Readonly<Record<string, DeclaredColumn>> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([column, declared]) => {
      if (declared === undefined) return [];
      const isList = (value: typeof declared): value is readonly string[] => Array.isArray(value);
      return [[column, isList(declared) ? { inputFields: declared } : declared]];
    }),
  );
}

export interface ColumnOrigin {
  readonly column: string;
  /** Whose values make its values. None where it is a constant, or of the partition alone. */
  readonly from: readonly ColumnSource[];
  /** Why there may be others, as it reads after "because"; null: there are none. */
  readonly unknown: string | null;
}

/** A query and what its relations are. */
export interface TracedQuery {
  readonly sql: string;
  readonly relations: Readonly<Record<string, TracedRelation>>;
  /** Of its result, as the asset's schema names them. */
  readonly columns: readonly string[];
}

export interface TracedRelation {
  readonly asset: string;
  /** Left out where it has no schema. */
  readonly columns?: readonly string[];
}

export interface QueryLineage {
  /** Of each column that was asked for. */
  readonly columns: readonly ColumnOrigin[];
  /** Whatever it looks at, in a condition or an order, too. */
  readonly reads: readonly ColumnSource[];
}

/** A column of an asset, with where it comes from and who reads it. */
export interface AssetColumn extends ColumnOrigin {
  /** Who says so: the definition or the SQL; null: nobody does. */
  readonly source: "declared" | "sql" | null;
  /** As declared. */
  readonly transformation: Transformation | null;
  readonly description: string | null;
  /** What the SQL tells, where what is declared wins over it. */
  readonly sql: Pick<ColumnOrigin, "from" | "unknown"> | null;
  /** Assets that read it, as they declare or their SQL tells. */
  readonly readBy: readonly ColumnReader[];
}

export interface ColumnReader {
  readonly asset: string;
  /** Whose values it makes; none: it decides which rows there are, or in what order. */
  readonly columns: readonly string[];
}

export interface AssetColumns {
  readonly columns: readonly AssetColumn[];
  /** Dependants of which it is not known which columns they read: neither declared, nor told by SQL that can be followed. */
  readonly otherReaders: readonly string[];
}
