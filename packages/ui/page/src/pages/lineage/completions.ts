/** How a selection could go on while it is typed. */
import { selectionOf } from "../../parts/selection.ts";

/** What may follow an attribute, where the grammar says it. */
const terms: Readonly<Record<string, readonly string[]>> = {
  status: ["failed", "missing", "stale", "running", "materialized", "fresh"],
  changed: ["any", "new", "code", "schema", "deps", "partitions"],
  is: ["external", "materializable"],
};
const attributes = ["key", "group", "tag", "owner", "kind", "location", "column", ...Object.keys(terms)];
const words = [...attributes.map((name) => `${name}:`), "sinks(", "roots(", "and ", "or ", "not "];
const mostOffered = 12;

/** What the text could go on as, given the word that is being typed: those that begin so before those that hold it. */
export function completions(text: string, names: readonly string[], groups: readonly string[]): readonly string[] {
  const [, before = "", word = ""] = /^(.*?(?:^|[\s()+]))([^\s()+]*)$/s.exec(text) ?? [];
  if (word === "") return [];
  const lower = word.toLowerCase();
  const attribute = /^(\w+):/.exec(lower)?.[1];
  const all =
    attribute === "group"
      ? groups.map((name) => `group:${selectionOf(name)}`)
      : attribute === "key"
        ? names.map((name) => `key:${selectionOf(name)}`)
        : attribute === undefined
          ? [...names.map(selectionOf), ...words]
          : (terms[attribute] ?? []).map((term) => `${attribute}:${term}`);
  const [wanted, prefix] = attribute === undefined ? [lower, ""] : [lower.slice(attribute.length + 1), `${attribute}:`];
  const starting: string[] = [];
  const holding: string[] = [];
  for (const each of all) {
    const at = each.slice(prefix.length).toLowerCase().indexOf(wanted);
    if (each === word || at < 0) continue;
    (at === 0 ? starting : holding).push(before + each);
    if (starting.length === mostOffered) break;
  }
  return [...starting, ...holding].slice(0, mostOffered);
}
