/** Single partitions of several dimensions, and how they are named. */
import { IrokoError } from "../errors.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { encodePartitionKey } from "./encode-partition-key.ts";
import { multiSet } from "./multi-set.ts";
import type { DimensionSet, MultiSet } from "./partition-set.ts";
import type { DimensionPartitions, MultiPartitions, Partition, PartitionId } from "./partitions-definition.ts";
import { splitText, quoteKey, unquoteKey } from "./quoted-text.ts";

/** The partition that is so in each dimension. */
export function multiPartition(
  definition: MultiPartitions,
  dimensions: Readonly<Record<string, Partition>>,
): Partition {
  const names = definition.dimensions.map(({ name }) => name);
  const inOrder = Object.fromEntries(names.map((name) => [name, dimensions[name]!]));
  const key = names.map((name) => `${name}=${quoteKey(dimensions[name]!.key)}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand is given
  return { id: multiIdOf(inOrder) as PartitionId, key: key.join(","), dimensions: inOrder };
}

/** The name in tables of what is so in each of these dimensions: in the order of their names, as nothing else reorders. */
export function multiIdOf(dimensions: Readonly<Record<string, Partition>>): string {
  return Object.keys(dimensions)
    .toSorted()
    .map((name) => `${name}=${escapeId(dimensions[name]!.id)}`)
    .join("|");
}

/** What such a name says of each dimension. */
export function readMultiId(id: string): ReadonlyMap<string, string> {
  const parts = id === "" ? [] : id.split("|");
  return new Map(
    parts.map((part) => {
      const [, name = part, value = ""] = /^(\w+)=(.*)$/s.exec(part) ?? [];
      return [name, unescapeId(value)];
    }),
  );
}

/**
 * What an id or a key says of each dimension, itself an id or a key.
 *
 * @throws {IrokoError} PARTITION_FORMAT when it does not name every dimension once
 */
export function readMultiKey(
  definition: MultiPartitions,
  idOrKey: string | Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (typeof idOrKey !== "string") return everyDimension(definition, Object.entries(idOrKey), JSON.stringify(idOrKey));
  const ids = splitText(idOrKey, "|");
  const keys = splitText(idOrKey, ",");
  // Ids hold no comma and no quote, keys no bar outside quotes; of one dimension either is read alike.
  const isId = ids.length > 1 || keys.length === 1;
  const parts = isId ? ids : keys;
  const entries = parts.map((part): readonly [string, string] => {
    const [, name = part, value = ""] = /^\s*(\w+)=(.*)$/s.exec(part) ?? [];
    return [name, isId && !value.startsWith('"') ? unescapeId(value) : unquoteKey(value)];
  });
  return everyDimension(definition, entries, idOrKey);
}

/** The box with every combination of what each dimension has. */
export function boxSet(
  definition: MultiPartitions,
  setOf: (partitions: DimensionPartitions, name: string) => DimensionSet,
): MultiSet {
  return multiSet([
    Object.fromEntries(definition.dimensions.map(({ name, partitions }) => [name, setOf(partitions, name)])),
  ]);
}

/** @throws {IrokoError} PARTITION_FORMAT when there is no such dimension */
export function dimensionOf(definition: MultiPartitions, wanted: string): DimensionPartitions {
  const found = definition.dimensions.find(({ name }) => name === wanted);
  if (found) return found.partitions;
  const names = definition.dimensions.map(({ name }) => name);
  throw new IrokoError("PARTITION_FORMAT", `The partitions have no dimension ${JSON.stringify(wanted)}.`, {
    hint: didYouMeanHint(wanted, names, "dimensions"),
    details: { dimension: wanted },
  });
}

/** A partition, as far as its path goes. */
export interface NamedByKeys {
  readonly key: string;
  readonly dimensions?: Readonly<Record<string, { readonly key: string }>>;
}

/**
 * A partition as the name of a file, or of a folder in a folder: `2026-11-20`, `region=LA/day=2026-11-20`. No key can leave
 * its place, and no two partitions meet there.
 */
export function partitionPath({ key, dimensions }: NamedByKeys): string {
  if (!dimensions) return encodePartitionKey(key);
  return Object.entries(dimensions)
    .map(([name, partition]) => `${name}=${encodePartitionKey(partition.key)}`)
    .join("/");
}

function everyDimension(
  definition: MultiPartitions,
  entries: readonly (readonly [string, string])[],
  written: string,
): Readonly<Record<string, string>> {
  const names = definition.dimensions.map(({ name }) => name);
  const given = new Map(entries);
  if (given.size === entries.length && given.size === names.length && names.every((name) => given.has(name))) {
    return Object.fromEntries(names.map((name) => [name, given.get(name)!]));
  }
  throw new IrokoError(
    "PARTITION_FORMAT",
    `The partition key ${JSON.stringify(written)} does not name each dimension once.`,
    { hint: `Write ${names.map((name) => `${name}=…`).join(",")}.`, details: { key: written } },
  );
}

const escapeId = (text: string): string => text.replace(/[%|",]/g, (character) => escapes[character]!);
const unescapeId = (text: string): string =>
  text.replace(/%(?:25|7C|22|2C)/g, (escaped) => Object.keys(escapes).find((one) => escapes[one] === escaped)!);
const escapes: Readonly<Record<string, string>> = { "%": "%25", "|": "%7C", '"': "%22", ",": "%2C" };
