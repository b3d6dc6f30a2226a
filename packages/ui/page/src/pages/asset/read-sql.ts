/** SQL for those who read the data beside Iroko, with DuckDB. */

/** `select … from read_parquet('…')` of an object or a pattern under the store; undefined where it is not Parquet. */
export function readSql(store: string | null, path: string): string {
  const root = store === null ? "" : `${store.replace(/^file:\/\//, "").replace(/\/+$/, "")}/`;
  return `select * from read_parquet('${`${root}${path}`.replaceAll("'", "''")}')`;
}

/** Of all partitions: readers see one file of each, in folders where there are several dimensions. */
export function readAllSql(
  store: string | null,
  { path, extension }: { readonly path: string; readonly extension: string },
  kind: string,
): string {
  const place = kind === "none" ? "" : kind === "multi" ? "/**/*" : "/*";
  return readSql(store, `${path}${place}${extension}`);
}
