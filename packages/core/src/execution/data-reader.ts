/**
 * What a server needs DuckDB for, and has none: it is given one of these. Whatever it does is done in a process of its own,
 * with little memory and for a little while, which is gone afterwards.
 */
import type { QueryLineage, TracedQuery } from "../definitions/column-lineage.ts";
import type { Json } from "../definitions/metadata.ts";
import type { Column } from "../definitions/table-schema.ts";
import type { Store } from "./store.ts";

export interface DataReader {
  /** Of each query, in their order. */
  columnLineage(queries: readonly TracedQuery[]): Promise<readonly QueryLineage[]>;
  /**
   * The first rows of a Parquet object. Of a sensitive column, and of one that the schema does not know, nothing is read but
   * whether there is a value.
   *
   * @throws {IrokoError} OBJECT_NOT_FOUND; PREVIEW_TOO_LARGE where too much would have to travel; PREVIEW_FAILED
   */
  firstRows(store: Store, object: ObjectToShow): Promise<FirstRows>;
}

export interface ObjectToShow {
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
  /** As the definitions say now. */
  readonly columns: readonly Column[];
  /** At most so many rows. */
  readonly limit: number;
}

export interface FirstRows {
  /** As the file has them. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly masked: boolean }[];
  /** Long texts are cut. */
  readonly rows: readonly (readonly Json[])[];
}
