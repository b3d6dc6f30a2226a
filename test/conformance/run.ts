/** Asks every case of the vector files in a folder, and compares what differs with the list of departures. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ruleFor, type Departure } from "./departures.ts";
import type { Case, Topic } from "./topic.ts";

export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "departed"; readonly because: string }
  | { readonly kind: "failed"; readonly problem: string };

export interface TopicReport {
  readonly topic: string;
  readonly outcomes: readonly { readonly name: string; readonly outcome: Outcome }[];
}

export interface Report {
  readonly topics: readonly TopicReport[];
  /** Files of topics that are not built yet. */
  readonly leftOut: readonly { readonly file: string; readonly because: string }[];
}

/** A folder or a file of vectors that cannot be read: no case of it can be asked. */
export class VectorsError extends Error {}

/**
 * Asks the cases of a folder and of the folders in it. A topic's files are `cron.json`, `cron-2.json`, `cron/whatever.json`.
 *
 * @param toCome topics without a reader, and why
 * @throws {VectorsError} where there is no case, or a file is of no topic or cannot be read
 */
export function runFolder(
  folder: string,
  topics: readonly Topic[],
  departures: readonly Departure[],
  toCome: Readonly<Record<string, string>> = {},
): Report {
  if (!existsSync(folder)) throw new VectorsError(`There is no folder ${folder}.`);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json"))
    .toSorted();
  const known = [...topics.map(({ name }) => name), ...Object.keys(toCome)];
  const outcomes = new Map<string, TopicReport["outcomes"]>();
  const leftOut: { file: string; because: string }[] = [];
  for (const file of files) {
    const name = topicOf(file, known);
    if (name === undefined)
      throw new VectorsError(`${join(folder, file)} is of no topic. The topics are ${known.join(", ")}.`);
    const topic = topics.find((candidate) => candidate.name === name);
    if (topic) {
      const cases = readCases(topic, join(folder, file));
      const found = cases.map((each) => ({ name: each.name, outcome: outcomeOf(each, departures) }));
      outcomes.set(name, [...(outcomes.get(name) ?? []), ...found]);
    } else {
      leftOut.push({ file, because: toCome[name]! });
    }
  }
  if (outcomes.size === 0 && leftOut.length === 0) throw new VectorsError(`There are no vectors in ${folder}.`);
  return { topics: Array.from(outcomes, ([topic, of]) => ({ topic, outcomes: of })), leftOut };
}

/** `cron-2.json` and `cron/2.json` are of `cron`. */
function topicOf(file: string, known: readonly string[]): string | undefined {
  const isOf = (topic: string): boolean =>
    [basename(file), basename(dirname(file))].some((name) => new RegExp(`^${topic}(?![a-z])`).test(name));
  return known.find(isOf);
}

function readCases(topic: Topic, file: string): readonly Case[] {
  try {
    return topic.read(readFileSync(file, "utf8"));
  } catch (error) {
    const what =
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    throw new VectorsError(`${file} is no list of cases { "name", "input", "expected" }: ${what}`, { cause: error });
  }
}

/** A case that is listed as a departure has to depart, and in the way the list says. */
export function outcomeOf(vector: Case, departures: readonly Departure[]): Outcome {
  let answer: unknown;
  try {
    answer = vector.answer();
  } catch (error) {
    return { kind: "failed", problem: `threw ${String(error)}` };
  }
  const listed = departures.find(
    ({ topic, name, input }) =>
      topic === vector.topic && name === vector.name && isDeepStrictEqual(input, vector.input),
  );
  if (vector.agrees(answer)) {
    return listed ? { kind: "failed", problem: "is listed as a departure, but does not differ" } : { kind: "passed" };
  }
  if (listed) {
    if (isDeepStrictEqual(plain(answer), listed.answer)) return { kind: "departed", because: listed.because };
    return { kind: "failed", problem: `departs otherwise than listed: ${JSON.stringify(answer)}` };
  }
  if (vector.note?.startsWith("bug:")) return { kind: "departed", because: vector.note };
  const rule = ruleFor(vector, answer);
  if (rule !== undefined) return { kind: "departed", because: rule };
  return {
    kind: "failed",
    problem: `expected ${JSON.stringify(vector.expected)}, got ${JSON.stringify(answer)}${vector.note === undefined ? "" : ` (${vector.note})`}`,
  };
}

/** As it reads in JSON: fields that are undefined are gone. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
