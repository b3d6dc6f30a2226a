/** How a selection could go on while it is typed. */
const words = [
  "group:",
  "tag:",
  "owner:",
  "kind:",
  "location:",
  "status:failed",
  "status:missing",
  "status:stale",
  "column:",
  "changed:",
  "sinks(",
  "roots(",
  "and ",
  "or ",
  "not ",
];
const mostOffered = 20;

/** What the text could go on as, given the word that is being typed. */
export function completions(text: string, names: readonly string[], groups: readonly string[]): readonly string[] {
  const [, before = "", word = ""] = /^(.*?)([^\s()+]*)$/s.exec(text) ?? [];
  if (word === "") return [];
  const all = word.startsWith("group:") ? groups.map((name) => `group:${name}`) : [...words, ...names];
  const lower = word.toLowerCase();
  return all
    .filter((name) => name !== word && name.toLowerCase().includes(lower))
    .toSorted((a, b) => Number(b.toLowerCase().startsWith(lower)) - Number(a.toLowerCase().startsWith(lower)))
    .slice(0, mostOffered)
    .map((name) => before + name);
}
