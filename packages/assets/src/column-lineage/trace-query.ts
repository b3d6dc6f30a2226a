/**
 * Column lineage out of a query's syntax tree, as DuckDB's `json_serialize_sql` gives it: each column of the result is
 * followed through aliases, CTEs, subqueries, joins, stars, set operations and functions to columns of assets. Pure: nothing
 * is run or bound. What the tree does not tell is said to be unknown, with the reason; never guessed.
 */
import type { ColumnOrigin, ColumnSource, QueryLineage, TracedQuery } from "@iroko/core";

type Node = Readonly<Record<string, unknown>>;

/** Sources by their text, so that one is there once. */
type Sources = ReadonlyMap<string, ColumnSource>;

/** What the values of an expression are made of. */
interface Value {
  readonly sources: Sources;
  readonly unknown?: string | undefined;
}

interface Column {
  /** Undefined where DuckDB makes one up, such as `count_star()`. */
  readonly name: string | undefined;
  readonly value: Value;
  /** The relation it stands in, for `exclude (t.a)`. */
  readonly of?: string | undefined;
}

interface Table {
  readonly columns: readonly Column[];
  /** Why it may have other columns than those. */
  readonly open?: string | undefined;
  /** The assets of whose rows it is made. */
  readonly rows: Sources;
}

interface Relation extends Table {
  readonly alias: string;
}

/** Where names of columns are looked up. */
interface Scope extends Table {
  readonly relations: readonly Relation[];
  /** Names that the select list has given so far. */
  readonly aliases: Map<string, Value>;
  readonly env: Environment;
}

interface Environment {
  readonly tables: ReadonlyMap<string, Table>;
  /** The query around a correlated one. */
  readonly outer?: Scope | undefined;
  /** Filled with whatever any expression refers to. */
  readonly reads: Map<string, ColumnSource>;
}

/** @param tree what `json_serialize_sql` gave */
export function traceQuery(tree: unknown, query: TracedQuery): QueryLineage {
  const reads = new Map<string, ColumnSource>();
  const table = tableOf(tree, environmentOf(query, reads));
  const columns = query.columns.map((column): ColumnOrigin => {
    const found = table.columns.find(({ name }) => name !== undefined && same(name, column));
    if (found !== undefined)
      return { column, from: [...found.value.sources.values()], unknown: found.value.unknown ?? null };
    return { column, from: [], unknown: table.open ?? "the query gives no column of that name" };
  });
  return { columns, reads: [...reads.values()] };
}

function tableOf(tree: unknown, env: Environment): Table {
  const { error, error_message: message, statements } = nodeOf(tree);
  if (error === true) return opaque(`DuckDB does not tell how the query is built: ${textOf(message)}`);
  const [statement, ...others] = listOf(statements);
  if (statement === undefined || others.length > 0) return opaque("it is not one query");
  return queryTable(nodeOf(statement["node"]), env);
}

function environmentOf({ relations }: TracedQuery, reads: Map<string, ColumnSource>): Environment {
  const tables = Object.entries(relations).map(([name, { asset, columns }]): [string, Table] => [
    name.toLowerCase(),
    {
      columns: (columns ?? []).map((column) => ({ name: column, value: from({ asset, column }) })),
      open: columns === undefined ? `"${asset}" has no schema` : undefined,
      rows: from({ asset, column: null }).sources,
    },
  ]);
  return { tables: new Map(tables), reads };
}

// Queries.

function queryTable(node: Node, outside: Environment): Table {
  const env = withCtes(node, outside);
  switch (node["type"]) {
    case "SELECT_NODE":
      return selectTable(node, env);
    case "SET_OPERATION_NODE":
      return setTable(
        textOf(node["setop_type"]),
        queryTable(nodeOf(node["left"]), env),
        queryTable(nodeOf(node["right"]), env),
      );
    case "RECURSIVE_CTE_NODE":
      return recursiveTable(node, env, namesOf(node["aliases"]));
    default:
      return opaque(`it holds what has no lineage here: ${textOf(node["type"])}`);
  }
}

