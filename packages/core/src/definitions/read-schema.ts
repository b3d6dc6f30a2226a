import type { z } from "zod";
import { compareDecimals, markOf, plainDecimal, type ColumnMark } from "./column-types.ts";
import { canonicalJson, shortHash } from "./hash.ts";
import { toRe2 } from "./re2.ts";
import type { Bound, Column, ColumnType, TableSchema } from "./table-schema.ts";

/** A zod feature that does not become SQL; `column` is undefined where the object itself has it. */
export interface SchemaProblem {
  readonly column: string | undefined;
  readonly message: string;
  readonly hint: string;
}

export interface ReadSchema {
  /** A column that cannot be read stands in it as text: checks on it are no second mistake. */
  readonly schema: TableSchema;
  readonly problems: readonly SchemaProblem[];
}

/**
 * A zod object as a table. The set is closed: types, `nullable`, enum, bounds, length, regex and our column types, each
 * of which becomes SQL. Anything else is a problem, by the column's name, with what to use instead.
 */
export function readSchema(object: z.ZodObject): ReadSchema {
  const { type, shape, catchall, checks } = definitionOf(object);
  if (type !== "object" || shape === undefined) {
    const refused = {
      column: undefined,
      message: `A schema is a z.object, not ${zodName(type)}.`,
      hint: "Give z.object({ column: type }).",
    };
    return { schema: tableSchema([]), problems: [refused] };
  }
  const problems: SchemaProblem[] = [];
  const refuse = (column: string | undefined, message: string, hint: string): void =>
    void problems.push({ column, message, hint });
  if (catchall !== undefined)
    refuse(
      undefined,
      "A schema takes no catchall, strict or loose.",
      "Give a plain z.object: a table has its columns and no others.",
    );
  if (checks !== undefined && checks.length > 0)
    refuse(undefined, "A schema takes no refine over several columns.", "Say it as SQL, in a check: sqlCheck.");
  const columns = Object.entries(shape).map(([name, schema]): Column => {
    const read = readColumn(name, schema);
    if (!("message" in read)) return read;
    refuse(name, `Column "${name}": ${read.message}`, read.hint);
    return { name, type: { kind: "text" }, nullable: true, sensitive: false };
  });
  if (Object.keys(shape).length === 0)
    refuse(undefined, "A schema has at least one column.", "Give z.object({ column: type }).");
  const byFolded = new Map<string, string>();
  for (const name of Object.keys(shape)) {
    const twin = byFolded.get(name.toLowerCase());
    if (twin !== undefined)
      refuse(
        name,
        `Column "${name}" differs from "${twin}" only in case.`,
        "Rename one: in SQL they are the same column.",
      );
    byFolded.set(name.toLowerCase(), name);
    if (name === "") refuse(name, "A column has no name.", "Give it one.");
  }
  return { schema: tableSchema(columns), problems };
}

/** A schema of these columns, with its hash. */
export function tableSchema(columns: readonly Column[]): TableSchema {
  const shape = columns.map(({ name, type, nullable }) => [name, storedType(type), nullable]);
  return { columns, hash: shortHash(canonicalJson(shape)) };
}

/** How rows hold a 64-bit integer makes no difference to a file. */
function storedType(type: ColumnType): ColumnType {
  return type.kind === "integer" ? { kind: "integer", bits: type.bits } : type;
}

interface Refusal {
  readonly message: string;
  readonly hint: string;
}

function readColumn(name: string, outer: z.ZodType): Column | Refusal {
  let schema = outer;
  let nullable = false;
  let description = outer.description;
  let marks: ColumnMark = markOf(outer);
  while (definitionOf(schema).type === "nullable") {
    nullable = true;
    schema = definitionOf(schema).innerType!;
    description ??= schema.description;
    marks = { ...markOf(schema), ...marks };
  }
  const read = readType(schema, marks);
  if ("message" in read) return read;
  return {
    name,
    ...read,
    nullable,
    sensitive: marks.sensitive ?? false,
    ...(description === undefined ? {} : { description }),
  };
}

type Facets = {
  -readonly [Name in "enum" | "minimum" | "maximum" | "minLength" | "maxLength" | "pattern"]?: Column[Name];
};
type TypeAndFacets = Facets & { readonly type: ColumnType };

