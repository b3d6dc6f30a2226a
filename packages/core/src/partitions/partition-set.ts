/** Of partitions by time. */
export interface TimeSet {
  readonly kind: "time";
  /** Disjoint, ascending, never touching: what Postgres writes as a tstzmultirange. */
  readonly windows: readonly { readonly start: Temporal.Instant; readonly end: Temporal.Instant }[];
}

/** Of fixed or dynamic partitions. */
export interface KeySet {
  readonly kind: "keys";
  /** Unique, in code-unit order. An unpartitioned asset's set is [""] or []. */
  readonly keys: readonly string[];
}

/** What a set of partitions with several dimensions has of one of them. */
export type DimensionSet = TimeSet | KeySet;

/** Every combination of what it has of each dimension. */
export type Box = Readonly<Record<string, DimensionSet>>;

/** Of partitions with several dimensions. */
export interface MultiSet {
  readonly kind: "multi";
  /** Disjoint, none empty, and the same boxes for the same partitions, as `multiSet` makes them. */
  readonly boxes: readonly Box[];
}

/**
 * A set of partitions of one definition, as ranges and never as a list of windows: a million of them cost what one
 * does. A set knows nothing of its definition: `windows` says which starts are in, the definition which starts exist.
 */
export type PartitionSet = DimensionSet | MultiSet;

export type DimensionSetJson =
  { readonly windows: readonly (readonly [string, string])[] } | { readonly keys: readonly string[] };

export type BoxJson = Readonly<Record<string, DimensionSetJson>>;

/** As JSON: in events, runs, plans and the API. Instants are ISO strings in UTC. */
export type PartitionSetJson = DimensionSetJson | { readonly boxes: readonly BoxJson[] };
