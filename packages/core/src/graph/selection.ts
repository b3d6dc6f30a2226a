/**
 * What a selection selects. External assets are made elsewhere: `*`, `not`, attributes and what lies upstream leave them
 * out; naming one, `is:external` and what lies downstream give them.
 */
import { didYouMeanHint } from "../did-you-mean.ts";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { reach } from "./asset-graph.ts";
import type { SelectionFacts } from "./selection-facts.ts";
import { parseSelection, type Attribute, type Selection, type StatusTerm } from "./selection-parser.ts";

/** All that selecting asks of a graph; an `AssetGraph` is one. */
export interface SelectionGraph {
  readonly assets: ReadonlyMap<
    string,
    Pick<SnapshotAsset, "kind" | "group" | "kinds" | "owners" | "tags"> & {
      readonly schema?: SnapshotAsset["schema"] | undefined;
    }
  >;
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly downstream: ReadonlyMap<string, readonly string[]>;
}

export interface SelectOptions {
  /** What `status:`, `changed:` and `location:` are answered from. */
  readonly facts?: SelectionFacts | undefined;
  readonly allowEmpty?: boolean | undefined;
}

/**
 * The keys that a selection selects, in the graph's order.
 *
 * @throws {IrokoError} SELECTION_SYNTAX; ASSET_NOT_FOUND for a key without "*" that there is none of; SELECTION_STATE where
 * it asks for facts that are not given; SELECTION_EMPTY unless `allowEmpty`
 */
export function selectAssets(
  graph: SelectionGraph,
  text: string,
  { facts, allowEmpty = false }: SelectOptions = {},
): readonly string[] {
  const selection = parseSelection(text);
  requireKeys(graph, selection);
  return notEmpty(graph, text, evaluateSelection(graph, selection, facts), selection, allowEmpty);
}

/**
 * The keys that a selection may select, whatever the state of the instance: what a job is checked by when it is defined.
 *
 * @throws {IrokoError} SELECTION_SYNTAX, ASSET_NOT_FOUND; SELECTION_EMPTY where it never selects anything
 */
export function possibleAssets(graph: SelectionGraph, text: string): readonly string[] {
  const selection = parseSelection(text);
  requireKeys(graph, selection);
  const possible = inOrder(graph, evaluate({ graph, facts: {}, assume: true }, selection));
  return notEmpty(graph, text, possible, selection, false);
}

/** As `selectAssets`, of a selection that is parsed and may well be empty. */
export function evaluateSelection(
  graph: SelectionGraph,
  selection: Selection,
  facts: SelectionFacts = {},
): readonly string[] {
  return inOrder(graph, evaluate({ graph, facts }, selection));
}

function inOrder(graph: SelectionGraph, selected: ReadonlySet<string>): readonly string[] {
  return [...graph.assets.keys()].filter((key) => selected.has(key));
}

function notEmpty(
  graph: SelectionGraph,
  text: string,
  selected: readonly string[],
  selection: Selection,
  allowEmpty: boolean,
): readonly string[] {
  if (selected.length > 0 || allowEmpty) return selected;
  throw new IrokoError("SELECTION_EMPTY", `The selection "${text}" selects no asset.`, {
    hint: unmatchedHint(graph, selection) ?? whatThereIs(graph),
  });
}

interface Question {
  readonly graph: SelectionGraph;
  readonly facts: SelectionFacts;
  /** Takes what is asked of the instance for granted, so that nothing that may be selected is left out. */
  readonly assume?: boolean;
}

function evaluate(question: Question, selection: Selection): ReadonlySet<string> {
  const { graph, facts, assume } = question;
  switch (selection.kind) {
    case "all":
      return made(graph, () => true);
    case "key": {
      const matches = globMatcher(selection.pattern);
      if (!selection.pattern.includes("*"))
        return new Set(graph.assets.has(selection.pattern) ? [selection.pattern] : []);
      return new Set([...graph.assets.keys()].filter(matches));
    }
    case "attribute": {
      const { attribute, pattern, column } = selection;
      const matches = globMatcher(pattern);
      if (attribute === "column")
        return made(graph, ({ schema }) => schema?.columns.some(({ name }) => matches(name)) === true);
      if (attribute !== "location") return made(graph, (asset) => attributeOf(asset, attribute).some(matches));
      if (facts.location === undefined && assume === undefined) throw unknowable("location:", column);
      return made(graph, () => (facts.location === undefined ? assume === true : matches(facts.location)));
    }
    case "without":
      return made(graph, (asset) => attributeOf(asset, selection.attribute).length === 0);
    case "tag": {
      const { name, value } = selection;
      const matches = globMatcher(value);
      return made(graph, ({ tags }) => Object.hasOwn(tags, name) && matches(tags[name]!));
    }
    case "external":
      return new Set([...graph.assets].flatMap(([key, { kind }]) => (kind === "external" ? [key] : [])));
    case "status":
      return answered(question, facts.statuses, selection.status, "status:", selection.column);
    case "changed":
      return answered(question, facts.changes, selection.change, "changed:", selection.column);
    case "not":
      return made(graph, () => true).difference(
        evaluate(assume === undefined ? question : { ...question, assume: !assume }, selection.of),
      );
    case "and":
      return evaluate(question, selection.left).intersection(evaluate(question, selection.right));
    case "or":
      return evaluate(question, selection.left).union(evaluate(question, selection.right));
    case "roots":
    case "sinks": {
      const of = evaluate(question, selection.of);
      // Which of them are the ends is not known before the state is: any may be, and none must.
      if (assume !== undefined && factsAskedBy(selection.of).size > 0) return assume ? of : new Set();
      return withoutReached(of, selection.kind === "roots" ? graph.downstream : graph.upstream);
    }
    case "traversal": {
      const start = evaluate(question, selection.of);
      const { up, down } = selection;
      const above = up === undefined ? start : dropExternal(graph, reach(start, graph.upstream, up));
      return down === undefined ? above : above.union(reach(start, graph.downstream, down));
    }
  }
}

