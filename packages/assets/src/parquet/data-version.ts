import type { TableSchema } from "@iroko/core";
import { columnList } from "../duckdb/column-sql.ts";

/**
 * Names the hash in each data version. A test holds the hash of a known table: raise this when a new DuckDB hashes
 * otherwise, and versions of the two are told apart rather than mixed up.
 */
const algorithm = "d1";

/** An order-independent hash of rows, as columns of an aggregate: how many, the sum and the XOR of the rows' hashes. */
export function rowHashSql(schema: TableSchema): string {
  const hash = `hash(${columnList(schema)})`;
  return `count(*) as row_count, coalesce(sum(${hash}), 0) as hash_sum, coalesce(bit_xor(${hash}), 0) as hash_xor`;
}

/** Equal schemas and equal rows, in whatever order: equal versions. */
export function dataVersionOf(schema: TableSchema, row: Readonly<Record<string, unknown>>): string {
  const sum = BigInt.asUintN(64, BigInt(String(row["hash_sum"])));
  const xor = BigInt(String(row["hash_xor"]));
  const hex = (value: bigint) => value.toString(16).padStart(16, "0");
  return [algorithm, schema.hash, String(row["row_count"]), hex(sum), hex(xor)].join("-");
}
