import { IrokoError } from "../errors.ts";
import type { Json, Metadata, MetadataValue } from "./metadata.ts";

/** Metadata as users write it: typed values, and plain ones whose type is obvious. */
export type MetadataInput = Readonly<Record<string, MetadataValue | number | string | boolean>>;

/** Metadata values of every type. Each checks what it is given: `meta.int(3)`, `meta.decimal("1.20")`. */
export interface MetadataConstructors {
  int(value: number): MetadataValue;
  /** Exact digits as text: never through a float. */
  decimal(value: string): MetadataValue;
  float(value: number): MetadataValue;
  boolean(value: boolean): MetadataValue;
  text(value: string): MetadataValue;
  url(value: string | URL): MetadataValue;
  path(value: string): MetadataValue;
  markdown(value: string): MetadataValue;
  json(value: Json): MetadataValue;
  /** Rows as objects, or as arrays in the order of `columns`. */
  table(columns: readonly string[], rows: readonly (readonly Json[] | Readonly<Record<string, Json>>)[]): MetadataValue;
  bytes(value: number): MetadataValue;
  duration(seconds: number | Temporal.Duration): MetadataValue;
  timestamp(value: Temporal.Instant | string): MetadataValue;
  tableSchema(columns: readonly { readonly name: string; readonly type: string }[]): MetadataValue;
}

export const meta: MetadataConstructors = Object.freeze({
  int: (value) => checked({ type: "int", value }),
  decimal: (value) => checked({ type: "decimal", value }),
  float: (value) => checked({ type: "float", value }),
  boolean: (value) => checked({ type: "boolean", value }),
  text: (value) => checked({ type: "text", value }),
  url: (value) => checked({ type: "url", value: String(value) }),
  path: (value) => checked({ type: "path", value }),
  markdown: (value) => checked({ type: "markdown", value }),
  json: (value) => checked({ type: "json", value }),
  table: (columns, rows) =>
    checked({
      type: "table",
      columns,
      rows: rows.map((row) => (isRow(row) ? row : columns.map((column) => row[column] ?? null))),
    }),
  bytes: (value) => checked({ type: "bytes", value }),
  duration: (seconds) =>
    checked({ type: "duration", value: typeof seconds === "number" ? seconds : seconds.total({ unit: "seconds" }) }),
  timestamp: (value) => checked({ type: "timestamp", value: instantText(value) }),
  tableSchema: (columns) => checked({ type: "tableSchema", columns }),
} satisfies MetadataConstructors);

/**
 * Plain values become int, float, text or boolean; typed ones are checked and kept.
 *
 * @throws {IrokoError} METADATA_INVALID naming the entry
 */
export function toMetadata(values: MetadataInput): Metadata {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (typeof value === "number")
        return [name, checked({ type: Number.isSafeInteger(value) ? "int" : "float", value }, name)];
      if (typeof value === "string") return [name, checked({ type: "text", value }, name)];
      if (typeof value === "boolean") return [name, checked({ type: "boolean", value }, name)];
      return [name, checked(value, name)];
    }),
  );
}

function checked(value: MetadataValue, name?: string): MetadataValue {
  const wanted = mistakeIn(value);
  if (wanted === undefined) return value;
  const shown = display(typeof value === "object" && value !== null && "value" in value ? value.value : value);
  const of = name === undefined ? "" : ` "${name}"`;
  throw new IrokoError("METADATA_INVALID", `Metadata${of} of type ${typeOf(value)} cannot be ${shown}.`, {
    hint: wanted,
  });
}

/** What a value of its type must be, where this one is not. */
function mistakeIn(value: MetadataValue): string | undefined {
  switch (value?.type) {
    case "int":
    case "bytes":
      if (!Number.isSafeInteger(value.value)) return "Give an integer within ±9007199254740991, or meta.decimal(text).";
      return value.type === "bytes" && value.value < 0 ? "Give 0 or more." : undefined;
    case "decimal":
      return typeof value.value === "string" && /^-?\d+(\.\d+)?$/.test(value.value)
        ? undefined
        : 'Give digits as text, like "1.20".';
    case "float":
    case "duration":
      return Number.isFinite(value.value) ? undefined : "Give a finite number.";
    case "boolean":
      return typeof value.value === "boolean" ? undefined : "Give true or false.";
    case "text":
    case "path":
    case "markdown":
      return typeof value.value === "string" ? undefined : "Give a text.";
    case "url":
      return typeof value.value === "string" && URL.canParse(value.value)
        ? undefined
        : "Give an absolute URL, with its scheme.";
    case "timestamp":
      return isInstant(value.value) ? undefined : "Give a Temporal.Instant, or ISO 8601 with a zone offset or Z.";
    case "json":
      return isJson(value.value)
        ? undefined
        : "Give what JSON can hold: null, booleans, finite numbers, texts, arrays, plain objects.";
    case "table":
      if (!Array.isArray(value.columns) || !value.columns.every((column) => typeof column === "string"))
        return "Give column names.";
      return Array.isArray(value.rows) &&
        value.rows.every((row) => isRow(row) && row.length === value.columns.length && row.every(isJson))
        ? undefined
        : "Give each row one JSON value per column.";
    case "tableSchema":
      return Array.isArray(value.columns) &&
        value.columns.every((column) => typeof column.name === "string" && typeof column.type === "string")
        ? undefined
        : "Give columns as { name, type }.";
    default:
      return "Give a number, a text, a boolean, or a value made by meta, like meta.json(value).";
  }
}

function isRow(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

function isJson(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value !== "object") return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}

function isInstant(text: unknown): boolean {
  if (typeof text !== "string") return false;
  try {
    Temporal.Instant.from(text);
    return true;
  } catch {
    return false;
  }
}

/** In UTC; what cannot be read is kept, for the check to name it. */
function instantText(value: Temporal.Instant | string): string {
  return typeof value === "string" && !isInstant(value) ? value : Temporal.Instant.from(value).toString();
}

function typeOf(value: unknown): string {
  return typeof value === "object" && value !== null && "type" in value ? String(value.type) : "none";
}

function display(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "this array" : "this object";
  return String(value);
}
