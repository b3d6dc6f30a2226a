/** Mappings by a function of the user's: how they are written, and what tells one from another. */
import type { CustomMapping, CustomMappingCode } from "../partitions/mapping.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition, TimeWindow } from "../partitions/partitions-definition.ts";
import type { PartitionOf } from "./asset-handle.ts";
import { canonicalJson, shortHash } from "./hash.ts";

/**
 * What a mapping function may answer: an upstream key, a range of keys (both ends included), a window of time (every
 * upstream window that overlaps it), a partition, several of these, or a set. `[]`: it needs nothing.
 */
export type MappedTo<Key> = MappedItem<Key> | readonly MappedItem<Key>[] | PartitionSet;

export type MappedItem<Key> =
  | Key
  | { readonly from: Key; readonly to: Key }
  | TimeWindow
  | { readonly id: string; readonly key: string; readonly window?: TimeWindow };

export interface CustomMappingOptions {
  /** Instead of a hash of the function's source: to be changed with what the function uses from outside itself. */
  readonly codeVersion?: string;
}

/** `P`: the downstream definition it was written for; `Key`: of the upstream keys that it gives. */
export interface CustomMappingOf<P, Key> extends CustomMapping {
  readonly types?: { readonly downstream: P; readonly key: Key };
}

/**
 * A mapping by a pure function: for one downstream partition the upstream ones that it is made from. It runs in the
 * location's worker, its answers are kept: given the same partition it has to answer the same.
 *
 * @example dep(rates, { map: customMapping(days, (day) => (isHoliday(day.key) ? lastWorkday(day.key) : day.key)) })
 * @param downstream the partitions of the asset in whose `deps` it stands
 */
export function customMapping<
  const P extends PartitionsDefinition,
  const Key extends string | Readonly<Record<string, string>> = never,
>(
  downstream: P,
  map: (partition: PartitionOf<P>) => MappedTo<Key>,
  { codeVersion }: CustomMappingOptions = {},
): CustomMappingOf<P, Key> {
  const code: CustomMappingCode = {
    evaluate: map as CustomMappingCode["evaluate"],
    downstream,
    writtenAt: new Error("The mapping function was written here."),
  };
  return Object.freeze({
    kind: "custom",
    hash: codeVersion ?? shortHash(map.toString()),
    subject: "",
    code: () => code,
  });
}

/** The mapping as it stands in one dependency: equal functions elsewhere, around other values, are other mappings. */
export function placedMapping(
  mapping: CustomMapping,
  subject: string,
  sides: { readonly upstream: PartitionsDefinition; readonly downstream: PartitionsDefinition },
): CustomMapping {
  return Object.freeze({
    ...mapping,
    subject,
    hash: shortHash(canonicalJson({ hash: mapping.hash, subject, ...sides })),
  });
}
