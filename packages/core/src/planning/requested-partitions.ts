/**
 * Which partitions of each selected asset a request is about. A text is read once, by the *anchor*: the definition of the
 * most downstream asset that it makes sense to. Assets of that definition take it as it is, each with what is
 * missing, failed or stale of itself where the text says so; the others get theirs along the graph: the day 2026-11-02 is
 * 24 partitions of an hourly asset above it.
 */
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { downstreamPartitions, joinOf, sameDefinition, upstreamPartitions } from "../graph/joins.ts";
import { dynamicKeysOf, instantOf, type Moment } from "../partitions/moment.ts";
import { existing } from "../partitions/existing.ts";
import {
  expressionText,
  isExpression,
  parseExpression,
  type PartitionExpression,
} from "../partitions/partition-expression.ts";
import { parsePartitions, partitionsByName, setWordsIn, type SetWord } from "../partitions/parse-partitions.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { quoteKey } from "../partitions/quoted-text.ts";
import { emptySetOf, intersect, union } from "../partitions/set-algebra.ts";
import { keyOfWindow, lastWindow } from "../partitions/time-windows.ts";
import { IrokoError } from "../errors.ts";
import { shellQuote } from "../shell-quote.ts";
import type { PartitionRequest } from "./plan.ts";
import type { WordSets } from "./set-words.ts";
import { unlikeSets } from "../partitions/unlike-sets.ts";

/**
 * @param keys the selected assets, in the graph's order
 * @param wordsOf what set words in a text stand for, by asset
 * @returns by key; the unpartitioned ones always with their one partition
 * @throws {IrokoError} of the text, as `parsePartitions`; PARTITION_UNSPECIFIED
 */
export function requestedPartitions(
  graph: AssetGraph,
  keys: readonly string[],
  request: PartitionRequest,
  now: Moment,
  wordsOf: WordsOf = () => ({}),
): ReadonlyMap<string, PartitionSet> {
  const everything = new Map(keys.map((key) => [key, existing(assetOf(graph, key).partitions, now)]));
  const partitioned = keys.filter((key) => assetOf(graph, key).partitions.kind !== "none");
  const text = request.kind === "text" ? request.text : "within" in request ? request.within : undefined;
  if (partitioned.length === 0 || text?.trim() === "all") return everything;
  switch (request.kind) {
    case "unspecified":
      throw unspecified(graph, partitioned, now);
    case "set":
      return alongGraph(graph, everything, anchorOfSet(graph, partitioned, request.set), now);
    default:
      if (text === undefined) return everything;
      return alongGraph(graph, everything, anchorOfText(graph, partitioned, text, now, wordsOf), now);
  }
}

/**
 * The definition that a request by set is of: that of the most downstream asset partitioned by time, else in several
 * dimensions, else by keys; undefined where nothing selected is partitioned.
 */
export function requestDefinition(graph: AssetGraph, keys: readonly string[]): PartitionsDefinition | undefined {
  return (["time", "multi", "keys"] as const).flatMap((kind) => lastOfKind(graph, keys, kind) ?? [])[0];
}

function lastOfKind(
  graph: AssetGraph,
  keys: readonly string[],
  kind: PartitionSet["kind"],
): PartitionsDefinition | undefined {
  const fits = { time: ["time"], multi: ["multi"], keys: ["fixed", "dynamic"] }[kind];
  return keys.map((key) => assetOf(graph, key).partitions).findLast((definition) => fits.includes(definition.kind));
}

/** For the order `list`: what the text names, one by one; where it names nothing, no order of its own. */
export function namedInOrder(
  graph: AssetGraph,
  keys: readonly string[],
  request: PartitionRequest,
  now: Moment,
  wordsOf: WordsOf,
): { readonly list: readonly PartitionSet[] } {
  const text = request.kind === "text" ? request.text : "within" in request ? request.within : undefined;
  const partitioned = keys.filter((key) => assetOf(graph, key).partitions.kind !== "none");
  if (text === undefined || partitioned.length === 0 || text.trim() === "all") return { list: [] };
  const { definition, key } = anchorOfText(graph, partitioned, text, now, wordsOf);
  return { list: partitionsByName(definition, text, { now, sets: wordsOf(key) }) };
}

/** `missing`, `failed` and `stale` may come as text, too, alone or of some: `stale`, `last:8 and missing`. */
export function plainRequest(partitions: PartitionRequest): PartitionRequest {
  if (partitions.kind !== "text") return partitions;
  const text = partitions.text.trim();
  if (isSetWord(text)) return { kind: text };
  const expression = expressionIfAny(text);
  if (expression?.kind !== "and") return partitions;
  const words = expression.all.flatMap((part) => (part.kind === "list" && isSetWord(part.text) ? [part.text] : []));
  const others = expression.all.filter((part) => part.kind !== "list" || !isSetWord(part.text));
  const [word, ...more] = words;
  if (word === undefined || more.length > 0) return partitions;
  return { kind: word, within: expressionText(others.length === 1 ? others[0]! : { kind: "and", all: others }) };
}

/** A text that cannot be read so may be a key that holds such words. */
function expressionIfAny(text: string): PartitionExpression | undefined {
  if (!isExpression(text)) return undefined;
  try {
    return parseExpression(text);
  } catch {
    return undefined;
  }
}

const setWords: readonly string[] = ["missing", "failed", "stale"] satisfies readonly SetWord[];

function isSetWord(text: string): text is SetWord {
  return setWords.includes(text);
}

/** Whether it takes to know what is stale of the selected assets. */
export function asksForStale(partitions: PartitionRequest): boolean {
  if (plainRequest(partitions).kind === "stale") return true;
  const text = partitions.kind === "text" ? partitions.text : "within" in partitions ? partitions.within : undefined;
  return text !== undefined && setWordsIn(text).includes("stale");
}