function withCtes(node: Node, env: Environment): Environment {
  let known = env;
  for (const { key, value } of listOf(nodeOf(node["cte_map"])["map"])) {
    const aliases = namesOf(nodeOf(value)["aliases"]);
    const inner = nodeOf(nodeOf(nodeOf(value)["query"])["node"]);
    const table =
      inner["type"] === "RECURSIVE_CTE_NODE"
        ? recursiveTable(inner, withCtes(inner, known), aliases)
        : queryTable(inner, known);
    known = withTable(known, textOf(key), renamed(table, aliases));
  }
  return known;
}

const withTable = (env: Environment, name: string, table: Table): Environment => ({
  ...env,
  tables: new Map([...env.tables, [name.toLowerCase(), table]]),
});

/** Round after round, until no column has a new source: there are only so many. */
function recursiveTable(node: Node, env: Environment, aliases: readonly string[]): Table {
  const name = textOf(node["cte_name"]);
  let known = queryTable(nodeOf(node["left"]), env);
  for (;;) {
    const again = withTable(env, name, renamed(known, aliases));
    const next = setTable("UNION", known, queryTable(nodeOf(node["right"]), again));
    if (sizeOf(next) === sizeOf(known)) return known;
    known = next;
  }
}

const sizeOf = ({ columns, open, rows }: Table): number =>
  columns.reduce((sum, { value }) => sum + value.sources.size + (value.unknown === undefined ? 0 : 1), rows.size) +
  (open === undefined ? 0 : 1);

function setTable(kind: string, left: Table, right: Table): Table {
  // What these leave is of the left side; the right one only decides which rows.
  if (kind === "EXCEPT" || kind === "INTERSECT") return left;
  const rows = merged(left.rows, right.rows);
  const open = left.open ?? right.open;
  if (kind === "UNION_BY_NAME") {
    const others = right.columns.filter(({ name }) => columnNamed(left, name) === undefined);
    const columns = left.columns.map((column) => ({
      ...column,
      value: mix([column.value, columnNamed(right, column.name)?.value ?? nothing]),
    }));
    return { columns: [...columns, ...others], open, rows };
  }
  // By position, which nobody knows where there may be others between them.
  if (open !== undefined) return { columns: [], open, rows };
  const columns = left.columns.map((column, at) => ({
    ...column,
    value: mix([column.value, right.columns[at]?.value ?? nothing]),
  }));
  return { columns, rows };
}

function selectTable(node: Node, env: Environment): Table {
  const scope = scopeOf(node["from_table"], env);
  const columns: Column[] = [];
  let open: string | undefined;
  for (const item of listOf(node["select_list"])) {
    const given = isA(item, "STAR") ? starTable(item, scope) : itemTable(item, scope);
    columns.push(...given.columns);
    open ??= given.open;
    if (isA(item, "STAR")) continue;
    for (const { name, value } of given.columns) if (name !== undefined) scope.aliases.set(name.toLowerCase(), value);
  }
  // What only decides which rows there are, or in what order, makes no value; it is read all the same.
  for (const part of ["where_clause", "group_expressions", "having", "qualify", "modifiers"])
    valueOf(node[part], scope);
  return { columns, open, rows: scope.rows };
}

function itemTable(item: Node, scope: Scope): Table {
  const rows: Sources = new Map();
  const alias = textOf(item["alias"]);
  if (holdsColumns(item)) return { columns: [], open: "COLUMNS(…) in an expression makes several of it", rows };
  const value = valueOf(item, scope);
  const isUnnest = isA(item, "FUNCTION") && same(textOf(item["function_name"]), "unnest");
  if (isUnnest && alias === "") return { columns: [], open: "unnest(…) without a name may make several columns", rows };
  const own = isA(item, "COLUMN_REF") ? namesOf(item["column_names"]).at(-1) : undefined;
  return { columns: [{ name: alias === "" ? own : alias, value }], rows };
}

const holdsColumns = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(holdsColumns)
    : isNode(value) && ((isA(value, "STAR") && value["columns"] === true) || Object.values(value).some(holdsColumns));