function readType(schema: z.ZodType, marks: ColumnMark): TypeAndFacets | Refusal {
  const definition = definitionOf(schema);
  if (definition.coerce === true) return refused("z.coerce", "Convert the value in materialize, or in the SQL.");
  if (definition.type === "custom") return readOwnType(definition, marks);
  switch (definition.type) {
    case "string":
      if (definition.format !== undefined) return refusedFormat(definition.format);
      return readChecks({ type: { kind: "text" } }, definition.checks);
    case "enum": {
      const values = Object.values(definition.entries ?? {});
      if (!values.every((value) => typeof value === "string"))
        return refused("an enum of numbers", "Give texts, or an integer with bounds.");
      return { type: { kind: "text" }, enum: values };
    }
    case "boolean":
      return readChecks({ type: { kind: "boolean" } }, definition.checks);
    case "number": {
      const type = marks.type ?? numberType(definition);
      return type === undefined
        ? refusedNumber(definition.format ?? "")
        : readChecks({ type, ...safeBounds(type) }, definition.checks);
    }
    case "bigint":
      if (definition.format === "uint64") return refused("z.uint64()", "Use z.bigint().gte(0n): 64 bits, signed.");
      return readChecks({ type: { kind: "integer", bits: 64, as: "bigint" } }, definition.checks);
    default:
      return refusedType(definition.type);
  }
}

/** `decimal()`, `timestamp()` and the others; a custom schema that is none of ours has no SQL. */
function readOwnType(definition: ZodDefinition, marks: ColumnMark): TypeAndFacets | Refusal {
  const { type, minimum, maximum } = marks;
  if (type === undefined) return refused("z.custom", "Use a plain type, and sqlCheck for the rule.");
  if (type.kind === "decimal") {
    const { precision, scale } = type;
    if (
      !Number.isInteger(precision) ||
      !Number.isInteger(scale) ||
      precision < 1 ||
      precision > 38 ||
      scale < 0 ||
      scale > precision
    )
      return refused(
        `decimal(${precision}, ${scale})`,
        "Give 1 to 38 digits, of which 0 to all stand behind the point.",
      );
    const odd = [minimum, maximum].find((found) => found !== undefined && !/^-?\d+(\.\d+)?$/.test(found.value));
    if (odd !== undefined) return refused(`the bound ${odd.value}`, 'Give a number, or digits as text, like "0.01".');
  }
  return readChecks(
    { type, ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) },
    definition.checks,
  );
}

function numberType(definition: ZodDefinition): ColumnType | undefined {
  const formats = [definition.format, ...(definition.checks ?? []).map((check) => check._zod.def.format)];
  const format = formats.find((found) => found !== undefined);
  switch (format) {
    case "safeint":
      return { kind: "integer", bits: 64 };
    case "int32":
      return { kind: "integer", bits: 32 };
    case "float32":
      return { kind: "float", bits: 32 };
    case "float64":
    case undefined:
      return { kind: "float", bits: 64 };
    default:
      return undefined;
  }
}

/** A JavaScript number is exact only so far: a `z.int()` column must not hold what its rows could not. */
function safeBounds(type: ColumnType): Facets {
  if (type.kind !== "integer" || type.bits !== 64) return {};
  const safe = String(Number.MAX_SAFE_INTEGER);
  return { minimum: { value: `-${safe}`, inclusive: true }, maximum: { value: safe, inclusive: true } };
}

