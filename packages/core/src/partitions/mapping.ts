/** How a downstream partition finds its upstream partitions. Data: it stands in the snapshot and is evaluated on sets. */
import type { Partition, PartitionsDefinition } from "./partitions-definition.ts";

export type PartitionMapping =
  /** The same window or key; between unlike time definitions, the upstream windows that overlap the downstream one. */
  | { readonly kind: "identity" }
  /** Every upstream partition. */
  | { readonly kind: "all" }
  /** The upstream's last existing partition. */
  | { readonly kind: "last" }
  /** These keys, whatever the downstream partition. */
  | { readonly kind: "specific"; readonly keys: readonly string[] }
  /** Key by key: downstream key → upstream keys. */
  | { readonly kind: "static"; readonly upstreamByDownstream: Readonly<Record<string, readonly string[]>> }
  /**
   * Between partitions of several dimensions and others of one: the dimension that is mapped, every partition of the other
   * dimensions with it. Absent: the one dimension that can be mapped without being told.
   */
  | { readonly kind: "multiToSingle"; readonly dimension?: string; readonly mapping?: PartitionMapping }
  /** By upstream dimension: the downstream one and how they map. What is not named is mapped all to all. */
  | { readonly kind: "multi"; readonly dimensions: Readonly<Record<string, DimensionMapping>> }
  /**
   * The upstream windows that overlap [start + startOffset, end + endOffset), offsets counted in downstream windows:
   * startOffset -3, endOffset -1 is "the three windows before this one". An offset reaches only for what exists, so that
   * a first partition need not have a predecessor; within the partition's own window it is an error when an upstream
   * one does not exist, unless `allowNonexistent`.
   */
  | {
      readonly kind: "timeWindow";
      readonly startOffset: number;
      readonly endOffset: number;
      readonly allowNonexistent: boolean;
    }
  | CustomMapping;

/** A pure function of the user's. The control plane never runs it: it finds the answers in its `Moment`. */
export interface CustomMapping {
  readonly kind: "custom";
  /** Of the function's source; once `define()` has seen it, also of both sides and of the dependency it stands in. */
  readonly hash: string;
  /** The dependency it stands in: `asset "revenue", deps.raw`; "" until `define()` says so. */
  readonly subject: string;
  /** Only where definitions are loaded, in a worker's child or a test: JSON has no functions. */
  readonly code?: () => CustomMappingCode;
}

export interface CustomMappingCode {
  readonly evaluate: (partition: Partition) => unknown;
  /** The partitions that the function was written for. */
  readonly downstream: PartitionsDefinition;
  /** Its stack says where. */
  readonly writtenAt: Error;
}

export interface DimensionMapping {
  /** Of the downstream. */
  readonly dimension: string;
  readonly mapping: PartitionMapping;
}

export const identityMapping: { readonly kind: "identity" } = Object.freeze({ kind: "identity" });
export const allPartitions: { readonly kind: "all" } = Object.freeze({ kind: "all" });
export const lastPartition: { readonly kind: "last" } = Object.freeze({ kind: "last" });

/**
 * Upstream windows relative to the downstream one; see `PartitionMapping`.
 *
 * @example timeWindow({ startOffset: -6 }) // the last seven days, of a daily asset
 */
export function timeWindow({
  startOffset = 0,
  endOffset = 0,
  allowNonexistent = false,
}: TimeWindowOptions = {}): Extract<PartitionMapping, { readonly kind: "timeWindow" }> {
  return Object.freeze({ kind: "timeWindow", startOffset, endOffset, allowNonexistent });
}

export interface TimeWindowOptions {
  readonly startOffset?: number;
  readonly endOffset?: number;
  readonly allowNonexistent?: boolean;
}

/** These upstream keys, whatever the downstream partition. */
export function specific<const Key extends string>(
  keys: readonly Key[],
): { readonly kind: "specific"; readonly keys: readonly Key[] } {
  return Object.freeze({ kind: "specific", keys: Object.freeze([...keys]) });
}

/**
 * Key by key: for each downstream key its upstream keys. A downstream key left out needs nothing.
 *
 * @example staticMapping({ south: ["LA", "OG"], north: ["KN"] })
 */
export function staticMapping(
  upstreamByDownstream: Readonly<Record<string, string | readonly string[]>>,
): PartitionMapping {
  const lists = Object.entries(upstreamByDownstream).map(
    ([downstream, upstream]) => [downstream, typeof upstream === "string" ? [upstream] : [...upstream]] as const,
  );
  return Object.freeze({ kind: "static", upstreamByDownstream: Object.freeze(Object.fromEntries(lists)) });
}

/**
 * One dimension of an asset with several, joined to an asset that has just that one; in either direction.
 *
 * @example multiToSingle("day") // a daily total of an asset by region and day
 * @param mapping between the two, where it is not simply the same window or key
 */
export function multiToSingle<const Dimension extends string>(
  dimension: Dimension,
  mapping?: PartitionMapping,
): Extract<PartitionMapping, { readonly kind: "multiToSingle" }> & { readonly dimension: Dimension } {
  return Object.freeze({ kind: "multiToSingle", dimension, ...(mapping === undefined ? {} : { mapping }) });
}

/**
 * Dimension by dimension: for each upstream one the downstream one, by its name or with a mapping. Every partition of a
 * dimension that is left out goes with every one.
 *
 * @example multiMapping({ day: { dimension: "day", mapping: timeWindow({ startOffset: -1 }) }, region: "region" })
 */
export function multiMapping(
  dimensions: Readonly<Record<string, string | DimensionMapping>>,
): Extract<PartitionMapping, { readonly kind: "multi" }> {
  const entries = Object.entries(dimensions).map(
    ([name, to]) => [name, typeof to === "string" ? { dimension: to, mapping: identityMapping } : to] as const,
  );
  return Object.freeze({ kind: "multi", dimensions: Object.freeze(Object.fromEntries(entries)) });
}