function starTable(star: Node, scope: Scope): Table {
  const rows: Sources = new Map();
  const of = textOf(star["relation_name"]);
  const source: Table | undefined = of === "" ? scope : scope.relations.find(({ alias }) => same(alias, of));
  if (source === undefined) return { columns: [], open: `"${of}".* spreads a struct, or what is not known`, rows };
  const pick = star["columns"] === true ? pickOf(star) : () => true;
  if (typeof pick === "string") return { columns: [], open: pick, rows };
  const left = namesOf(star["exclude_list"]);
  const leftOf = listOf(star["qualified_exclude_list"]);
  const replaced = listOf(star["replace_list"]);
  const names = listOf(star["rename_list"]);
  const columns = source.columns.flatMap((column): Column[] => {
    const { name } = column;
    if (name === undefined) return [column];
    const isIn = (key: unknown): boolean =>
      isNode(key)
        ? same(textOf(key["column"]), name) &&
          (textOf(key["table"]) === "" || same(textOf(key["table"]), column.of ?? of))
        : same(textOf(key), name);
    if (!pick(name) || left.some(isIn) || leftOf.some(isIn)) return [];
    const by = replaced.find(({ key }) => isIn(key));
    if (by !== undefined) return [{ ...column, value: valueOf(by["value"], scope) }];
    const as = names.find(({ key }) => isIn(key));
    return [as === undefined ? column : { ...column, name: textOf(as["value"]) }];
  });
  for (const { value } of columns) read(scope.env, value);
  return { columns, open: source.open, rows };
}

/** Which columns `COLUMNS(…)` takes, or why that is not known. */
function pickOf({ expr, alias }: Node): string | ((name: string) => boolean) {
  if (textOf(alias) !== "") return "COLUMNS(…) gives names by a pattern";
  if (expr === null || expr === undefined) return () => true;
  const told = nodeOf(expr);
  const constant = (node: Node): string => textOf(nodeOf(node["value"])["value"]);
  if (isA(told, "CONSTANT")) {
    try {
      const pattern = new RegExp(constant(told), "u");
      return (name) => pattern.test(name);
    } catch {
      return "COLUMNS(…) takes a pattern that only DuckDB reads";
    }
  }
  const children = listOf(told["children"]);
  if (told["function_name"] === "list_value" && children.every((child) => isA(child, "CONSTANT")))
    return (name) => children.some((child) => same(constant(child), name));
  return "COLUMNS(…) chooses by a function";
}

// What stands after FROM.

function scopeOf(source: unknown, env: Environment): Scope {
  const node = nodeOf(source);
  const alias = textOf(node["alias"]);
  const one = (name: string, table: Table): Scope => {
    const renaming = renamed(table, namesOf(node["column_name_alias"]));
    const relation = { ...renaming, alias: name };
    const columns = renaming.columns.map((column) => ({ ...column, of: name }));
    return { ...renaming, columns, relations: [relation], aliases: new Map(), env };
  };
  switch (node["type"]) {
    case "EMPTY":
      return { ...emptyTable, relations: [], aliases: new Map(), env };
    case "BASE_TABLE": {
      const name = textOf(node["table_name"]);
      return one(alias || name, env.tables.get(name.toLowerCase()) ?? opaque(`"${name}" is none of its dependencies`));
    }
    case "SUBQUERY":
      return one(alias, queryTable(nodeOf(nodeOf(node["subquery"])["node"]), env));
    case "EXPRESSION_LIST":
      return one(alias, valuesTable(node, env));
    case "TABLE_FUNCTION":
      return one(alias || textOf(nodeOf(node["function"])["function_name"]), functionTable(node, env));
    case "JOIN":
      return joinScope(node, env);
    case "PIVOT":
      return one(alias, opaque("PIVOT and UNPIVOT make columns of values"));
    default:
      return one(alias, opaque(`it reads what has no lineage here: ${textOf(node["type"])}`));
  }
}

function valuesTable(node: Node, env: Environment): Table {
  const scope = scopeOf({ type: "EMPTY" }, env);
  const rows = (Array.isArray(node["values"]) ? node["values"] : []).map(listOf);
  const names = namesOf(node["expected_names"]);
  const columns = (rows[0] ?? []).map((_, at) => ({
    name: names[at] ?? `col${at}`,
    value: mix(rows.map((row) => valueOf(row[at], scope))),
  }));
  return { ...emptyTable, columns };
}

/** Of those that give what they are given; any other reads something that is no asset. */
const giving: ReadonlySet<string> = new Set(["unnest", "range", "generate_series"]);

