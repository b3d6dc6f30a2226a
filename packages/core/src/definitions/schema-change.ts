/**
 * Whether what was written under one schema can be read under another. A column that is new and may be null reads as NULL,
 * and the order is no matter; with any other change what reads the old partitions fails with SCHEMA_OLD until they are made
 * again. `@iroko/assets` applies the same rule to the files themselves.
 */
import { canonicalJson } from "./hash.ts";
import type { Column, ColumnType, TableSchema } from "./table-schema.ts";

/** What of a schema a file keeps. */
export interface WrittenSchema {
  readonly columns: readonly Pick<Column, "name" | "type" | "nullable">[];
}

/** The first thing that breaks, in words; undefined where nothing does. */
export function breakingChange(was: WrittenSchema, is: TableSchema): string | undefined {
  const columns = new Map(is.columns.map((column) => [column.name, column]));
  for (const old of was.columns) {
    const column = columns.get(old.name);
    if (column === undefined) return `column "${old.name}" is gone`;
    if (canonicalJson(stored(old.type)) !== canonicalJson(stored(column.type)))
      return `column "${old.name}" has another type`;
    if (old.nullable && !column.nullable) return `column "${old.name}" can no longer be null`;
  }
  const held = new Set(was.columns.map(({ name }) => name));
  const added = is.columns.find(({ name, nullable }) => !held.has(name) && !nullable);
  return added === undefined ? undefined : `column "${added.name}" is new and not nullable`;
}

/** What of a type a file has: how rows hold an integer in JavaScript it does not. */
function stored(type: ColumnType): unknown {
  return type.kind === "integer" ? { kind: type.kind, bits: type.bits } : { ...type };
}
