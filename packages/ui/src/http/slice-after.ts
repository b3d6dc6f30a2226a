import { IrokoError } from "@iroko/core";

/**
 * A page of what is in memory anyway, after the item that a key names. `order` names all that there may be, in the items'
 * order: an item that is selected no more when the next page is asked for still has its place in it.
 */
export function sliceAfter<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { limit, after }: { readonly limit: number; readonly after?: string },
  order: Iterable<string> = items.map(keyOf),
): readonly Item[] {
  if (after === undefined) return items.slice(0, limit);
  const places = new Map(Array.from(order, (key, place) => [key, place]));
  const at = places.get(after);
  if (at !== undefined) return items.filter((item) => places.get(keyOf(item))! > at).slice(0, limit);
  throw new IrokoError("REQUEST_INVALID", `The list has no "${after}" any more to go on after.`, {
    hint: "Begin again with its first page, without after.",
  });
}
