/** The graph as a list that reads as a tree. */
import type { Lineage } from "@iroko/core/client";

export interface Item {
  readonly at: number;
  readonly depth: number;
  /** Others that it depends on. */
  readonly also: readonly number[];
  readonly size: number;
  readonly position: number;
}

/** Depth first; an asset comes once, below the first of those it depends on. */
export function itemsOf({ keys, edges }: Pick<Lineage, "keys" | "edges">): readonly Item[] {
  const above: number[][] = keys.map(() => []);
  const below: number[][] = keys.map(() => []);
  for (let at = 0; at < edges.length; at += 2) {
    above[edges[at + 1]!]!.push(edges[at]!);
    if (above[edges[at + 1]!]!.length === 1) below[edges[at]!]!.push(edges[at + 1]!);
  }
  const roots = keys.map((_, at) => at).filter((at) => above[at]!.length === 0);
  const items: Item[] = [];
  const waiting = siblings(roots, 0);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    items.push({ ...next, also: above[next.at]!.slice(1) });
    waiting.push(...siblings(below[next.at]!, next.depth + 1));
  }
  return items;
}

/** Last first: they are taken from the end. */
function siblings(nodes: readonly number[], depth: number): Omit<Item, "also">[] {
  return nodes.map((at, index) => ({ at, depth, size: nodes.length, position: index + 1 })).toReversed();
}
