/**
 * What a selection selects. External assets are made elsewhere: `*`, `not`, attributes and what lies upstream leave them
 * out; naming one, `is:external` and what lies downstream give them.
 */
import { didYouMeanHint } from "../did-you-mean.ts";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import { reach } from "./asset-graph.ts";
import { parseSelection, type Selection } from "./selection-parser.ts";

/** All that selecting asks of a graph; an `AssetGraph` is one. */
export interface SelectionGraph {
  readonly assets: ReadonlyMap<string, Pick<SnapshotAsset, "kind" | "group" | "kinds" | "owners" | "tags">>;
  readonly upstream: ReadonlyMap<string, readonly string[]>;
  readonly downstream: ReadonlyMap<string, readonly string[]>;
}

/**
 * The keys that a selection selects, in the graph's order.
 *
 * @throws {IrokoError} SELECTION_SYNTAX; ASSET_NOT_FOUND for a key without "*" that there is none of; SELECTION_EMPTY
 * unless `allowEmpty`
 */
export function selectAssets(
  graph: SelectionGraph,
  text: string,
  { allowEmpty = false }: { readonly allowEmpty?: boolean } = {},
): readonly string[] {
  const selection = parseSelection(text);
  requireKeys(graph, selection);
  const selected = evaluateSelection(graph, selection);
  if (selected.length === 0 && !allowEmpty) {
    throw new IrokoError("SELECTION_EMPTY", `The selection "${text}" selects no asset.`, { hint: whatThereIs(graph) });
  }
  return selected;
}

/** As `selectAssets`, of a selection that is parsed and may well be empty. */
export function evaluateSelection(graph: SelectionGraph, selection: Selection): readonly string[] {
  const selected = evaluate(graph, selection);
  return [...graph.assets.keys()].filter((key) => selected.has(key));
}

function evaluate(graph: SelectionGraph, selection: Selection): ReadonlySet<string> {
  switch (selection.kind) {
    case "all":
      return made(graph, () => true);
    case "key": {
      const matches = globMatcher(selection.pattern);
      return new Set([...graph.assets.keys()].filter(matches));
    }
    case "attribute": {
      const matches = globMatcher(selection.pattern);
      return made(graph, (asset) => attributeOf(asset, selection.attribute).some(matches));
    }
    case "tag":
      return made(
        graph,
        ({ tags }) => Object.hasOwn(tags, selection.name) && globMatcher(selection.value)(tags[selection.name]!),
      );
    case "external":
      return new Set([...graph.assets].flatMap(([key, { kind }]) => (kind === "external" ? [key] : [])));
    case "not":
      return made(graph, () => true).difference(evaluate(graph, selection.of));
    case "and":
      return evaluate(graph, selection.left).intersection(evaluate(graph, selection.right));
    case "or":
      return evaluate(graph, selection.left).union(evaluate(graph, selection.right));
    case "roots":
      return withoutReached(evaluate(graph, selection.of), graph.downstream);
    case "sinks":
      return withoutReached(evaluate(graph, selection.of), graph.upstream);
    case "traversal": {
      const start = evaluate(graph, selection.of);
      const above = selection.up === 0 ? start : notExternal(graph, reach(start, graph.upstream, selection.up));
      return selection.down === 0 ? above : above.union(reach(start, graph.downstream, selection.down));
    }
  }
}

/** Assets of ours that pass. */
function made(graph: SelectionGraph, passes: (asset: SelectionAsset) => boolean): Set<string> {
  const keys = new Set<string>();
  for (const [key, asset] of graph.assets) if (asset.kind !== "external" && passes(asset)) keys.add(key);
  return keys;
}

type SelectionAsset = SelectionGraph["assets"] extends ReadonlyMap<string, infer Asset> ? Asset : never;

function attributeOf(asset: SelectionAsset, attribute: "group" | "owner" | "kind"): readonly string[] {
  switch (attribute) {
    case "group":
      return [asset.group];
    case "owner":
      return asset.owners;
    case "kind":
      return asset.kinds;
  }
}

function notExternal(graph: SelectionGraph, keys: ReadonlySet<string>): Set<string> {
  return new Set([...keys].filter((key) => graph.assets.get(key)?.kind !== "external"));
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
function requireKeys(graph: SelectionGraph, selection: Selection): void {
  switch (selection.kind) {
    case "all":
    case "attribute":
    case "tag":
    case "external":
      return;
    case "key":
      if (selection.pattern.includes("*") || graph.assets.has(selection.pattern)) return;
      throw new IrokoError("ASSET_NOT_FOUND", `There is no asset "${selection.pattern}".`, {
        hint: didYouMeanHint(selection.pattern, [...graph.assets.keys()], "assets"),
        place: { column: selection.column },
      });
    case "and":
    case "or":
      requireKeys(graph, selection.left);
      requireKeys(graph, selection.right);
      return;
    case "not":
    case "roots":
    case "sinks":
    case "traversal":
      requireKeys(graph, selection.of);
  }
}

function whatThereIs({ assets }: SelectionGraph): string {
  const keys = [...assets.keys()];
  if (keys.length === 0) return "No asset is defined.";
  return `The assets are ${keys.slice(0, 8).join(", ")}${keys.length > 8 ? " …; `iroko assets list` shows them all" : ""}.`;
}
