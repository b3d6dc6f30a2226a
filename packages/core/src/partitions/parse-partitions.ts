/**
 * Partitions as people type them, in the CLI and in URLs: `KEY`, `KEY..KEY` (both included), `last:N`, `all`, `missing`,
 * `failed`, `stale`, and several of these with commas between. Where a key is written like one of the words, the key wins.
 *
 * Of several dimensions what is wanted of each: `region=LA|AB,day=last:7`, with bars between alternatives and commas between
 * what has to hold together. Either kind of list may be combined: `last:30 and missing`, `not (failed or 2026-11-05)`.
 */
import { compareInstants } from "./compare-instants.ts";
import { IrokoError } from "../errors.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { hasKeys } from "./check-flat-mapping.ts";
import { unionDimension } from "./dimension-set.ts";
import { instantOfSeconds, secondsAtOrBefore } from "./epoch-seconds.ts";
import { existing } from "./existing.ts";
import { dynamicKeysOf, instantOf, type Moment } from "./moment.ts";
import { boxSet, dimensionOf } from "./multi-partition.ts";
import { isExpression, parseExpression, type PartitionExpression } from "./partition-expression.ts";
import type { DimensionSet, PartitionSet } from "./partition-set.ts";
import type {
  DimensionPartitions,
  DynamicPartitions,
  FixedPartitions,
  MultiPartitions,
  PartitionsDefinition,
  TimePartitions,
  TimeWindow,
  Unpartitioned,
} from "./partitions-definition.ts";
import { partitionOf } from "./partitions-in.ts";
import { splitText, unquoteKey } from "./quoted-text.ts";
import { intersect, keySet, subtract, timeSet, union } from "./set-algebra.ts";
import { gridOf, keyOfLine, shiftLine } from "./time-grid.ts";
import { existingSpan, stretchesIn, windowOf } from "./time-windows.ts";
import { unlikeSets } from "./unlike-sets.ts";

/** Partitions of one dimension, or none. */
type FlatPartitions = DimensionPartitions | Unpartitioned;

/** Sets that depend on what has happened: whoever parses looks them up. */
export type SetWord = "missing" | "failed" | "stale";

const setWords: readonly SetWord[] = ["missing", "failed", "stale"];

export interface ParsePartitionsOptions {
  readonly now: Moment;
  /** What the set words stand for; `setWordsIn` says which ones are needed. */
  readonly sets?: Readonly<Partial<Record<SetWord, PartitionSet>>>;
}

/**
 * Reads a choice of existing partitions.
 *
 * @throws {IrokoError} PARTITION_FORMAT, PARTITION_NOT_FOUND, PARTITION_OPEN, PARTITION_FUTURE or PARTITION_RANGE
 */
export function parsePartitions(
  definition: PartitionsDefinition,
  text: string,
  options: ParsePartitionsOptions,
): PartitionSet {
  const asList = isListOfKeys(definition, text, options.now) || !isExpression(text);
  return evaluate(definition, asList ? { kind: "list", text } : parseExpression(text), options);
}

/** What a text names, one by one and as it names them: of several dimensions, the first one that is named changes last. */
export function partitionsByName(
  definition: PartitionsDefinition,
  text: string,
  options: ParsePartitionsOptions,
): readonly PartitionSet[] {
  const asList = isListOfKeys(definition, text, options.now) || !isExpression(text);
  const namesIn = (expression: PartitionExpression): readonly PartitionSet[] => {
    switch (expression.kind) {
      case "or":
        return expression.all.flatMap(namesIn);
      case "and": {
        const whole = evaluate(definition, expression, options);
        return namesIn(expression.all[0]!).map((part) => intersect(part, whole));
      }
      case "not":
        return [evaluate(definition, expression, options)];
      case "list":
        if (definition.kind !== "multi")
          return itemsOf(definition, expression.text, options.now).map((item) => parseItem(definition, item, options));
        return splitText(expression.text, ",")
          .map((item) => {
            const [, name, value = ""] = /^\s*(\w+\s*=)(.*)$/s.exec(item) ?? [];
            return (name === undefined ? [item] : splitText(value, "|").map((each) => name + each)).map((one) =>
              parseBoxes(definition, one, options),
            );
          })
          .reduce((all, more) => all.flatMap((set) => more.map((other) => intersect(set, other))));
    }
  };
  return namesIn(asList ? { kind: "list", text } : parseExpression(text));
}

