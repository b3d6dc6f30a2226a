/** Which columns `COLUMNS(…)` and `* LIKE …` take, and what they are called then: decided by their names alone. */
import { constantText, functionName, isA, listOf, namesOf, nodeOf, same, textOf, type Node } from "./syntax-tree.ts";

/** What one is called, or undefined where it is not taken. */
export type Choice = (name: string) => { readonly as: string } | undefined;

/** @returns why it is not known, as it reads after "because" */
export function choiceOf({ expr, alias }: Node): string | Choice {
  const pattern = textOf(alias);
  if (expr === null || expr === undefined) return (name) => ({ as: nameBy(pattern, name, [name]) });
  const told = nodeOf(expr);
  const text = constantText(told);
  if (text !== undefined) {
    const regex = regexOf(text);
    if (regex === undefined) return "COLUMNS(…) takes a pattern that only DuckDB reads";
    return (name) => {
      const groups = regex.exec(name);
      return groups === null ? undefined : { as: nameBy(pattern, name, groups) };
    };
  }
  const children = listOf(told["children"]);
  const texts = children.flatMap((child) => constantText(child) ?? []);
  const named = (isTaken: (name: string) => boolean): Choice => {
    return (name) => (isTaken(name) ? { as: nameBy(pattern, name, [name]) } : undefined);
  };
  if (functionName(told) === "list_value" && texts.length === children.length)
    return named((name) => texts.some((one) => same(one, name)));
  const [, lambda] = children;
  if (functionName(told) !== "list_filter" || lambda === undefined) return "COLUMNS(…) chooses by a function";
  const [parameter = ""] = namesOf(nodeOf(lambda["lhs"])["column_names"]);
  if (truthOf(nodeOf(lambda["expr"]), parameter, "") === undefined) return "COLUMNS(…) chooses by a function";
  return named((name) => truthOf(nodeOf(lambda["expr"]), parameter, name) === true);
}

/** The star of `* LIKE '…'` and its like, and which columns that takes; undefined where an item is none of them. */
export function likenessOf(item: Node): { readonly star: Node; readonly isTaken: Likeness } | undefined {
  const isNegated = item["type"] === "OPERATOR_NOT";
  const call = isNegated ? (listOf(item["children"])[0] ?? {}) : item;
  const [star, pattern] = listOf(call["children"]);
  if (star === undefined || !isA(star, "STAR") || star["columns"] === true) return undefined;
  const name = functionName(call);
  // `* SIMILAR TO` looks for the pattern anywhere in the name; NOT SIMILAR TO compares with all of it.
  const isLike = likeness[name === "regexp_full_match" && !isNegated ? "regexp_matches" : name];
  const text = constantText(pattern);
  if (isLike === undefined || text === undefined) return undefined;
  return { star, isTaken: (column) => isLike(column, text) !== isNegated };
}

type Likeness = (name: string) => boolean;

/** `x_\1`: the groups of a match; without any the alias is the name, and without an alias the column keeps its own. */
function nameBy(pattern: string, name: string, groups: readonly (string | undefined)[]): string {
  if (pattern === "") return name;
  return pattern.replaceAll(/\\(\d)/g, (_, digit: string) => groups[Number(digit)] ?? "");
}

/** RE2's patterns are JavaScript's, but for a few: undefined. */
function regexOf(text: string, flags = "u"): RegExp | undefined {
  const inline = text.startsWith("(?i)");
  try {
    return new RegExp(inline ? text.slice(4) : text, inline ? `${flags}i` : flags);
  } catch {
    return undefined;
  }
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

const isLike = (name: string, pattern: string, flags: string): boolean =>
  new RegExp(`^${escaped(pattern).replaceAll("%", ".*").replaceAll("_", ".")}$`, `${flags}s`).test(name);

const isGlob = (name: string, pattern: string): boolean =>
  new RegExp(
    `^${escaped(pattern)
      .replaceAll(String.raw`\*`, ".*")
      .replaceAll(String.raw`\?`, ".")}$`,
    "us",
  ).test(name);

const likeness: Readonly<Record<string, (name: string, text: string) => boolean>> = {
  "~~": (name, text) => isLike(name, text, "u"),
  "!~~": (name, text) => !isLike(name, text, "u"),
  "~~*": (name, text) => isLike(name, text, "ui"),
  "!~~*": (name, text) => !isLike(name, text, "ui"),
  "~~~": isGlob,
  regexp_full_match: (name, text) => regexOf(`^(?:${text})$`)?.test(name) === true,
  regexp_matches: (name, text) => regexOf(text)?.test(name) === true,
  starts_with: (name, text) => name.startsWith(text),
  prefix: (name, text) => name.startsWith(text),
  "^@": (name, text) => name.startsWith(text),
  ends_with: (name, text) => name.endsWith(text),
  suffix: (name, text) => name.endsWith(text),
  contains: (name, text) => name.includes(text),
};

/** What a condition on a column's name says of one; undefined where only DuckDB can tell. */
function truthOf(node: Node, parameter: string, name: string): boolean | undefined {
  const children = listOf(node["children"]);
  const truths = (): readonly (boolean | undefined)[] => children.map((child) => truthOf(child, parameter, name));
  const text = (part: Node | undefined): string | undefined => textBy(part, parameter, name);
  switch (node["type"]) {
    case "CONJUNCTION_AND":
      return truths().includes(undefined) ? undefined : !truths().includes(false);
    case "CONJUNCTION_OR":
      return truths().includes(undefined) ? undefined : truths().includes(true);
    case "OPERATOR_NOT":
      return truths()[0] === undefined ? undefined : !truths()[0];
    case "COMPARE_EQUAL":
    case "COMPARE_NOTEQUAL": {
      const [left, right] = [text(nodeOf(node["left"])), text(nodeOf(node["right"]))];
      if (left === undefined || right === undefined) return undefined;
      return (left === right) === (node["type"] === "COMPARE_EQUAL");
    }
    case "COMPARE_IN":
    case "COMPARE_NOT_IN": {
      const [one, ...several] = children.map(text);
      if (one === undefined || several.includes(undefined)) return undefined;
      return several.includes(one) === (node["type"] === "COMPARE_IN");
    }
    case "FUNCTION": {
      const holds = likeness[functionName(node)];
      const [left, right] = children.map(text);
      return holds === undefined || left === undefined || right === undefined ? undefined : holds(left, right);
    }
    default:
      return undefined;
  }
}

function textBy(part: Node | undefined, parameter: string, name: string): string | undefined {
  if (part === undefined) return undefined;
  if (isA(part, "COLUMN_REF")) {
    const [only, ...more] = namesOf(part["column_names"]);
    return more.length === 0 && only !== undefined && same(only, parameter) ? name : undefined;
  }
  if (!isA(part, "FUNCTION")) return constantText(part);
  const [inner, ...others] = listOf(part["children"]);
  const text = others.length === 0 ? textBy(inner, parameter, name) : undefined;
  if (functionName(part) === "lower") return text?.toLowerCase();
  return functionName(part) === "upper" ? text?.toUpperCase() : undefined;
}
