/** As check-mapping.ts, where no side has several dimensions. */
import { didYouMean } from "../did-you-mean.ts";
import { allPartitions, identityMapping, type CustomMapping, type PartitionMapping } from "./mapping.ts";
import { partitionOf } from "./partitions-in.ts";
import type {
  DynamicPartitions,
  FixedPartitions,
  MultiPartitions,
  PartitionsDefinition,
  TimePartitions,
} from "./partitions-definition.ts";
import { sameDefinition } from "./same-definition.ts";
import { lineOfKey, gridOf, isWithin } from "./time-grid.ts";

export function inferFlatMapping(
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): PartitionMapping | undefined {
  if (upstream.kind === "none" || downstream.kind === "none") return allPartitions;
  if (upstream.kind === "time" && downstream.kind === "time") {
    return sameTimezone(upstream, downstream) ? identityMapping : undefined;
  }
  if (upstream.kind === "fixed" && downstream.kind === "fixed") {
    return missingKeys(downstream.keys, upstream).length === 0 ? identityMapping : undefined;
  }
  if (upstream.kind === "dynamic" && downstream.kind === "dynamic") {
    return upstream.name === downstream.name ? identityMapping : undefined;
  }
  return undefined;
}

/** Why `inferFlatMapping` gives none, and what could be meant. */
export function whyNotInferredFlat(upstream: PartitionsDefinition, downstream: PartitionsDefinition): string {
  if (upstream.kind === "time" && downstream.kind === "time") return checkTimezones(upstream, downstream)!;
  if (hasKeys(upstream) && hasKeys(downstream)) {
    const [unknown] = downstream.kind === "fixed" ? missingKeys(downstream.keys, upstream) : [];
    if (unknown !== undefined) return `upstream has no partition "${unknown}": staticMapping({ … }) says key by key`;
    return "which dynamic keys there are is known to the instance alone: it could be identityMapping, for equal keys";
  }
  const sides = `upstream ${nameOf(upstream)} and downstream ${nameOf(downstream)}`;
  return `${sides}: it could be allPartitions, lastPartition or specific([ … ])`;
}

export function checkFlatMapping(
  mapping: PartitionMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): string | undefined {
  switch (mapping.kind) {
    case "all":
    case "last":
      return undefined;
    case "custom":
      return checkCustomMapping(mapping, upstream, downstream);
    case "multi":
    case "multiToSingle":
      return "a mapping of dimensions joins partitions of several dimensions";
    case "identity":
      if (upstream.kind !== downstream.kind && !(hasKeys(upstream) && hasKeys(downstream))) {
        return `the identity mapping joins like partitions, but upstream ${nameOf(upstream)} and downstream ${nameOf(downstream)}`;
      }
      return checkTimezones(upstream, downstream);
    case "timeWindow":
      if (upstream.kind !== "time" || downstream.kind !== "time") {
        return `a time window mapping joins partitions by time, but upstream ${nameOf(upstream)} and downstream ${nameOf(downstream)}`;
      }
      if (!Number.isSafeInteger(mapping.startOffset) || !Number.isSafeInteger(mapping.endOffset)) {
        return `the offsets of a time window mapping are whole numbers, got ${mapping.startOffset} and ${mapping.endOffset}`;
      }
      return checkTimezones(upstream, downstream);
    case "specific":
      return unknownKey(mapping.keys, upstream, "upstream");
    case "static":
      if (!hasKeys(upstream) || !hasKeys(downstream)) {
        return `a static mapping joins partitions by keys, but upstream ${nameOf(upstream)} and downstream ${nameOf(downstream)}`;
      }
      return (
        unknownKey(Object.keys(mapping.upstreamByDownstream), downstream, "downstream") ??
        unknownKey(Object.values(mapping.upstreamByDownstream).flat(), upstream, "upstream")
      );
  }
}

function checkCustomMapping(
  { code }: CustomMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): string | undefined {
  if (upstream.kind === "none") return "upstream has one partition only, so that a function has nothing to choose from";
  // Without its code the mapping comes from a snapshot, which define() has let through.
  if (code === undefined || sameDefinition(code().downstream, downstream)) return undefined;
  return "its function was written for other partitions than those downstream";
}

/** Whether partitions are named by keys of the user's own. */
export function hasKeys(definition: PartitionsDefinition): definition is FixedPartitions | DynamicPartitions {
  return definition.kind === "fixed" || definition.kind === "dynamic";
}

function checkTimezones(upstream: PartitionsDefinition, downstream: PartitionsDefinition): string | undefined {
  if (upstream.kind !== "time" || downstream.kind !== "time" || sameTimezone(upstream, downstream)) return undefined;
  return `upstream is in ${upstream.timezone} and downstream in ${downstream.timezone}: windows of unlike zones do not line up`;
}

function unknownKey(
  keys: readonly string[],
  definition: PartitionsDefinition,
  side: "upstream" | "downstream",
): string | undefined {
  const [unknown] = missingKeys(keys, definition);
  if (unknown === undefined) return undefined;
  const meant = definition.kind === "fixed" ? didYouMean(unknown, definition.keys) : undefined;
  return `${side} has no partition "${unknown}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
}

/** The keys that a definition never has. */
function missingKeys(keys: readonly string[], definition: PartitionsDefinition): readonly string[] {
  switch (definition.kind) {
    case "fixed": {
      const known = new Set(definition.keys);
      return keys.filter((key) => !known.has(key));
    }
    case "time": {
      const grid = gridOf(definition);
      return keys.filter((key) => !isWithin(grid, lineOfKey(grid, key) ?? NaN));
    }
    case "dynamic":
      return []; // known to the instance alone
    case "multi":
      return keys.filter((key) => !isPartitionOf(definition, key));
    case "none":
      return keys.filter((key) => key !== "");
  }
}

/** Zones of two names may be one: Asia/Calcutta is Asia/Kolkata. */
function sameTimezone(a: TimePartitions, b: TimePartitions): boolean {
  if (a.timezone === b.timezone) return true;
  const epoch = Temporal.Instant.fromEpochMilliseconds(0);
  return epoch.toZonedDateTimeISO(a.timezone).equals(epoch.toZonedDateTimeISO(b.timezone));
}

function isPartitionOf(definition: MultiPartitions, key: string): boolean {
  try {
    partitionOf(definition, key);
    return true;
  } catch {
    return false;
  }
}

function nameOf(definition: PartitionsDefinition): string {
  return {
    time: "has partitions by time",
    fixed: "has fixed ones",
    dynamic: "has dynamic ones",
    multi: "has several dimensions",
    none: "has none",
  }[definition.kind];
}
