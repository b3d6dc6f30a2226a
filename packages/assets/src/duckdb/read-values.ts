import type { DuckDBDataChunk, DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import type { Column, ColumnType, TableSchema } from "@iroko/core";
import { dateOf, instantOf } from "./sql-value.ts";
import { typeName } from "./step-database.ts";

type ReadValue = (value: never) => unknown;

/**
 * Makes rows of chunks: decimals as exact texts, instants and dates as Temporal, integers as the schema's number or
 * bigint, JSON parsed. Without a schema, 64-bit integers are bigints.
 */
export function rowReader<Row>(
  result: DuckDBResult,
  schema: TableSchema | undefined,
): (chunk: DuckDBDataChunk) => Row[] {
  const names = result.deduplicatedColumnNames();
  const declared = new Map(schema?.columns.map((column) => [column.name, column]));
  const readers = names.map((name, index) => readerOf(resultType(result, index), declared.get(name)));
  return (chunk) => {
    const columns = chunk.getColumns();
    const rows: Row[] = [];
    for (let index = 0; index < chunk.rowCount; index += 1) {
      const row: Record<string, unknown> = {};
      for (let column = 0; column < names.length; column += 1) {
        const value = columns[column]?.[index] ?? null;
        row[names[column] as string] = value === null ? null : (readers[column] as ReadValue)(value as never);
      }
      rows.push(row as Row);
    }
    return rows;
  };
}

type ResultKind = ColumnType["kind"] | "hugeInteger" | "plain";

function resultType(result: DuckDBResult, index: number): { readonly kind: ResultKind; readonly wide: boolean } {
  const type = typeName(result, index);
  if (type === "JSON") return { kind: "json", wide: false };
  if (type === "TIMESTAMP WITH TIME ZONE") return { kind: "timestamp", wide: false };
  if (type === "DATE") return { kind: "date", wide: false };
  if (type === "BLOB") return { kind: "bytes", wide: false };
  if (type.startsWith("DECIMAL")) return { kind: "decimal", wide: false };
  if (/^U?(TINYINT|SMALLINT|INTEGER)$/.test(type)) return { kind: "integer", wide: false };
  if (/^U?(BIGINT|HUGEINT)$/.test(type)) return { kind: "integer", wide: true };
  if (type === "VARCHAR") return { kind: "text", wide: false };
  if (type === "BOOLEAN") return { kind: "boolean", wide: false };
  if (type === "FLOAT" || type === "DOUBLE") return { kind: "float", wide: false };
  return { kind: "plain", wide: false };
}

function readerOf({ kind, wide }: ReturnType<typeof resultType>, column: Column | undefined): ReadValue {
  switch (kind) {
    case "integer": {
      const asNumber = column?.type.kind === "integer" ? column.type.as !== "bigint" : !wide;
      return asNumber ? (value: number | bigint) => Number(value) : (value: number | bigint) => BigInt(value);
    }
    case "timestamp":
      return (value: { readonly micros: bigint }) => instantOf(value.micros);
    case "date":
      return (value: { readonly days: number }) => dateOf(value.days);
    case "json":
      return (value: string) => JSON.parse(value) as unknown;
    case "bytes":
      return (value: { readonly bytes: Uint8Array }) => value.bytes;
    case "text":
    case "boolean":
    case "float":
      return (value: unknown) => value;
    default:
      return (value: DuckDBValue) => String(value);
  }
}
