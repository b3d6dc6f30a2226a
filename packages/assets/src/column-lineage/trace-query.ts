/**
 * Column lineage out of a query's syntax tree, as DuckDB's `json_serialize_sql` gives it: each column of the result is
 * followed through aliases, CTEs, subqueries, joins, stars, set operations and functions to columns of assets. Pure: nothing
 * is run or bound. What the tree does not tell is said to be unknown, with the reason; never guessed.
 */
import type { ColumnOrigin, ColumnSource, QueryLineage, TracedQuery } from "@iroko/core";
import { choiceOf, likenessOf, type Choice } from "./choose-columns.ts";
import { pivotTable } from "./pivot.ts";
import {
  constantText,
  functionName,
  isA,
  isNode,
  listOf,
  namesOf,
  nodeOf,
  same,
  textOf,
  type Node,
} from "./syntax-tree.ts";
import {
  byPosition,
  columnNamed,
  distinct,
  eitherOf,
  emptyTable,
  from,
  merged,
  mix,
  nothing,
  opaque,
  ownName,
  renamed,
  unknown,
  valueNamed,
  type Column,
  type Relation,
  type Table,
  type Value,
} from "./table.ts";

/** Where names of columns are looked up. */
interface Scope extends Table {
  readonly relations: readonly Relation[];
  /** Names that the select list has given so far. */
  readonly aliases: Map<string, Value>;
  readonly env: Environment;
  /** Which of its columns `COLUMNS(…)` stands for, in an expression that is written once for each. */
  readonly spread?: Column | undefined;
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
  const table = distinct(tableOf(tree, environmentOf(query, reads)));
  const columns = query.columns.map((column): ColumnOrigin => {
    const value = valueNamed(table, column) ?? unknown("the query gives no column of that name");
    return { column, from: [...value.sources.values()], unknown: value.unknown ?? null };
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
      others: columns === undefined ? unknown(`"${asset}" has no schema`) : undefined,
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
    known = withTable(known, textOf(key), renamed(distinct(table), aliases));
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

const sizeOf = ({ columns, others, rows }: Table): number =>
  [...columns.map(({ value }) => value), ...(others === undefined ? [] : [others])].reduce(
    (sum, { sources, unknown: because }) => sum + sources.size + (because === undefined ? 0 : 1),
    rows.size,
  );

function setTable(kind: string, left: Table, right: Table): Table {
  // What these leave is of the left side; the right one only decides which rows.
  if (kind === "EXCEPT" || kind === "INTERSECT") return left;
  const rows = merged(left.rows, right.rows);
  if (kind === "UNION_BY_NAME") {
    const valueIn = (table: Table, { name }: Column): Value =>
      (name === undefined ? undefined : valueNamed(table, name)) ?? nothing;
    const more = right.columns.filter(({ name }) => columnNamed(left, name) === undefined);
    const columns = [
      ...left.columns.map((column) => ({ ...column, value: mix([column.value, valueIn(right, column)]) })),
      ...more.map((column) => ({ ...column, value: mix([column.value, left.others ?? nothing]) })),
    ];
    const others = [left.others, right.others].filter((value) => value !== undefined);
    return { columns, rows, others: others.length === 0 ? undefined : mix(others) };
  }
  const open = [left, right].find(({ others }) => others !== undefined);
  if (open !== undefined) return { columns: [], rows, others: byPosition(open) };
  const columns = left.columns.map((column, at) => ({
    ...column,
    value: mix([column.value, right.columns[at]?.value ?? nothing]),
  }));
  return { columns, rows };
}

function selectTable(node: Node, env: Environment): Table {
  const scope = scopeOf(node["from_table"], env);
  const columns: Column[] = [];
  let others: Value | undefined;
  for (const item of listOf(node["select_list"])) {
    const given = itemTable(item, scope);
    columns.push(...given.columns);
    others = eitherOf(others, given.others);
    if (isA(item, "STAR")) continue;
    for (const { name, value } of given.columns) if (name !== undefined) scope.aliases.set(name.toLowerCase(), value);
  }
  // What only decides which rows there are, or in what order, makes no value; it is read all the same.
  for (const part of ["where_clause", "group_expressions", "having", "qualify", "modifiers"])
    valueOf(node[part], scope);
  return { columns, others, rows: scope.rows };
}

function itemTable(item: Node, scope: Scope): Table {
  if (isA(item, "STAR")) return starTable(item, scope);
  const likeness = likenessOf(item);
  if (likeness !== undefined) return starTable(likeness.star, scope, likeness.isTaken);
  const spread = spreadIn(item);
  if (spread !== undefined) return spreadTable(item, spread, scope);
  const alias = textOf(item["alias"]);
  if (isA(item, "FUNCTION") && functionName(item) === "unnest") return unnestTable(item, scope, alias);
  const name = alias === "" ? ownName(item, scope) : alias;
  return { ...emptyTable, columns: [{ name, value: valueOf(item, scope) }] };
}

/** `unnest` makes a column of a list, and of a struct one of each field, whatever its alias. */
function unnestTable(call: Node, scope: Scope, alias: string): Table {
  const [given, ...options] = listOf(call["children"]);
  const { fields, isList, ...made } = valueOf(given, scope);
  // Without an option such as `recursive` it goes one level deep.
  if (fields !== undefined && (options.length > 0 || isList !== true)) return { ...emptyTable, columns: fields };
  const value = { ...made, fields };
  if (alias !== "") return { ...emptyTable, columns: [{ name: alias, value }] };
  return isList === true ? { ...emptyTable, columns: [{ name: undefined, value }] } : { ...emptyTable, others: value };
}

/** The `COLUMNS(…)` for each of whose columns an expression is written once; `*COLUMNS(…)` puts all of them into one. */
function spreadIn(part: unknown): Node | undefined {
  if (Array.isArray(part)) return part.map(spreadIn).find((found) => found !== undefined);
  if (!isNode(part) || part["type"] === "OPERATOR_UNPACK" || isA(part, "SUBQUERY")) return undefined;
  return isA(part, "STAR") && part["columns"] === true ? part : spreadIn(Object.values(part));
}

function spreadTable(item: Node, star: Node, scope: Scope): Table {
  const alias = textOf(item["alias"]);
  // The whole expression's alias is a pattern, as one of COLUMNS itself is.
  const { columns, others } = starTable({ ...star, alias }, scope);
  const each = columns.map((column) => ({
    name: column.name,
    value: valueOf(item, { ...scope, spread: column }),
  }));
  return { ...emptyTable, columns: each, others };
}

/** @param isTaken of the columns that the star itself takes */
function starTable(star: Node, scope: Scope, isTaken: (name: string) => boolean = () => true): Table {
  const of = textOf(star["relation_name"]);
  const source = of === "" ? scope : (scope.relations.find(({ alias }) => same(alias, of)) ?? structTable(of, scope));
  const choice: string | Choice = star["columns"] === true ? choiceOf(star) : (name) => ({ as: name });
  if (typeof choice === "string") return opaque(choice);
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
    const chosen = choice(name);
    if (chosen === undefined || !isTaken(name) || left.some(isIn) || leftOf.some(isIn)) return [];
    const by = replaced.find(({ key }) => isIn(key));
    if (by !== undefined) return [{ ...column, name: chosen.as, value: valueOf(by["value"], scope) }];
    const as = names.find(({ key }) => isIn(key));
    return [{ ...column, name: as === undefined ? chosen.as : textOf(as["value"]) }];
  });
  for (const { value } of columns) read(scope.env, value);
  return { ...emptyTable, columns, others: source.others };
}

/** The fields of a struct: known where the query puts it together, else made of it, whatever they are called. */
function structTable(of: string, scope: Scope): Table {
  const struct = lookUp([of], scope);
  if (struct === undefined) return opaque(`there is nothing called ${of} whose columns it could be`);
  read(scope.env, struct);
  return struct.fields === undefined || struct.isList === true
    ? { ...emptyTable, others: struct }
    : { ...emptyTable, columns: struct.fields };
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
      return one(alias, distinct(queryTable(nodeOf(nodeOf(node["subquery"])["node"]), env)));
    case "EXPRESSION_LIST":
      return one(alias, valuesTable(node, env));
    case "TABLE_FUNCTION":
      return one(alias || textOf(nodeOf(node["function"])["function_name"]), functionTable(node, env));
    case "JOIN":
      return joinScope(node, env);
    case "PIVOT": {
      const source = scopeOf(node["source"], env);
      const following = {
        valueOf: (part: unknown) => valueOf(part, source),
        columnsIn: (part: unknown) => columnsIn(part, source),
      };
      return one(alias, pivotTable(node, source, following));
    }
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

/** The columns of a relation that an expression names. */
function columnsIn(part: unknown, scope: Scope): readonly string[] {
  if (Array.isArray(part)) return part.flatMap((each) => columnsIn(each, scope));
  if (!isNode(part)) return [];
  if (isA(part, "COLUMN_REF")) return namesOf(part["column_names"]);
  if (!isA(part, "STAR")) return columnsIn(Object.values(part), scope);
  return starTable({ ...part, alias: "" }, scope).columns.flatMap(({ name }) => name ?? []);
}

/** Of those that give what they are given; any other reads something that is no asset. */
const giving: ReadonlySet<string> = new Set(["unnest", "range", "generate_series"]);
/** They give several columns, all of what they are given. */
const givingSeveral: ReadonlySet<string> = new Set(["json_each", "json_tree"]);

function functionTable(node: Node, env: Environment): Table {
  const call = nodeOf(node["function"]);
  const name = functionName(call);
  if (!giving.has(name) && !givingSeveral.has(name)) return opaque(`its rows come from ${name}(…), which is no asset`);
  const value = valueOf(call["children"], scopeOf({ type: "EMPTY" }, env));
  if (givingSeveral.has(name)) return { ...emptyTable, others: value };
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
    others: eitherOf(left.others, right.others),
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
    case "STAR": {
      if (part["columns"] === true && scope.spread !== undefined) return scope.spread.value;
      const { columns, others } = starTable(part, scope);
      return mix([...columns.map(({ value }) => value), ...(others === undefined ? [] : [others])]);
    }
    case "SUBQUERY":
      return subqueryValue(part, scope, bound);
    case "FUNCTION":
      return functionValue(part, scope, bound);
    case "WINDOW":
      return mix([countsRows(part) ? { sources: scope.rows } : nothing, partsValue(part, scope, bound)]);
    case "OPERATOR": {
      const children = listOf(part["children"]);
      const values = children.map((child) => valueOf(child, scope, bound));
      return { ...mix(values), ...composedOf(textOf(part["type"]).toLowerCase(), children, values) };
    }
    default:
      return partsValue(part, scope, bound);
  }
}

const partsValue = (part: Node, scope: Scope, bound: ReadonlySet<string>): Value =>
  mix(Object.values(part).map((each) => valueOf(each, scope, bound)));

const countsRows = (call: Node): boolean =>
  /^count(_star)?$/i.test(textOf(call["function_name"])) && listOf(call["children"]).length === 0;

function functionValue(call: Node, scope: Scope, bound: ReadonlySet<string>): Value {
  const name = functionName(call);
  const takesLambda = /^(list|array)_|^(apply|filter|reduce)$/.test(name);
  // Elsewhere `a -> b` takes something out of JSON, and is written the same.
  const children = listOf(call["children"]).map((child) => {
    if (!takesLambda || !isA(child, "LAMBDA")) return valueOf(child, scope, bound);
    return valueOf(child["expr"], scope, new Set([...bound, ...parameterNames(child["lhs"])]));
  });
  const { children: _, ...others } = call;
  const counted = countsRows(call) ? { sources: scope.rows } : nothing;
  const value = mix([counted, calledOn(call, scope, bound), ...children, partsValue(others, scope, bound)]);
  return { ...value, ...composedOf(name, listOf(call["children"]), children) };
}

/** `items.list_sort()`: what a function is called on stands where a schema would. */
function calledOn(call: Node, scope: Scope, bound: ReadonlySet<string>): Value {
  const names = [textOf(call["catalog"]), textOf(call["schema"])].filter((name) => name !== "");
  if (names.length === 0 || bound.has(names[0]!.toLowerCase())) return nothing;
  const value = lookUp(names, { ...scope, others: undefined });
  if (value === undefined) return nothing;
  read(scope.env, value);
  return value;
}

/** The fields of a struct that a call puts together, takes out, or puts into a list. */
function composedOf(name: string, nodes: readonly Node[], values: readonly Value[]): Partial<Value> {
  const [first] = values;
  switch (name) {
    case "struct_pack":
      return { fields: values.map((value, at) => ({ name: textOf(nodes[at]!["alias"]), value })) };
    case "list_value": {
      const fields = first?.fields ?? [];
      if (fields.length === 0) return { isList: true };
      const gathered = fields.map(({ name: field }) => ({
        name: field,
        value: mix(values.map((value) => fieldOf(value, field) ?? value)),
      }));
      return { isList: true, fields: gathered };
    }
    case "struct_extract":
    case "array_extract": {
      const field = first === undefined ? undefined : fieldOf(first, constantText(nodes[1]));
      return field ?? {};
    }
    default:
      return {};
  }
}

function fieldOf({ fields, isList }: Value, wanted: string | undefined): Value | undefined {
  if (wanted === undefined || isList === true) return undefined;
  return fields?.find(({ name }) => name !== undefined && same(name, wanted))?.value;
}

function parameterNames(lhs: unknown): readonly string[] {
  const node = nodeOf(lhs);
  return isA(node, "COLUMN_REF")
    ? namesOf(node["column_names"]).map((name) => name.toLowerCase())
    : listOf(node["children"]).flatMap(parameterNames);
}

function subqueryValue(part: Node, scope: Scope, bound: ReadonlySet<string>): Value {
  const inner = queryTable(nodeOf(nodeOf(part["subquery"])["node"]), { ...scope.env, outer: scope });
  if (/EXISTS/.test(textOf(part["subquery_type"]))) return { sources: inner.rows };
  const own = inner.columns[0]?.value ?? inner.others ?? nothing;
  const child = valueOf(part["child"], scope, bound);
  return isNode(part["child"]) ? mix([own, child]) : own;
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
  const [first = "", ...fields] = names;
  let open: Value | undefined;
  for (const [at, name] of names.slice(0, -1).entries()) {
    const relation = scope.relations.find(({ alias }) => same(alias, name));
    if (relation === undefined) continue;
    const column = columnNamed(relation, names[at + 1]);
    if (column !== undefined) return within(column.value, names.slice(at + 2));
    open ??= relation.others;
  }
  const own = open === undefined ? columnNamed(scope, first)?.value : undefined;
  if (own !== undefined) return within(own, fields);
  const alias = scope.aliases.get(first.toLowerCase());
  const elsewhere = open ?? scope.others;
  if (alias !== undefined) return eitherOf(within(alias, fields), elsewhere);
  if (elsewhere !== undefined) return elsewhere;
  const whole = scope.relations.find((relation) => same(relation.alias, first));
  if (whole !== undefined && fields.length === 0)
    return { ...mix(whole.columns.map(({ value }) => value)), fields: whole.columns };
  if (scope.env.outer !== undefined) return lookUp(names, scope.env.outer);
  return fields.length === 0 && constants.test(first) ? nothing : undefined;
}

/** A field of a field …, as far as the query says what they are made of. */
const within = (value: Value, fields: readonly string[]): Value =>
  fields.reduce((struct, field) => fieldOf(struct, field) ?? struct, value);

function read({ reads }: Environment, { sources }: Value): void {
  for (const [key, source] of sources) reads.set(key, source);
}