function evaluate(
  definition: PartitionsDefinition,
  expression: PartitionExpression,
  options: ParsePartitionsOptions,
): PartitionSet {
  switch (expression.kind) {
    case "list":
      return definition.kind === "multi"
        ? parseBoxes(definition, expression.text, options)
        : parseList(definition, expression.text, options);
    case "not":
      return subtract(existing(definition, options.now), evaluate(definition, expression.of, options));
    case "and":
      return expression.all.map((part) => evaluate(definition, part, options)).reduce(intersect);
    case "or":
      return expression.all.map((part) => evaluate(definition, part, options)).reduce(union);
  }
}

/** The set words that stand in a text, so that only those need be looked up. */
export function setWordsIn(text: string): readonly SetWord[] {
  const items = new Set(text.split(/[,|()\s=]+/));
  return setWords.filter((word) => items.has(word));
}

/** `region=LA|AB,day=last:7`: what is said of each dimension, all of those of which nothing is said. */
function parseBoxes(definition: MultiPartitions, text: string, options: ParsePartitionsOptions): PartitionSet {
  return splitText(text, ",")
    .map((item): PartitionSet => {
      const word = item.trim();
      if (word === "all") return existing(definition, options.now);
      const asked = setWords.find((candidate) => candidate === word);
      if (asked) return options.sets?.[asked] ?? unknownWord(asked);
      const [, name, value = ""] = /^\s*(\w+)\s*=(.*)$/s.exec(item) ?? [];
      if (name === undefined) throw noDimension(definition, word);
      const partitions = dimensionOf(definition, name);
      const wanted = splitText(value, "|").map((each) => parseItem(partitions, each.trim(), { now: options.now }));
      return boxSet(definition, (of, dimension) =>
        dimension === name ? wanted.reduce(unionDimension) : existing(of, options.now),
      );
    })
    .reduce(intersect);
}

function parseList(definition: FlatPartitions, text: string, options: ParsePartitionsOptions): DimensionSet {
  return itemsOf(definition, text, options.now)
    .map((item) => parseItem(definition, item, options))
    .reduce(unionDimension);
}

function parseItem(definition: FlatPartitions, item: string, { now, sets }: ParsePartitionsOptions): DimensionSet {
  if (isKey(definition, item, now)) return keyedSet(definition, item, item, now);
  if (item === "all") return existing(definition, now);
  const count = /^last:(.*)$/s.exec(item)?.[1];
  if (count !== undefined) return lastPartitions(definition, count, now);
  const word = setWords.find((candidate) => candidate === item);
  if (word) return inOneDimension(sets?.[word] ?? unknownWord(word));
  const [from, to, more] = splitText(item, "..").map(unquoteKey);
  if (from !== undefined && to !== undefined && more === undefined) return keyedSet(definition, from, to, now);
  return keyedSet(definition, unquoteKey(item), unquoteKey(item), now);
}

function inOneDimension(set: PartitionSet): DimensionSet {
  if (set.kind === "multi") throw unlikeSets("A set of several dimensions does not belong to partitions of one");
  return set;
}

/** From one key to another, both included. */
function keyedSet(definition: FlatPartitions, from: string, to: string, now: Moment): DimensionSet {
  switch (definition.kind) {
    case "time":
      return windowRange(definition, from, to, instantOf(now));
    case "fixed":
      return keyRange(definition.keys, from, to);
    case "dynamic":
      return keyRange(dynamicKeysOf(now, definition.name), from, to);
    case "none":
      return keySet([partitionOf(definition, from).key, partitionOf(definition, to).key]);
  }
}

function windowRange(definition: TimePartitions, from: string, to: string, now: Temporal.Instant): DimensionSet {
  const first = windowOf(definition, from);
  const last = from === to ? first : windowOf(definition, to);
  if (compareInstants(first.start, last.start) > 0) throw reversed(from, to);
  mustExist(definition, from, first, now);
  mustExist(definition, to, last, now);
  return timeSet(stretchesIn(gridOf(definition), secondsAtOrBefore(first.start), secondsAtOrBefore(last.end)));
}

function keyRange(keys: readonly string[], from: string, to: string): DimensionSet {
  const [first, last] = [positionOf(keys, from), positionOf(keys, to)];
  if (first > last) throw reversed(from, to, " They stand in the order of the definition.");
  return keySet(keys.slice(first, last + 1));
}

function positionOf(keys: readonly string[], key: string): number {
  const position = keys.indexOf(key);
  if (position >= 0) return position;
  throw new IrokoError("PARTITION_NOT_FOUND", `There is no partition ${JSON.stringify(key)}.`, {
    hint: didYouMeanHint(key, keys, "partitions"),
    details: { key },
  });
}

