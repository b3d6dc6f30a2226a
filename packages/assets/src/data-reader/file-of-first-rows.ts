/**
 * A file to read an object's first rows from. A store on this machine has it. Of a large object elsewhere only the first row
 * group and the footer travel: the file has the object's length, and nothing where nobody will look.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { IrokoError } from "@iroko/core";
import type { ObjectToShow, Store } from "@iroko/core/engine";
import { readFooter, type ReadRange } from "../parquet/footer.ts";

/** So much is fetched without a look at the footer. */
const smallBytes = 2 * 2 ** 20;
/** More than this nobody waits for, or pays for, to see fifty rows. */
const mostBytes = 64 * 2 ** 20;
/** Before the first page. */
const magicBytes = 4;

/** @throws {IrokoError} OBJECT_NOT_FOUND, OBJECT_CHANGED, PREVIEW_TOO_LARGE, what the store throws */
export async function fileOfFirstRows(
  store: Store,
  { key, etag, bytes }: Pick<ObjectToShow, "key" | "etag" | "bytes">,
  folder: string,
): Promise<string> {
  const own = store.localFile(key);
  if (own !== undefined) {
    if ((await store.head(key)) === undefined) throw gone(store, key);
    return own;
  }
  const path = join(folder, "rows.parquet");
  await using file = await open(path, "wx");
  const fetch: ReadRange = async (start, end) => {
    const part = await store.readRange(key, start, end, { etag });
    await file.write(part, 0, part.length, start);
    return part;
  };
  await file.truncate(bytes);
  if (bytes <= smallBytes) {
    await fetch(0, bytes);
    return path;
  }
  const { rowGroups } = await readFooter(fetch, bytes, store.uriOf(key));
  const firstBytes = magicBytes + (rowGroups[0]?.compressedBytes ?? 0);
  if (firstBytes > mostBytes) throw tooLarge(store, key, firstBytes);
  await fetch(0, Math.min(bytes, firstBytes));
  return path;
}

function gone(store: Store, key: string): IrokoError {
  return new IrokoError("OBJECT_NOT_FOUND", `There is no object ${store.uriOf(key)}.`, {
    hint: "Make the partition again, or let `iroko doctor` compare the store with the catalogue.",
  });
}

function tooLarge(store: Store, key: string, bytes: number): IrokoError {
  return new IrokoError(
    "PREVIEW_TOO_LARGE",
    `The first rows of ${store.uriOf(key)} take ${Math.ceil(bytes / 2 ** 20)} MiB to fetch, and ${mostBytes / 2 ** 20} are the most.`,
    { hint: "Read it beside the store, with DuckDB: the page has the SQL to copy." },
  );
}
