/** What is known of a relation while a query is followed: its columns, what each is made of, and what is not known. */
import type { ColumnSource } from "@iroko/core";
import { isA, functionName, listOf, namesOf, same, textOf, type Node } from "./syntax-tree.ts";

/** Sources by their text, so that one is there once. */
export type Sources = ReadonlyMap<string, ColumnSource>;

/** What the values of an expression are made of. */
export interface Value {
  readonly sources: Sources;
  readonly unknown?: string | undefined;
  /** Of a struct that the query itself puts together, or of a list of such, what each field is made of. */
  readonly fields?: readonly Column[] | undefined;
  readonly isList?: boolean | undefined;
}

export interface Column {
  /** Undefined where DuckDB makes one up that is not known here. */
  readonly name: string | undefined;
  readonly value: Value;
  /** The relation it stands in, for `exclude (t.a)`. */
  readonly of?: string | undefined;
}

export interface Table {
  readonly columns: readonly Column[];
  /** What any other column is made of, where there may be others: the fields of a struct, or of nobody knows what. */
  readonly others?: Value | undefined;
  /** The assets of whose rows it is made. */
  readonly rows: Sources;
}

export interface Relation extends Table {
  readonly alias: string;
}

export const nothing: Value = { sources: new Map() };
export const emptyTable: Table = { columns: [], rows: new Map() };

export const unknown = (because: string): Value => ({ ...nothing, unknown: because });

/** Of whose columns nothing is known, for that reason. */
export const opaque = (because: string): Table => ({ ...emptyTable, others: unknown(because) });

export const from = (source: ColumnSource): Value => ({
  sources: new Map([[JSON.stringify([source.asset, source.column]), source]]),
});

export const mix = (values: readonly Value[]): Value => ({
  sources: values.reduce<Sources>((all, { sources }) => merged(all, sources), nothing.sources),
  unknown: values.find((value) => value.unknown !== undefined)?.unknown,
});

export const merged = (a: Sources, b: Sources): Sources =>
  b.size === 0 ? a : a.size === 0 ? b : new Map([...a, ...b]);

/** What a column may be made of that is one or the other, and nobody knows which. */
export function eitherOf(a: Value | undefined, b: Value | undefined): Value | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const either = mix([a, b]);
  return { ...either, unknown: either.unknown ?? "it may be any of several whose names are not known" };
}

export const columnNamed = ({ columns }: Table, wanted: string | undefined): Column | undefined =>
  columns.find(({ name }) => name !== undefined && wanted !== undefined && same(name, wanted));

/** Of a name: what its column is made of, or what any is that has no name here; undefined where there can be none. */
export function valueNamed(table: Table, wanted: string): Value | undefined {
  // Where it makes a name up, DuckDB quotes in it what is a word of SQL.
  const found = columnNamed(table, wanted) ?? columnNamed(table, wanted.replaceAll('"', ""));
  if (found !== undefined) return found.value;
  const nameless = table.columns.filter(({ name }) => name === undefined).map(({ value }) => value);
  return [...nameless, table.others].reduce(eitherOf, undefined);
}

/** The first of them have other names: by position, which nobody knows where there may be others between them. */
export function renamed(table: Table, names: readonly string[]): Table {
  if (names.length === 0) return table;
  if (table.others !== undefined) return { ...table, columns: [], others: byPosition(table) };
  return { ...table, columns: table.columns.map((column, at) => ({ ...column, name: names[at] ?? column.name })) };
}

export const byPosition = ({ others }: Table): Value =>
  unknown(others?.unknown ?? "it is named by its position, and how many columns stand before it is not known");

/** As the columns of a result are told apart: a second `id` is `id_1`. */
export function distinct(table: Table): Table {
  const used = new Set<string>();
  const columns = table.columns.map((column) => {
    if (column.name === undefined) return column;
    let name = column.name;
    for (let n = 1; used.has(name.toLowerCase()); n += 1) name = `${column.name}_${n}`;
    used.add(name.toLowerCase());
    return { ...column, name };
  });
  return { ...table, columns };
}

/** What DuckDB calls an expression without an alias, where that is simple. */
export function ownName(item: Node, { columns }: Table): string | undefined {
  if (isA(item, "COLUMN_REF")) return namesOf(item["column_names"]).at(-1);
  if (isA(item, "POSITIONAL_REFERENCE")) return columns[Number(item["index"]) - 1]?.name;
  return isA(item, "FUNCTION") ? callText(item) : undefined;
}

/** `max(amount)`, of names that need no quotes. */
export function callText(call: Node): string | undefined {
  const children = listOf(call["children"]);
  const isPlain =
    call["is_operator"] !== true &&
    call["distinct"] !== true &&
    call["filter"] === null &&
    textOf(call["schema"]) === "";
  const names = children.flatMap((child) =>
    isA(child, "COLUMN_REF") ? [namesOf(child["column_names"]).join(".")] : [],
  );
  const areNames = names.length === children.length && names.every((name) => /^[a-z_][\w.]*$/.test(name));
  const isOrdered = listOf((call["order_bys"] as Node | undefined)?.["orders"]).length > 0;
  return isPlain && areNames && !isOrdered ? `${functionName(call)}(${names.join(", ")})` : undefined;
}
