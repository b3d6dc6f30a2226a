import type { Json, TableSchema } from "@iroko/core";

/** What is shown in place of a value of a `sensitive()` column. */
export const mask = "•••";

export type ShownRow = Readonly<Record<string, Json>>;

/**
 * Rows as they may be shown in messages and on pages. Only columns that the schemas know as not sensitive are shown: what
 * a query of the user's made of them may hold anything.
 *
 * @param made columns that a query of ours made and that are safe to show
 */
export function maskRows(
  rows: readonly ShownRow[],
  schemas: readonly TableSchema[],
  made: readonly string[] = [],
): ShownRow[] {
  const sensitive = new Set<string>();
  const open = new Set<string>(made);
  for (const column of schemas.flatMap((schema) => schema.columns)) {
    (column.sensitive ? sensitive : open).add(column.name.toLowerCase());
  }
  const shown = (name: string) =>
    sensitive.size === 0 || (open.has(name.toLowerCase()) && !sensitive.has(name.toLowerCase()));
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null || shown(name) ? value : mask]),
    ),
  );
}