type WordsOf = (key: string) => WordSets;

interface Anchor {
  readonly definition: PartitionsDefinition;
  /** What assets of the definition take; undefined: what the graph leads to. */
  setOf(key: string): PartitionSet | undefined;
}

function anchorOfSet(graph: AssetGraph, keys: readonly string[], set: PartitionSet): Anchor {
  const definition = lastOfKind(graph, keys, set.kind);
  if (!definition)
    throw unlikeSets(`A set of kind "${set.kind}" was asked for, but no selected asset has such partitions`);
  return { definition, setOf: () => set };
}

/** A text in another definition's format is not a mistake until no definition can read it. */
function anchorOfText(
  graph: AssetGraph,
  keys: readonly string[],
  text: string,
  now: Moment,
  wordsOf: WordsOf,
): Anchor & { readonly key: string } {
  const tried: PartitionsDefinition[] = [];
  let refusal: unknown;
  for (const key of keys.toReversed()) {
    const definition = assetOf(graph, key).partitions;
    if (tried.some((other) => sameDefinition(other, definition))) continue;
    tried.push(definition);
    try {
      const set = parsePartitions(definition, text, { now, sets: wordsOf(key) });
      const setOf = (other: string): PartitionSet | undefined =>
        keys.includes(other) ? parsePartitions(definition, text, { now, sets: wordsOf(other) }) : undefined;
      return { definition, key, setOf: setWordsIn(text).length > 0 ? setOf : () => set };
    } catch (error) {
      if (!(error instanceof IrokoError)) throw error;
      const named = withAsset(error, key);
      if (!isForeign(error, definition)) throw named;
      refusal ??= named;
    }
  }
  throw refusal;
}

function isForeign({ code }: IrokoError, { kind }: PartitionsDefinition): boolean {
  return code === "PARTITION_FORMAT" || ((kind === "fixed" || kind === "dynamic") && code === "PARTITION_NOT_FOUND");
}

function withAsset(error: IrokoError, asset: string): IrokoError {
  return new IrokoError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    place: { ...error.place, subject: error.place?.subject ?? `asset "${asset}"` },
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: error,
  });
}

/**
 * Spreads the anchor's set over the graph, selected or not in between: up first, since what is above is what the anchor is
 * made from, then down. Weak dependencies lead the way only where no other does. What no path leads to keeps everything
 * that exists out: it has no partition that belongs to those asked for.
 */
function alongGraph(
  graph: AssetGraph,
  everything: ReadonlyMap<string, PartitionSet>,
  anchor: Anchor,
  now: Moment,
): ReadonlyMap<string, PartitionSet> {
  const order = [...graph.assets.values()].filter(({ partitions }) => partitions.kind !== "none");
  const sets = new Map<string, PartitionSet>();
  for (const { key, partitions } of order) {
    const set = sameDefinition(partitions, anchor.definition) ? anchor.setOf(key) : undefined;
    if (set) sets.set(key, set);
  }
  for (const weak of [false, true]) {
    for (const { key, partitions } of order.toReversed()) {
      if (sets.has(key)) continue;
      for (const { asset, dependency } of graph.dependants.get(key) ?? []) {
        const below = sets.get(asset);
        if (!below || dependency.weak !== weak) continue;
        const above = upstreamPartitions(joinOf(graph, assetOf(graph, asset).partitions, dependency), below, now);
        sets.set(key, union(sets.get(key) ?? emptySetOf(partitions), above));
      }
    }
    for (const { key, partitions } of order) {
      if (sets.has(key)) continue;
      for (const dependency of graph.dependencies.get(key) ?? []) {
        const above = sets.get(dependency.asset);
        if (!above || dependency.weak !== weak) continue;
        const below = downstreamPartitions(joinOf(graph, partitions, dependency), above, now);
        sets.set(key, union(sets.get(key) ?? emptySetOf(partitions), below));
      }
    }
  }
  return new Map(
    Array.from(everything, ([key, all]) => {
      const { partitions } = assetOf(graph, key);
      if (partitions.kind === "none") return [key, all];
      return [key, intersect(sets.get(key) ?? emptySetOf(partitions), all)];
    }),
  );
}

function unspecified(graph: AssetGraph, keys: readonly string[], now: Moment): IrokoError {
  const [first] = keys;
  const definition = assetOf(graph, first!).partitions;
  const example = exampleOf(definition, now);
  const others = keys.length - 1;
  const subject = `"${first}"${others > 0 ? ` and ${others} other${others > 1 ? "s" : ""}` : ""}`;
  return new IrokoError("PARTITION_UNSPECIFIED", `${subject} are made by partition, and none was asked for.`, {
    hint: `Add --partition ${shellQuote(example ?? "last:1")}, --partition all, --missing or --stale.`,
    details: { assets: keys },
  });
}

/** A choice of one partition that there is, as people write it. */
function exampleOf(definition: PartitionsDefinition, now: Moment): string | undefined {
  switch (definition.kind) {
    case "time": {
      const last = lastWindow(definition, instantOf(now));
      return last && keyOfWindow(definition, last.start);
    }
    case "fixed":
      return definition.keys[0];
    case "dynamic":
      return dynamicKeysOf(now, definition.name)[0];
    case "multi": {
      const examples = definition.dimensions.map(({ name, partitions }) => [name, exampleOf(partitions, now)] as const);
      if (examples.some(([, key]) => key === undefined)) return undefined;
      return examples.map(([name, key]) => `${name}=${quoteKey(key!)}`).join(",");
    }
    case "none":
      return undefined;
  }
}