/** Assets of ours of which the instance says so. */
function answered<Term extends string>(
  { graph, assume }: Question,
  terms: ReadonlyMap<string, ReadonlySet<Term>> | undefined,
  term: Term,
  attribute: string,
  column: number,
): ReadonlySet<string> {
  if (assume !== undefined) return assume ? made(graph, () => true) : new Set();
  if (terms === undefined) throw unknowable(attribute, column);
  return new Set([...made(graph, () => true)].filter((key) => terms.get(key)?.has(term) === true));
}

function unknowable(attribute: string, column: number): IrokoError {
  return new IrokoError("SELECTION_STATE", `What "${attribute}" selects is known to an instance alone.`, {
    hint: "Ask the command line, the API or the page; or give selectAssets the facts.",
    place: { column },
  });
}

export type SelectionFact = "location" | "status" | "staleness" | "changed";

/** What of an instance it takes to tell what a selection selects. */
export function factsAskedBy(selection: Selection): ReadonlySet<SelectionFact> {
  return new Set(
    termsIn(selection).flatMap((term): readonly SelectionFact[] => {
      if (term.kind === "status") return asksForStaleness(term.status) ? ["status", "staleness"] : ["status"];
      if (term.kind === "changed") return ["changed"];
      return term.kind === "attribute" && term.attribute === "location" ? ["location"] : [];
    }),
  );
}

/** What else is asked of how an asset stands is told by its partitions alone. */
const asksForStaleness = (status: StatusTerm): boolean => status === "stale" || status === "fresh";

/** The selections within one that hold no other. */
function termsIn(selection: Selection): readonly Selection[] {
  switch (selection.kind) {
    case "and":
    case "or":
      return [...termsIn(selection.left), ...termsIn(selection.right)];
    case "not":
    case "roots":
    case "sinks":
    case "traversal":
      return termsIn(selection.of);
    default:
      return [selection];
  }
}

/** Assets of ours that pass. */
function made(graph: SelectionGraph, passes: (asset: SelectionAsset) => boolean): Set<string> {
  const keys = new Set<string>();
  for (const [key, asset] of graph.assets) if (asset.kind !== "external" && passes(asset)) keys.add(key);
  return keys;
}

type SelectionAsset = SelectionGraph["assets"] extends ReadonlyMap<string, infer Asset> ? Asset : never;

function attributeOf(asset: SelectionAsset, attribute: Exclude<Attribute, "location">): readonly string[] {
  switch (attribute) {
    case "group":
      return [asset.group];
    case "owner":
      return asset.owners;
    case "kind":
      return asset.kinds;
    case "column":
      return asset.schema?.columns.map(({ name }) => name) ?? [];
  }
}

/** Takes what something else makes out of a set of the caller's own. */
function dropExternal(graph: SelectionGraph, keys: Set<string>): Set<string> {
  for (const key of keys) if (graph.assets.get(key)?.kind === "external") keys.delete(key);
  return keys;
}

/** Those that none of the others leads to, however far off. */
function withoutReached(keys: ReadonlySet<string>, adjacent: ReadonlyMap<string, readonly string[]>): Set<string> {
  return keys.difference(
    reach(
      [...keys].flatMap((key) => adjacent.get(key) ?? []),
      adjacent,
    ),
  );
}

function globMatcher(pattern: string): (value: string) => boolean {
  if (!pattern.includes("*")) return (value) => value === pattern;
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  const regExp = new RegExp(`^${parts.join(".*")}$`, "s");
  return (value) => regExp.test(value);
}

/** A key written out is a claim that it exists; a glob is a question. */
function requireKeys({ assets }: SelectionGraph, selection: Selection): void {
  for (const term of termsIn(selection)) {
    if (term.kind !== "key" || term.pattern.includes("*") || assets.has(term.pattern)) continue;
    throw new IrokoError("ASSET_NOT_FOUND", `There is no asset "${term.pattern}".`, {
      hint: didYouMeanHint(term.pattern, [...assets.keys()], "assets"),
      place: { column: term.column },
    });
  }
}

/** The first group, owner, kind, column or tag that no asset has, with the one that was probably meant. */
function unmatchedHint({ assets }: SelectionGraph, selection: Selection): string | undefined {
  const all = [...assets.values()];
  for (const term of termsIn(selection)) {
    if (term.kind === "attribute" && term.attribute !== "location") {
      const { attribute, pattern } = term;
      const values = [...new Set(all.flatMap((asset) => attributeOf(asset, attribute)))];
      if (!values.some(globMatcher(pattern)))
        return `There is no ${attribute} "${pattern}". ${didYouMeanHint(pattern, values, `${attribute}s`)}`;
    }
    if (term.kind === "tag") {
      const names = [...new Set(all.flatMap(({ tags }) => Object.keys(tags)))];
      if (!names.includes(term.name))
        return `There is no tag "${term.name}". ${didYouMeanHint(term.name, names, "tags")}`;
      const values = [...new Set(all.flatMap(({ tags }) => tags[term.name] ?? []))];
      if (!values.some(globMatcher(term.value)))
        return `No tag "${term.name}" has the value "${term.value}". ${didYouMeanHint(term.value, values, "values")}`;
    }
  }
  return undefined;
}

function whatThereIs({ assets }: SelectionGraph): string {
  const keys = [...assets.keys()];
  if (keys.length === 0) return "No asset is defined.";
  return `The assets are ${keys.slice(0, 8).join(", ")}${keys.length > 8 ? " …; `iroko assets list` shows them all" : ""}.`;
}
