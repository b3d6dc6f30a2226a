import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import type { Driver } from "./driver.ts";

/** What may be bound to a parameter. An exact decimal is a text that the SQL casts: `$limit::DECIMAL(18, 2)`. */
export type SqlValue =
  null | string | number | bigint | boolean | Temporal.Instant | Temporal.PlainDate | Uint8Array | readonly string[];

interface DriverValue {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
}

export function toDriverValue(driver: Driver, value: SqlValue): DriverValue {
  if (value === null) return { value, type: driver.SQLNULL };
  if (typeof value === "string") return { value, type: driver.VARCHAR };
  if (typeof value === "boolean") return { value, type: driver.BOOLEAN };
  if (typeof value === "bigint") return wholeNumber(driver, value);
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? wholeNumber(driver, BigInt(value)) : { value, type: driver.DOUBLE };
  }
  if (isInstant(value)) {
    return { value: new driver.DuckDBTimestampTZValue(microsOf(value)), type: driver.TIMESTAMPTZ };
  }
  if (isPlainDate(value)) {
    return { value: new driver.DuckDBDateValue(daysOf(value)), type: driver.DATE };
  }
  if (value instanceof Uint8Array) return { value: new driver.DuckDBBlobValue(value), type: driver.BLOB };
  return { value: new driver.DuckDBListValue([...value]), type: driver.LIST(driver.VARCHAR) };
}

/** By its tag: a value may come from another copy of the polyfill. */
export function isInstant(value: unknown): value is Temporal.Instant {
  return Object.prototype.toString.call(value) === "[object Temporal.Instant]";
}

export function isPlainDate(value: unknown): value is Temporal.PlainDate {
  return Object.prototype.toString.call(value) === "[object Temporal.PlainDate]";
}

/** Made on first use: where Temporal is not native, it is there only once core is loaded. */
let epoch: Temporal.PlainDate | undefined;

function firstDay(): Temporal.PlainDate {
  epoch ??= new Temporal.PlainDate(1970, 1, 1);
  return epoch;
}

/** Days since 1970-01-01. */
export function daysOf(date: Temporal.PlainDate): number {
  return firstDay().until(Temporal.PlainDate.from(date.toString()), { largestUnit: "days" }).days;
}

export function dateOf(days: number): Temporal.PlainDate {
  return firstDay().add({ days });
}

/** Microseconds since 1970, what is finer cut off towards the past. */
export function microsOf(instant: Temporal.Instant): bigint {
  const nanos = instant.epochNanoseconds;
  return nanos >= 0n ? nanos / 1000n : -((-nanos + 999n) / 1000n);
}

export function instantOf(micros: bigint): Temporal.Instant {
  return Temporal.Instant.fromEpochNanoseconds(micros * 1000n);
}

function wholeNumber(driver: Driver, value: bigint): DriverValue {
  if (BigInt.asIntN(32, value) === value) return { value: Number(value), type: driver.INTEGER };
  return { value, type: BigInt.asIntN(64, value) === value ? driver.BIGINT : driver.HUGEINT };
}
