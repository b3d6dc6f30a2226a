import type { ColumnType, MetadataValue } from "@iroko/core";
import { printable } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatSeconds } from "../terminal/units.ts";

/** A column's type in SQL's words. */
export function columnType(type: ColumnType): string {
  switch (type.kind) {
    case "integer":
      return { 8: "tinyint", 16: "smallint", 32: "integer", 64: "bigint" }[type.bits];
    case "float":
      return type.bits === 32 ? "float" : "double";
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "text":
    case "boolean":
    case "timestamp":
    case "date":
    case "json":
    case "bytes":
      return type.kind;
  }
}

/** A metadata value on one line. */
export function formatMetadata(value: MetadataValue): string {
  switch (value.type) {
    case "int":
      return formatCount(value.value);
    case "bytes":
      return formatBytes(value.value);
    case "duration":
      return formatSeconds(value.value);
    case "json":
      return JSON.stringify(value.value);
    case "table":
      return `a table of ${value.rows.length} rows: ${value.columns.join(", ")}`;
    case "tableSchema":
      return value.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
    default:
      return printable(String(value.value)).replaceAll("\n", " ");
  }
}
