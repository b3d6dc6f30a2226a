/** Where the columns of a query's result come from, as data: what DuckDB's parser tells, resolved to columns of assets. */

/** A column of an asset. */
export interface ColumnSource {
  readonly asset: string;
  /** null: its rows as such, of which `count(*)` tells. */
  readonly column: string | null;
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
