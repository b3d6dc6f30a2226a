import {
  asset,
  define,
  dep,
  downstreamOf,
  errorCatalogue,
  existing,
  inferMapping,
  IrokoError,
  partitionOf,
  partitionsIn,
  projection,
  setOfPartitions,
  subtract,
  upstreamOf,
  type ErrorCode,
  type Moment,
  type PartitionMapping,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import { z } from "zod";
import { partitionMappingOf, vectorMapping } from "../support/mapping-vectors.ts";
import { partitionsOf, vectorDefinition } from "../support/partition-vectors.ts";
import { topic, type Topic } from "./topic.ts";

const key = z.union([z.string(), z.record(z.string(), z.string())]);

const question = z.strictObject({
  upstream: vectorDefinition.any,
  downstream: vectorDefinition.any.nullable(),
  mapping: vectorMapping.nullable(),
  now: z.string(),
  direction: z.enum(["upstream_of", "downstream_of"]),
  keys: z.array(key),
  dynamic_partitions: z.record(z.string(), z.array(z.string())).optional(),
});

export const partitionMappings: Topic = topic({
  name: "partition_mappings",
  input: question,
  expected: z.strictObject({ keys: z.array(key), required_but_nonexistent: z.array(key).optional() }),
  answer: checked,
});

/** A mapping is used where `define()` lets its assets pass. */
function checked(input: z.infer<typeof question>): unknown {
  const materialize = (): undefined => undefined;
  const up = asset({ key: "up", partitions: partitionsOf(input.upstream), materialize });
  const map = input.mapping && partitionMappingOf(input.mapping);
  const deps = { up: map ? dep(up, { map: map as never }) : up };
  const down = asset({ key: "down", partitions: partitionsOf(input.downstream), deps, materialize });
  try {
    define({ assets: [up, down] });
  } catch (error) {
    throw error instanceof IrokoError ? onlyProblem(error) : error;
  }
  return answer(input);
}

/** The mistake that the definitions hold. */
function onlyProblem(error: IrokoError): IrokoError {
  const [problem, more] = z.object({ problems: z.array(problemOf) }).parse(error.details).problems;
  return problem && !more ? new IrokoError(problem.code, problem.message, { hint: problem.hint }) : error;
}

const problemOf = z.object({
  code: z.enum(Object.keys(errorCatalogue) as ErrorCode[]),
  message: z.string(),
  hint: z.string(),
});

function answer(input: z.infer<typeof question>): unknown {
  const upstream = partitionsOf(input.upstream);
  const downstream = partitionsOf(input.downstream);
  const now = {
    now: Temporal.Instant.from(input.now),
    dynamicKeys: new Map(Object.entries(input.dynamic_partitions ?? {})),
  };
  const sides = { upstream, downstream, now };
  if (input.direction === "downstream_of") {
    const found = downstreamOf(mappingOf(input), { ...sides, set: setOfKeys(upstream, input.keys) });
    return { keys: keysOf(downstream, found) };
  }
  const { set, nonexistent } = upstreamOf(mappingOf(input), { ...sides, set: setOfKeys(downstream, input.keys) });
  const missing = missingKeys(upstream, nonexistent, now);
  return { keys: keysOf(upstream, set), ...(missing.length === 0 ? {} : { required_but_nonexistent: missing }) };
}

/** What does not exist has keys too; of several dimensions the keys of those that lack them. */
function missingKeys(definition: PartitionsDefinition, nonexistent: PartitionSet, now: Moment): readonly unknown[] {
  if (definition.kind !== "multi") return keysOf(withoutBounds(definition), nonexistent);
  if (nonexistent.kind !== "multi") throw new TypeError("The set has no dimensions.");
  return definition.dimensions.flatMap(({ name, partitions }) => {
    const inDimension = projection(nonexistent, name);
    return inDimension ? keysOf(withoutBounds(partitions), subtract(inDimension, existing(partitions, now))) : [];
  });
}

function mappingOf({ mapping, upstream, downstream }: z.infer<typeof question>): PartitionMapping {
  if (mapping) return partitionMappingOf(mapping);
  return inferMapping(partitionsOf(upstream), partitionsOf(downstream))!;
}

function setOfKeys(definition: PartitionsDefinition, keys: readonly z.infer<typeof key>[]): PartitionSet {
  const names = definition.kind === "none" ? [""] : keys;
  return setOfPartitions(
    definition,
    names.map((name) => partitionOf(definition, name)),
  );
}

/** In the order in which Dagster lists them: of several dimensions by the first, then the second, by their names. */
function keysOf(definition: PartitionsDefinition, set: PartitionSet): readonly unknown[] {
  if (set.kind === "keys") return set.keys;
  const partitions = [...partitionsIn(definition, set)];
  if (definition.kind !== "multi") return partitions.map((partition) => partition.key).toSorted();
  const keys = partitions.map(({ dimensions = {} }) => mapValues(dimensions, (partition) => partition.key));
  return keys.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

const textOf = (keys: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(keys).toSorted(([a], [b]) => (a < b ? -1 : 1)));

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Without an end, and from long ago: what lies outside has keys then. */
function withoutBounds(definition: PartitionsDefinition): PartitionsDefinition {
  if (definition.kind !== "time") return definition;
  const { end: _, ...endless } = definition;
  return { ...endless, start: "1970-01-01T00:00:00" };
}
