import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { Column } from "@iroko/core";
import type { Driver } from "./driver.ts";
import { daysOf, isInstant, isPlainDate, microsOf } from "./sql-value.ts";

/** A JavaScript value for a column; a text says what the column wants where the value cannot be it. */
export type WriteValue = (value: unknown) => { readonly value: DuckDBValue } | { readonly wants: string };

/** How a column's values go into an appender, and the type they have there. */
export function columnWriter(
  driver: Driver,
  column: Column,
): { readonly type: DuckDBType; readonly write: WriteValue } {
  const { type, write } = writerOf(driver, column);
  return {
    type,
    write: (value) => {
      if (value !== null) return write(value);
      return column.nullable ? { value: null } : { wants: "a value: the column is not nullable" };
    },
  };
}

function writerOf(driver: Driver, column: Column): { readonly type: DuckDBType; readonly write: WriteValue } {
  const { type } = column;
  switch (type.kind) {
    case "text":
      return { type: driver.VARCHAR, write: only("a string", (value) => typeof value === "string") };
    case "boolean":
      return { type: driver.BOOLEAN, write: only("a boolean", (value) => typeof value === "boolean") };
    case "float":
      return {
        type: type.bits === 32 ? driver.FLOAT : driver.DOUBLE,
        write: only("a finite number", (value) => Number.isFinite(value)),
      };
    case "integer": {
      const { bits } = type;
      const driverType = { 8: driver.TINYINT, 16: driver.SMALLINT, 32: driver.INTEGER, 64: driver.BIGINT }[bits];
      return {
        type: driverType,
        write: (value) => {
          const whole =
            typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
          if (whole === undefined || BigInt.asIntN(bits, whole) !== whole)
            return { wants: `an integer of ${bits} bits` };
          return { value: bits === 64 ? whole : Number(whole) };
        },
      };
    }
    case "decimal": {
      const { precision, scale } = type;
      return {
        type: driver.DECIMAL(precision, scale),
        write: (value) => {
          const scaled = typeof value === "string" ? scaledDigits(value, precision, scale) : undefined;
          if (scaled === undefined)
            return { wants: `a text of digits that DECIMAL(${precision}, ${scale}) holds, like "12.50"` };
          return { value: new driver.DuckDBDecimalValue(scaled, precision, scale) };
        },
      };
    }
    case "timestamp":
      return {
        type: driver.TIMESTAMPTZ,
        write: (value) =>
          isInstant(value)
            ? { value: new driver.DuckDBTimestampTZValue(microsOf(value)) }
            : { wants: "a Temporal.Instant" },
      };
    case "date":
      return {
        type: driver.DATE,
        write: (value) =>
          isPlainDate(value) ? { value: new driver.DuckDBDateValue(daysOf(value)) } : { wants: "a Temporal.PlainDate" },
      };
    case "json":
      // As text: the table it lands in casts it to JSON.
      return {
        type: driver.VARCHAR,
        write: (value) => {
          const json = jsonText(value);
          return json === undefined ? { wants: "a JSON value" } : { value: json };
        },
      };
    case "bytes":
      return {
        type: driver.BLOB,
        write: (value) =>
          value instanceof Uint8Array ? { value: new driver.DuckDBBlobValue(value) } : { wants: "a Uint8Array" },
      };
  }
}

function only(wants: string, accepts: (value: unknown) => boolean): WriteValue {
  return (value) => (accepts(value) ? { value: value as DuckDBValue } : { wants });
}

/** The digits without their point; undefined where they do not fit, rather than rounded. */
export function scaledDigits(text: string, precision: number, scale: number): bigint | undefined {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return undefined;
  const fraction = (parts[3] ?? "").replace(/0+$/, "");
  if (fraction.length > scale) return undefined;
  const digits = BigInt(`${parts[2]}${fraction.padEnd(scale, "0")}`);
  if (digits >= 10n ** BigInt(precision)) return undefined;
  return parts[1] === "-" ? -digits : digits;
}

function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
