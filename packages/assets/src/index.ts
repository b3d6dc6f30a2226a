/** The public API of @iroko/assets, name by name. */
// DuckDB in a step
export { query, sql, type QueryContext } from "./duckdb/query.ts";
export { DuckRelation, relationOf, type RelationBody } from "./duckdb/relation.ts";
export {
  duckdbOf,
  type DescribedColumn,
  type Params,
  type ResultTable,
  type StepDatabase,
} from "./duckdb/step-database.ts";
export type { SqlValue } from "./duckdb/sql-value.ts";
export { identifier, literal, readParquet } from "./duckdb/quote.ts";

// Parquet
export { parquet, type ParquetIo, type ParquetOptions } from "./parquet/parquet.ts";
export { readRows } from "./parquet/read-rows.ts";
export { mask, maskRows, type ShownRow } from "./privacy/mask.ts";

// SQL assets
export { bindSql, type SqlProblem } from "./sql-asset/bind.ts";
export { sqlAsset, type SqlAssetOptions } from "./sql-asset/sql-asset.ts";
export type { SqlText } from "./sql-asset/sql-text.ts";

// For a server: what it looks up in data, in processes of its own
export { dataReader } from "./data-reader/data-reader.ts";

// Checks
export type { CheckOptions } from "./checks/check-options.ts";
export { notNull } from "./checks/not-null.ts";
export { range, type Limit, type RangeLimits } from "./checks/range.ts";
export { rowCount, type RowCountOptions } from "./checks/row-count.ts";
export { sqlCheck, type SqlCheckOptions } from "./checks/sql-check.ts";
export { unique } from "./checks/unique.ts";

// Stores: what they load of their own (the S3 SDK, the Parquet reader) is loaded when first used
export { objectCache, type Fetched, type ObjectCache, type ObjectCacheOptions } from "./stores/object-cache.ts";
export { openStore, type OpenStoreOptions } from "./stores/open-store.ts";
export { footerOf, readFooter, type ParquetFooter, type ParquetRowGroup, type ReadRange } from "./parquet/footer.ts";
export type { ParquetColumn } from "./parquet/footer-columns.ts";

// The edge
export { csvFile, type CsvFile, type CsvFileOptions } from "./edge/csv-file.ts";
export {
  posBuffer,
  type CurrentDeliveries,
  type DeliveriesOfDay,
  type ObservedDay,
  type PosBuffer,
  type PosBufferOptions,
  type ReadDeliveries,
  type ReadOptions,
} from "./edge/pos-buffer.ts";
