import type { Column, ColumnType, TableSchema } from "@iroko/core";
import { identifier } from "./quote.ts";

/** A column's type in DuckDB, spelled as DESCRIBE spells it. */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case "text":
      return "VARCHAR";
    case "boolean":
      return "BOOLEAN";
    case "integer":
      return ({ 8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT" } as const)[type.bits];
    case "float":
      return type.bits === 32 ? "FLOAT" : "DOUBLE";
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "timestamp":
      return "TIMESTAMP WITH TIME ZONE";
    case "date":
      return "DATE";
    case "json":
      return "JSON";
    case "bytes":
      return "BLOB";
  }
}

/** `"a", "b"`: the schema's columns in its order. */
export function columnList(schema: TableSchema): string {
  return schema.columns.map(({ name }) => identifier(name)).join(", ");
}

/** A query of no rows with the schema's columns and types. */
export function emptyQuery(schema: TableSchema): string {
  return `select ${schema.columns.map(nullColumn).join(", ")} where false`;
}

export function nullColumn(column: Column): string {
  return `null::${sqlType(column.type)} as ${identifier(column.name)}`;
}