function readChecks(base: TypeAndFacets, checks: readonly ZodCheck[] | undefined): TypeAndFacets | Refusal {
  const facets = { ...base };
  for (const check of checks ?? []) {
    const definition = check._zod.def;
    switch (definition.check) {
      case "greater_than":
      case "less_than": {
        const { value } = definition;
        if (typeof value !== "number" && typeof value !== "bigint")
          return refused("a bound that is not a number", "Use sqlCheck.");
        const found: Bound = { value: plainDecimal(value), inclusive: definition.inclusive ?? false };
        if (definition.check === "greater_than") facets.minimum = tighter(facets.minimum, found, 1);
        else facets.maximum = tighter(facets.maximum, found, -1);
        break;
      }
      case "number_format":
        break;
      case "min_length":
        facets.minLength = Math.max(facets.minLength ?? 0, definition.minimum ?? 0);
        break;
      case "max_length":
        facets.maxLength = Math.min(facets.maxLength ?? Infinity, definition.maximum ?? Infinity);
        break;
      case "length_equals":
        facets.minLength = Math.max(facets.minLength ?? 0, definition.length ?? 0);
        facets.maxLength = Math.min(facets.maxLength ?? Infinity, definition.length ?? Infinity);
        break;
      case "string_format": {
        if (definition.format !== "regex" || definition.pattern === undefined)
          return refusedFormat(definition.format ?? "");
        if (facets.pattern !== undefined) return refused("a second regex", "Join the two into one, or use sqlCheck.");
        const re2 = toRe2(definition.pattern);
        if (!re2.ok)
          return refused(
            `${re2.because} in a regex`,
            "DuckDB matches by RE2, which has none: write it without, or use sqlCheck.",
          );
        facets.pattern = re2.pattern;
        break;
      }
      case "multiple_of":
        return refused(".multipleOf", "Use decimal(precision, scale), or sqlCheck.");
      case "overwrite":
        return refused("a change of the value (trim, toLowerCase, normalize)", "Do it in materialize, or in the SQL.");
      default:
        return refused(
          definition.check === "custom" ? ".refine" : `the check ${definition.check}`,
          "Say it as SQL, in a check: sqlCheck.",
        );
    }
  }
  return facets;
}

function tighter(known: Bound | undefined, found: Bound, sign: 1 | -1): Bound {
  if (known === undefined) return found;
  const order = compareDecimals(found.value, known.value) * sign;
  return order > 0 || (order === 0 && !found.inclusive) ? found : known;
}

function refused(feature: string, hint: string): Refusal {
  return { message: `${feature} is not something a table's column can have.`, hint };
}

function refusedFormat(format: string): Refusal {
  if (format === "datetime") return refused("z.iso.datetime()", "Use timestamp(): an instant.");
  if (format === "date") return refused("z.iso.date()", "Use date(): a calendar date.");
  return refused(`the text format "${format}"`, "Use z.string().regex(…).");
}

function refusedNumber(format: string): Refusal {
  return refused(`z.${format}()`, "Use z.int().gte(0), with an upper bound where there is one.");
}

function refusedType(type: string): Refusal {
  return refused(
    zodName(type),
    insteadOf[type] ??
      "Use one of: z.string, z.enum, z.boolean, z.int, z.bigint, z.number, decimal, timestamp, date, json.",
  );
}

const insteadOf: Readonly<Record<string, string>> = {
  optional: "Use .nullable(): a column is always there.",
  nonoptional: "Use the inner type as it is.",
  default: "Use .nullable(), and fill the value in materialize or in the SQL.",
  prefault: "Use .nullable(), and fill the value in materialize or in the SQL.",
  catch: "Decide in materialize, or in the SQL, what a bad value becomes.",
  pipe: "Transform in materialize, or in the SQL; the schema says what is stored.",
  transform: "Transform in materialize, or in the SQL; the schema says what is stored.",
  readonly: "Leave it out: rows are never changed.",
  union: "Use one type with .nullable(), or json().",
  literal: 'Use z.enum(["value"]).',
  template_literal: "Use z.string().regex(…).",
  date: "Use timestamp() for an instant, date() for a calendar date.",
  object: "Use columns of their own, or json().",
  array: "Use rows of their own, or json().",
  tuple: "Use columns of their own, or json().",
  record: "Use json().",
  map: "Use json().",
  set: "Use json().",
  lazy: "Use json().",
  any: "Use json(), or the type it has.",
  unknown: "Use json(), or the type it has.",
};

function zodName(type: string): string {
  return type === "pipe" || type === "transform"
    ? ".transform or .pipe"
    : type === "optional" || type === "default"
      ? `.${type}`
      : `z.${type}`;
}

/** The parts of zod 4's definitions that are read here; zod's own union of them is wider than what we name. */
interface ZodDefinition {
  readonly type: string;
  readonly coerce?: boolean;
  readonly format?: string;
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: unknown;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly checks?: readonly ZodCheck[];
}

interface ZodCheck {
  readonly _zod: {
    readonly def: {
      readonly check: string;
      readonly format?: string;
      readonly value?: unknown;
      readonly inclusive?: boolean;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly length?: number;
      readonly pattern?: RegExp;
    };
  };
}

function definitionOf(schema: z.ZodType): ZodDefinition {
  return schema._zod.def;
}