function lastPartitions(definition: FlatPartitions, text: string, now: Moment): DimensionSet {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) {
    throw new IrokoError("PARTITION_FORMAT", `${JSON.stringify(`last:${text}`)} does not say how many partitions.`, {
      hint: 'Write a number of 1 or more, for example "last:7".',
    });
  }
  if (definition.kind === "none") return keySet([""]);
  if (definition.kind !== "time") return keySet(keysOf(definition, now).slice(-count));
  const span = existingSpan(definition, instantOf(now));
  if (!span) return timeSet([]);
  const grid = gridOf(definition);
  const end = secondsAtOrBefore(span.end);
  let start = end;
  for (let left = count; left > 0 && start > grid.first; left -= 1) start = shiftLine(grid, start, -1);
  return timeSet(stretchesIn(grid, start, end));
}

/** A window exists from the moment it has ended, or `endOffset` windows away from that. */
function mustExist(definition: TimePartitions, key: string, { start, end }: TimeWindow, now: Temporal.Instant): void {
  const span = existingSpan(definition, now);
  if (span && compareInstants(end, span.end) <= 0) return;
  const grid = gridOf(definition);
  const from = instantOfSeconds(shiftLine(grid, secondsAtOrBefore(end), -definition.endOffset));
  const last = span && keyOfLine(grid, shiftLine(grid, secondsAtOrBefore(span.end), -1));
  const hint =
    last === undefined ? "None of its partitions exists yet." : `The last partition that exists is "${last}".`;
  const details = { key, existsFrom: from.toString() };
  if (compareInstants(start, now) > 0) {
    throw new IrokoError(
      "PARTITION_FUTURE",
      `The partition "${key}" lies in the future: its window begins ${onTheClock(start, definition)}.`,
      { hint, details },
    );
  }
  throw new IrokoError(
    "PARTITION_OPEN",
    `The partition "${key}" is still open: it closes ${onTheClock(from, definition)}.`,
    { hint, details },
  );
}

/** `2026-11-22 00:00 (Africa/Lagos)` */
function onTheClock(instant: Temporal.Instant, { timezone }: TimePartitions): string {
  const time = instant.toZonedDateTimeISO(timezone);
  return `${time.toPlainDate().toString()} ${time.toPlainTime().toString({ smallestUnit: "minute" })} (${timezone})`;
}

function reversed(from: string, to: string, addition = ""): IrokoError {
  return new IrokoError("PARTITION_RANGE", `The range starts at "${from}", after its end "${to}".${addition}`, {
    hint: `Write "${to}..${from}".`,
    details: { from, to },
  });
}

function unknownWord(word: SetWord): never {
  throw new IrokoError("PARTITION_NOT_FOUND", `What is ${word} is not known here.`, {
    hint: `Name the partitions, or write "all".`,
  });
}

/** Between commas; but keys may hold commas themselves, so the longest stretch that is a key stays whole. */
function itemsOf(definition: FlatPartitions, text: string, now: Moment): string[] {
  const pieces = splitText(text, ",");
  const items: string[] = [];
  const mayHoldCommas = definition.kind === "fixed" || definition.kind === "dynamic";
  for (let from = 0; from < pieces.length;) {
    let until = mayHoldCommas ? pieces.length : from + 1;
    while (until > from + 1 && !isKey(definition, pieces.slice(from, until).join(",").trim(), now)) until -= 1;
    items.push(pieces.slice(from, until).join(",").trim());
    from = until;
  }
  return items;
}

function isListOfKeys(definition: PartitionsDefinition, text: string, now: Moment): boolean {
  return hasKeys(definition) && itemsOf(definition, text, now).every((item) => isKey(definition, item, now));
}

function isKey(definition: FlatPartitions, text: string, now: Moment): boolean {
  return hasKeys(definition) && keysOf(definition, now).includes(text);
}

const keysOf = (definition: FixedPartitions | DynamicPartitions, now: Moment): readonly string[] =>
  definition.kind === "fixed" ? definition.keys : dynamicKeysOf(now, definition.name);

function noDimension(definition: MultiPartitions, item: string): IrokoError {
  const names = definition.dimensions.map(({ name }) => name);
  // What is written without a dimension is mostly a day, or the last few.
  const likely = definition.dimensions.find(({ partitions }) => partitions.kind === "time")?.name ?? names[0];
  return new IrokoError("PARTITION_FORMAT", `${JSON.stringify(item)} does not say which dimension is meant.`, {
    hint: `Write ${names.map((name) => `${name}=…`).join(" or ")}, for example ${JSON.stringify(`${likely}=${item}`)}.`,
    details: { text: item },
  });
}
