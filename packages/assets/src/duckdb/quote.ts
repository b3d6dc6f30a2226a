/** The only place where text becomes part of a statement. Everything else is bound. */

/** `"name"`, whatever the name holds. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, for the few places that DuckDB does not let us bind: views, and options of COPY. */
export function literal(text: string): string {
  if (text.includes("\0")) throw new RangeError("A text with a NUL character cannot stand in SQL.");
  return `'${text.replaceAll("'", "''")}'`;
}

/** `read_parquet(['a', 'b'])`. The names are files, never patterns: DuckDB would expand `*`, `?` and `[`. */
export function readParquet(files: readonly string[]): string {
  return `read_parquet([${files.map((file) => literal(escapeGlob(file))).join(", ")}])`;
}

/** A file name that DuckDB's pattern matching takes for itself alone. */
export function escapeGlob(file: string): string {
  return file.replaceAll(/[*?[]/g, (letter) => `[${letter}]`);
}