function functionTable(node: Node, env: Environment): Table {
  const call = nodeOf(node["function"]);
  const name = textOf(call["function_name"]).toLowerCase();
  if (!giving.has(name)) return opaque(`its rows come from ${name}(…), which is no asset`);
  const value = valueOf(call["children"], scopeOf({ type: "EMPTY" }, env));
  const ordinality = node["with_ordinality"] === "WITH_ORDINALITY" ? [{ name: "ordinality", value: nothing }] : [];
  return { ...emptyTable, columns: [{ name, value }, ...ordinality] };
}

function joinScope(node: Node, env: Environment): Scope {
  const left = scopeOf(node["left"], env);
  // A lateral one sees what stands before it.
  const right = scopeOf(node["right"], { ...env, outer: left });
  const kind = textOf(node["join_type"]);
  const shared =
    node["ref_type"] === "NATURAL"
      ? left.columns.flatMap(({ name }) => (name !== undefined && columnNamed(right, name) ? [name] : []))
      : namesOf(node["using_columns"]);
  const isShared = ({ name }: Column): boolean => name !== undefined && shared.some((other) => same(other, name));
  const both: Scope = {
    columns: [
      ...left.columns.map((column) =>
        isShared(column) ? { ...column, value: sharedValue(kind, column, columnNamed(right, column.name)) } : column,
      ),
      ...right.columns.filter((column) => !isShared(column)),
    ],
    open: left.open ?? right.open,
    rows: merged(left.rows, right.rows),
    relations: [...left.relations, ...right.relations],
    aliases: new Map(),
    env,
  };
  for (const { value } of [...left.columns, ...right.columns].filter(isShared)) read(env, value);
  valueOf(node["condition"], both);
  // These only ask whether there is such a row.
  return kind === "SEMI" || kind === "ANTI" ? left : both;
}

function sharedValue(kind: string, left: Column, right: Column | undefined): Value {
  if (right === undefined || kind === "INNER" || kind === "LEFT") return left.value;
  return kind === "RIGHT" ? right.value : mix([left.value, right.value]);
}

// Expressions.

const noNames: ReadonlySet<string> = new Set();

/** Of an expression, or of whatever holds some. */
function valueOf(part: unknown, scope: Scope, bound: ReadonlySet<string> = noNames): Value {
  if (Array.isArray(part)) return mix(part.map((each) => valueOf(each, scope, bound)));
  if (!isNode(part)) return nothing;
  switch (part["class"]) {
    case "CONSTANT":
    case "PARAMETER":
      return nothing;
    case "COLUMN_REF": {
      const names = namesOf(part["column_names"]);
      return bound.has(names[0]?.toLowerCase() ?? "") ? nothing : referred(names, scope);
    }
    case "POSITIONAL_REFERENCE":
      return scope.columns[Number(part["index"]) - 1]?.value ?? unknown("it is taken by its position");
    case "STAR":
      return mix(starTable(part, scope).columns.map(({ value }) => value));
    case "SUBQUERY":
      return subqueryValue(part, scope, bound);
    case "FUNCTION":
      return functionValue(part, scope, bound);
    case "WINDOW":
      return mix([countsRows(part) ? { sources: scope.rows } : nothing, partsValue(part, scope, bound)]);
    default:
      return partsValue(part, scope, bound);
  }
}

const partsValue = (part: Node, scope: Scope, bound: ReadonlySet<string>): Value =>
  mix(Object.values(part).map((each) => valueOf(each, scope, bound)));

const countsRows = (call: Node): boolean =>
  /^count(_star)?$/i.test(textOf(call["function_name"])) && listOf(call["children"]).length === 0;

function functionValue(call: Node, scope: Scope, bound: ReadonlySet<string>): Value {
  const takesLambda = /^(list|array)_|^(apply|filter|reduce)$/i.test(textOf(call["function_name"]));
  // Elsewhere `a -> b` takes something out of JSON, and is written the same.
  const children = listOf(call["children"]).map((child) => {
    if (!takesLambda || !isA(child, "LAMBDA")) return valueOf(child, scope, bound);
    return valueOf(child["expr"], scope, new Set([...bound, ...parameterNames(child["lhs"])]));
  });
  const { children: _, ...others } = call;
  const counted = countsRows(call) ? { sources: scope.rows } : nothing;
  return mix([counted, ...children, partsValue(others, scope, bound)]);
}

