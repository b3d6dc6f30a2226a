/** The columns that PIVOT and UNPIVOT make, where the query itself tells them. */
import { listOf, namesOf, nodeOf, same, textOf, type Node } from "./syntax-tree.ts";
import { callText, eitherOf, mix, nothing, type Column, type Table, type Value } from "./table.ts";

interface Following {
  /** What an expression over the source is made of. */
  readonly valueOf: (part: unknown) => Value;
  /** The columns of the source that an expression refers to. */
  readonly columnsIn: (part: unknown) => readonly string[];
}

export function pivotTable(node: Node, source: Table, following: Following): Table {
  const isUnpivot = listOf(node["pivots"]).some((pivot) => namesOf(pivot["unpivot_names"]).length > 0);
  return isUnpivot ? unpivoted(node, source, following) : pivoted(node, source, following);
}

/** A column for each combination of the values that are named, and each aggregate. */
function pivoted(node: Node, source: Table, { valueOf, columnsIn }: Following): Table {
  const pivots = listOf(node["pivots"]);
  const aggregates = listOf(node["aggregates"]);
  const chosenBy = pivots.map((pivot) => valueOf(pivot["pivot_expressions"]));
  const made = aggregates.length === 0 ? [{ sources: source.rows }] : aggregates.map((each) => valueOf(each));
  const groups = namesOf(node["groups"]);
  const used = columnsIn([pivots.map((pivot) => pivot["pivot_expressions"]), aggregates]);
  const kept =
    groups.length > 0
      ? groups.map((name): Column => ({ name, value: valueOf({ class: "COLUMN_REF", column_names: [name] }) }))
      : source.columns.filter(({ name }) => name === undefined || !used.some((other) => same(other, name)));
  const others = groups.length > 0 ? undefined : source.others;
  const values = made.map((value) => mix([value, ...chosenBy]));
  const combinations = combined(pivots.map(entryNames));
  const suffixes = suffixesOf(aggregates);
  const table = { rows: source.rows };
  // Which values there are only the data tells.
  if (combinations === undefined || suffixes.includes(undefined))
    return { ...table, columns: kept, others: [others, ...values].reduce(eitherOf) };
  const cells = combinations.flatMap((name) =>
    values.map((value, at): Column => ({ name: `${name}${suffixes[at]!}`, value })),
  );
  return { ...table, columns: [...kept, ...cells], others };
}

/** A single aggregate is told by the values alone, unless it has an alias. */
function suffixesOf(aggregates: readonly Node[]): readonly (string | undefined)[] {
  if (aggregates.length === 0) return [""];
  return aggregates.map((each) => {
    const alias = textOf(each["alias"]);
    if (alias !== "") return `_${alias}`;
    if (aggregates.length === 1) return "";
    const text = callText(each);
    return text === undefined ? undefined : `_${text}`;
  });
}

/** What the values of one pivot are called; undefined where the data decides, or it takes DuckDB to write one. */
function entryNames(pivot: Node): readonly string[] | undefined {
  const entries = listOf(pivot["entries"]);
  const names = entries.map((entry) => {
    const alias = textOf(entry["alias"]);
    if (alias !== "") return alias;
    const texts = listOf(entry["values"]).map(valueText);
    return texts.length === 0 || texts.includes(undefined) ? undefined : texts.join("_");
  });
  const known = names.filter((name) => name !== undefined);
  return names.length === 0 || known.length < names.length ? undefined : known;
}

function valueText({ value, is_null: isNull, type }: Node): string | undefined {
  if (isNull === true) return "NULL";
  if (typeof value === "string") return value;
  return /INT/.test(textOf(nodeOf(type)["id"])) && typeof value === "number" ? String(value) : undefined;
}

function combined(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return lists.reduce<readonly string[] | undefined>(
    (all, list) => list && all?.flatMap((before) => list.map((name) => (before === "" ? name : `${before}_${name}`))),
    [""],
  );
}

/** Names of columns become values, and their values one column, or as many as are taken together. */
function unpivoted(node: Node, source: Table, { valueOf, columnsIn }: Following): Table {
  const entries = listOf(node["pivots"]).flatMap((pivot) => listOf(pivot["entries"]));
  const named = (name: string): Node => ({ class: "COLUMN_REF", column_names: [name] });
  const parts = entries.map((entry): readonly unknown[] => {
    const names = listOf(entry["values"]).map(({ value }) => named(textOf(value)));
    return names.length > 0 ? names : [entry["star_expr"]];
  });
  const used = columnsIn(parts);
  const isUsed = ({ name }: Column): boolean => name !== undefined && used.some((other) => same(other, name));
  const names = listOf(node["pivots"]).flatMap((pivot) => namesOf(pivot["unpivot_names"]));
  const isOne = parts.every((part) => part.length === 1);
  return {
    rows: source.rows,
    columns: [
      ...source.columns.filter((column) => !isUsed(column)),
      ...names.map((name): Column => ({ name, value: nothing })),
      ...namesOf(node["unpivot_names"]).map((name, at): Column => ({
        name,
        value: mix(parts.map((part) => valueOf(isOne ? part : part[at]))),
      })),
    ],
    others: source.others,
  };
}
