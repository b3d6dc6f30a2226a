import type { Column } from "@iroko/core";
import { identifier } from "./quote.ts";
import { sqlType } from "./column-sql.ts";

/**
 * Whether a query's column of this DuckDB type may be stored in the column; if not, what to write instead.
 *
 * Accepted is what cannot lose anything unseen: the same type, a wider one, and integers and decimals of a narrower one
 * (`sum` and `count` give wide ones; a value that does not fit fails). Refused is what DuckDB would do silently: round a
 * decimal, go through floats, take a TIMESTAMP for UTC, drop the time of day.
 */
export function misfit(type: string, column: Column): string | undefined {
  const wanted = sqlType(column.type);
  if (type === wanted) return undefined;
  const castHint = `Cast it: \`…::${wanted} as ${identifier(column.name)}\`.`;
  switch (column.type.kind) {
    case "text":
      return type === "JSON" || type === "UUID" || type.startsWith("ENUM(") ? undefined : castHint;
    case "integer":
      return isInteger(type) ? undefined : castHint;
    case "float":
      return column.type.bits === 64 && (type === "FLOAT" || narrowIntegers.has(type)) ? undefined : castHint;
    case "decimal": {
      if (isInteger(type)) return undefined;
      const scale = decimalScale(type);
      if (scale === undefined) {
        return type === "DOUBLE" || type === "FLOAT"
          ? `A float is not exact (avg and / give one): cast its parts, or round it yourself and write \`…::${wanted}\`.`
          : castHint;
      }
      return scale <= column.type.scale
        ? undefined
        : `${scale} decimals do not fit in ${column.type.scale}: round it yourself, \`round(…, ${column.type.scale})::${wanted}\`.`;
    }
    case "timestamp":
      return type.startsWith("TIMESTAMP")
        ? "A TIMESTAMP has no zone: say which it is in, `… at time zone 'UTC'`."
        : castHint;
    case "boolean":
    case "date":
    case "json":
    case "bytes":
      return castHint;
  }
}

const narrowIntegers = new Set(["TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"]);

function isInteger(type: string): boolean {
  return (
    narrowIntegers.has(type) || type === "BIGINT" || type === "UBIGINT" || type === "HUGEINT" || type === "UHUGEINT"
  );
}

function decimalScale(type: string): number | undefined {
  const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1];
  return scale === undefined ? undefined : Number(scale);
}