function parameterNames(lhs: unknown): readonly string[] {
  const node = nodeOf(lhs);
  return isA(node, "COLUMN_REF")
    ? namesOf(node["column_names"]).map((name) => name.toLowerCase())
    : listOf(node["children"]).flatMap(parameterNames);
}

function subqueryValue(part: Node, scope: Scope, bound: ReadonlySet<string>): Value {
  const inner = queryTable(nodeOf(nodeOf(part["subquery"])["node"]), { ...scope.env, outer: scope });
  if (part["subquery_type"] === "EXISTS") return { sources: inner.rows };
  const own = inner.columns[0]?.value ?? (inner.open === undefined ? nothing : unknown(inner.open));
  return mix([own, valueOf(part["child"], scope, bound)]);
}

/** SQL writes these without parentheses, as if they were columns. */
const constants = /^(current_(date|time|timestamp|user|role|schema|catalog)|local(time|timestamp)|user|session_user)$/i;

/** Of `column`, `relation.column`, `schema.relation.column`, each perhaps with fields of a struct after it. */
function referred(names: readonly string[], scope: Scope): Value {
  const value = lookUp(names, scope) ?? unknown(`there is no column ${names.join(".")} that it could be`);
  read(scope.env, value);
  return value;
}

function lookUp(names: readonly string[], scope: Scope): Value | undefined {
  let open: string | undefined;
  for (const [at, name] of names.slice(0, -1).entries()) {
    const relation = scope.relations.find(({ alias }) => same(alias, name));
    if (relation === undefined) continue;
    const column = columnNamed(relation, names[at + 1]);
    if (column !== undefined) return column.value;
    open ??= relation.open;
  }
  const [first = ""] = names;
  const own = open === undefined ? columnNamed(scope, first)?.value : undefined;
  if (own !== undefined) return own;
  const alias = names.length === 1 ? scope.aliases.get(first.toLowerCase()) : undefined;
  if (alias !== undefined) return alias;
  if (open !== undefined || scope.open !== undefined) return unknown((open ?? scope.open)!);
  const whole = names.length === 1 ? scope.relations.find((relation) => same(relation.alias, first)) : undefined;
  if (whole !== undefined) return mix(whole.columns.map(({ value }) => value));
  if (scope.env.outer !== undefined) return lookUp(names, scope.env.outer);
  return names.length === 1 && constants.test(first) ? nothing : undefined;
}

function read({ reads }: Environment, { sources }: Value): void {
  for (const [key, source] of sources) reads.set(key, source);
}

// Values.

const nothing: Value = { sources: new Map() };
const emptyTable: Table = { columns: [], rows: new Map() };

const opaque = (open: string): Table => ({ ...emptyTable, open });

const unknown = (because: string): Value => ({ ...nothing, unknown: because });

const from = (source: ColumnSource): Value => ({
  sources: new Map([[JSON.stringify([source.asset, source.column]), source]]),
});

const mix = (values: readonly Value[]): Value => ({
  sources: values.reduce<Sources>((all, { sources }) => merged(all, sources), nothing.sources),
  unknown: values.find((value) => value.unknown !== undefined)?.unknown,
});

const merged = (a: Sources, b: Sources): Sources => (b.size === 0 ? a : a.size === 0 ? b : new Map([...a, ...b]));

/** The first of them have other names. */
const renamed = (table: Table, names: readonly string[]): Table =>
  names.length === 0
    ? table
    : { ...table, columns: table.columns.map((column, at) => ({ ...column, name: names[at] ?? column.name })) };

const columnNamed = ({ columns }: Table, wanted: string | undefined): Column | undefined =>
  columns.find(({ name }) => name !== undefined && wanted !== undefined && same(name, wanted));

/** DuckDB's names differ by more than their case. */
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

// The tree is somebody else's JSON: what is not there reads as nothing.

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const nodeOf = (value: unknown): Node => (isNode(value) ? value : {});
const listOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
const isA = (node: Node, kind: string): boolean => node["class"] === kind;
