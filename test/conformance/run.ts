/** Asks every case of the vector files in a folder, and compares what differs with the list of departures. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
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
  /** Files that no topic reads, and the topics that are not built yet. */
  readonly leftOut: readonly { readonly file: string; readonly because: string }[];
}

/** @param toCome topics without a reader, and why */
export function runFolder(
  folder: string,
  topics: readonly Topic[],
  departures: readonly Departure[],
  toCome: Readonly<Record<string, string>> = {},
): Report {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .toSorted();
  const reports: TopicReport[] = [];
  const leftOut: { file: string; because: string }[] = [];
  for (const file of files) {
    const name = file.slice(0, -".json".length);
    const topic = topics.find((candidate) => candidate.name === name);
    if (!topic) {
      leftOut.push({ file, because: toCome[name] ?? "there is no such topic" });
      continue;
    }
    const cases = topic.read(readFileSync(join(folder, file), "utf8"));
    const outcomes = cases.map((each) => ({ name: each.name, outcome: outcomeOf(each, departures) }));
    reports.push({ topic: name, outcomes });
  }
  return { topics: reports, leftOut };
}

/** A case that is listed as a departure has to depart, and in the way the list says. */
export function outcomeOf(vector: Case, departures: readonly Departure[]): Outcome {
  let answer: unknown;
  try {
    answer = vector.answer();
  } catch (error) {
    return { kind: "failed", problem: `threw ${String(error)}` };
  }
  const listed = departures.find(({ topic, name }) => topic === vector.topic && name === vector.name);
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
