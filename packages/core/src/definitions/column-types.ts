/** Column types that zod cannot say. Each marks itself in the schema's metadata, where `readSchema` finds it. */
import { z } from "zod";
import type { Json } from "./metadata.ts";
import type { Bound, ColumnType } from "./table-schema.ts";

declare const decimalBrand: unique symbol;
/** An exact decimal as text, e.g. "1234.50". Made by `decimalOf`, or read from a `decimal()` column. */
export type Decimal = string & { readonly [decimalBrand]: "Decimal" };

/** What a schema's metadata says to `readSchema`; under the name "iroko". */
export interface ColumnMark {
  readonly type?: ColumnType;
  readonly minimum?: Bound;
  readonly maximum?: Bound;
  readonly sensitive?: boolean;
}

const markName = "iroko";

/** A decimal's bounds: numbers as they are written, or texts where a float would not be exact. */
export interface DecimalBounds {
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
}

/** `decimal(18, 2)` holds 18 digits, two of them behind the point; never a float on its way. */
export function decimal(precision: number, scale: number, bounds: DecimalBounds = {}): z.ZodCustom<Decimal, Decimal> {
  const fits = decimalPattern(precision, scale);
  const schema = z.custom<Decimal>((value) => typeof value === "string" && fits.test(value), {
    error: `must be a decimal text with at most ${precision} digits, ${scale} of them behind the point`,
  });
  const minimum = tightest(bound(bounds.gt, false), bound(bounds.gte, true), 1);
  const maximum = tightest(bound(bounds.lt, false), bound(bounds.lte, true), -1);
  return mark(schema, {
    type: { kind: "decimal", precision, scale },
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  });
}

/** @throws {RangeError} when the text is not a plain decimal */
export function decimalOf(value: string | bigint): Decimal {
  const text = String(value);
  if (!/^-?\d+(\.\d+)?$/.test(text))
    throw new RangeError(`not a decimal: ${JSON.stringify(text)}; give digits, like "12.50"`);
  return text as Decimal;
}

/** An instant: `Temporal.Instant` here, TIMESTAMPTZ in DuckDB, microseconds in Parquet. */
export function timestamp(): z.ZodCustom<Temporal.Instant, Temporal.Instant> {
  return temporal<Temporal.Instant>("Temporal.Instant", { kind: "timestamp" });
}

/** A calendar date: `Temporal.PlainDate` here, DATE in DuckDB. */
export function date(): z.ZodCustom<Temporal.PlainDate, Temporal.PlainDate> {
  return temporal<Temporal.PlainDate>("Temporal.PlainDate", { kind: "date" });
}

/** An integer of 8 bits. */
export function tinyint(): z.ZodInt {
  return mark(z.int().gte(-128).lte(127), { type: { kind: "integer", bits: 8 } });
}

/** An integer of 16 bits. For 32 and 64 bits there are zod's `z.int32()`, `z.int()` and `z.bigint()`. */
export function smallint(): z.ZodInt {
  return mark(z.int().gte(-32_768).lte(32_767), { type: { kind: "integer", bits: 16 } });
}

/** Any JSON value. */
export function json(): z.ZodCustom<Json, Json> {
  return mark(
    z.custom<Json>((value) => value !== undefined),
    { type: { kind: "json" } },
  );
}

/** Bytes, as they are. */
export function bytes(): z.ZodCustom<Uint8Array, Uint8Array> {
  return mark(
    z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    { type: { kind: "bytes" } },
  );
}

/** Marks a column: its values are masked in samples, logs and the page, and its retention is shorter. */
export function sensitive<S extends z.ZodType>(schema: S): S {
  return mark(schema, { sensitive: true });
}

/** What a schema says of itself, its inner schemas left aside. */
export function markOf(schema: z.ZodType): ColumnMark {
  const found: unknown = schema.meta()?.[markName];
  return typeof found === "object" && found !== null ? found : {};
}

// Metadata rather than a registry of ours: zod keeps it through clones such as `.gt()` and `.describe()`, and a schema
// made by another copy of zod brings its own.
function mark<S extends z.ZodType>(schema: S, marks: ColumnMark): S {
  return schema.meta({ ...schema.meta(), [markName]: { ...markOf(schema), ...marks } });
}

function temporal<T>(tag: string, type: ColumnType): z.ZodCustom<T, T> {
  const schema = z.custom<T>(
    // By its tag: a value may come from another copy of the polyfill.
    (value) =>
      typeof value === "object" && value !== null && Object.prototype.toString.call(value) === `[object ${tag}]`,
    { error: `must be a ${tag}` },
  );
  return mark(schema, { type });
}

function decimalPattern(precision: number, scale: number): RegExp {
  const whole = precision > scale ? `0*\\d{1,${precision - scale}}` : "0+";
  return new RegExp(`^-?${whole}${scale > 0 ? `(\\.\\d{1,${scale}})?` : ""}$`);
}

function bound(value: number | string | undefined, inclusive: boolean): Bound | undefined {
  return value === undefined ? undefined : { value: plainDecimal(value), inclusive };
}

function tightest(strict: Bound | undefined, loose: Bound | undefined, sign: 1 | -1): Bound | undefined {
  if (strict === undefined || loose === undefined) return strict ?? loose;
  return compareDecimals(strict.value, loose.value) * sign >= 0 ? strict : loose;
}

/** A number in plain digits: 1e21 and 1e-7 are spelled out. What is not a number is given back as it is. */
export function plainDecimal(value: number | bigint | string): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return point >= digits.length
    ? sign + digits.padEnd(point, "0")
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Exact, for plain decimals of any length: negative, 0 or positive. */
export function compareDecimals(a: string, b: string): number {
  const scale = Math.max(fractionOf(a).length, fractionOf(b).length);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function fractionOf(text: string): string {
  return text.split(".")[1] ?? "";
}

function scaled(text: string, scale: number): bigint {
  const [whole = "0"] = text.split(".");
  return BigInt(whole.replace("-", "") + fractionOf(text).padEnd(scale, "0")) * (text.startsWith("-") ? -1n : 1n);
}
