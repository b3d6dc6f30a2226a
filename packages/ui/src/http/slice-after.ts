import { IrokoError } from "@iroko/core";

/** A page of what is in memory anyway, after the item that a key names. */
export function sliceAfter<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, after }: { readonly limit: number; readonly after?: string },
): readonly Item[] {
  if (after === undefined) return items.slice(0, limit);
  const at = items.findIndex((item) => keyOf(item) === after);
  if (at !== -1) return items.slice(at + 1, at + 1 + limit);
  throw new IrokoError("REQUEST_INVALID", `The list has no "${after}" any more to go on after.`, {
    hint: "Begin again with its first page, without after.",
  });
}
