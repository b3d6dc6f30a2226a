import type { ListOperation, Page, PageInput } from "@iroko/core/client";
import type { Sendable } from "./answer.ts";

export interface Paging<Row, Item> {
  /** At most so many rows after the cursor. */
  readonly read: (page: { readonly limit: number; readonly after?: string }) => Promise<readonly Row[]>;
  /** Where to go on after a row. */
  readonly cursor: (row: Row) => string | number;
  readonly item: (row: Row) => Sendable<Item>;
}

/** A page of a list. One row more than it holds is read: whether there is a next page is then known. */
export async function pageOf<Input, Item, Row>(
  { page }: ListOperation<Input, Item>,
  { limit = page.normal, after }: PageInput,
  { read, cursor, item }: Paging<Row, Item>,
): Promise<Sendable<Page<Item>>> {
  const rows = await read({ limit: limit + 1, ...(after === undefined ? {} : { after }) });
  const shown = rows.slice(0, limit);
  return { items: shown.map(item), cursor: rows.length > limit ? String(cursor(shown.at(-1)!)) : null };
}
