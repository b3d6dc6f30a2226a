/**
 * A zod object as a table: what Parquet, DuckDB, the contract and the snapshot know of it. `read-schema.ts` makes it
 * and refuses every zod feature outside this closed set.
 */
export type ColumnType =
  | { readonly kind: "text" }
  | { readonly kind: "boolean" }
  /** `as: "bigint"`: rows hold it as a bigint, else as a number; the file is the same. */
  | { readonly kind: "integer"; readonly bits: 8 | 16 | 32 | 64; readonly as?: "bigint" }
  | { readonly kind: "float"; readonly bits: 32 | 64 }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  /** An instant: `Temporal.Instant` in TypeScript, TIMESTAMPTZ in DuckDB. */
  | { readonly kind: "timestamp" }
  /** A calendar date: `Temporal.PlainDate`, DATE. */
  | { readonly kind: "date" }
  | { readonly kind: "json" }
  | { readonly kind: "bytes" };

/** A bound is a decimal string, so that it is exact for every number type. */
export interface Bound {
  readonly value: string;
  readonly inclusive: boolean;
}

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly sensitive: boolean;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: Bound;
  readonly maximum?: Bound;
  /** In characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** RE2 syntax, matched anywhere unless anchored. */
  readonly pattern?: string;
}

export interface TableSchema {
  readonly columns: readonly Column[];
  /** Of names, types and nullability, in order: what a file's reader depends on. Hex SHA-256, 16 digits. */
  readonly hash: string;
}
