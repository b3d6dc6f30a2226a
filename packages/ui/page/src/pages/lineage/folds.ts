/** Which groups are folded, as the address says it: `*` are all, else their names with what is unusual in them encoded. */
import { decode } from "../../decode.ts";

const all = "*";

export function foldedIn(text: string, groups: readonly string[]): ReadonlySet<string> {
  if (text === all) return new Set(groups);
  const named = new Set(text.split(",").map(decode));
  return new Set(groups.filter((group) => named.has(group)));
}

/** The address's text after one was folded or opened; null: none is folded. */
export function foldText(folded: ReadonlySet<string>, groups: readonly string[]): string | null {
  if (groups.length > 0 && groups.every((group) => folded.has(group))) return all;
  return folded.size === 0 ? null : [...folded].map(encode).join(",");
}

const encode = (name: string): string => encodeURIComponent(name).replaceAll(all, "%2A");
