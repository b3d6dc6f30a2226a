import { compareInstants } from "./compare-instants.ts";
import { secondsAtOrBefore } from "./epoch-seconds.ts";
import { boxSet } from "./multi-partition.ts";
import { dynamicKeysOf, instantOf, type Moment } from "./moment.ts";
import type {
  DimensionPartitions,
  FixedPartitions,
  PartitionsDefinition,
  TimePartitions,
  Unpartitioned,
} from "./partitions-definition.ts";
import type { DimensionSet, PartitionSet } from "./partition-set.ts";
import { keySet, subtract, timeSet } from "./set-algebra.ts";
import { gridOf } from "./time-grid.ts";
import { existingSpan, stretchesIn } from "./time-windows.ts";

/**
 * Every partition that exists at a moment: of time ones, those whose window has ended (`endOffset` windows more or fewer),
 * of dynamic ones those whose key the instance has.
 */
export function existing(definition: DimensionPartitions | Unpartitioned, moment: Moment): DimensionSet;
export function existing(definition: PartitionsDefinition, moment: Moment): PartitionSet;
export function existing(definition: PartitionsDefinition, moment: Moment): PartitionSet {
  switch (definition.kind) {
    case "time":
      return existingWindows(definition, instantOf(moment));
    case "fixed":
      return existingKeys(definition);
    case "dynamic":
      return keySet(dynamicKeysOf(moment, definition.name));
    case "multi":
      return boxSet(definition, (partitions) => existing(partitions, moment));
    case "none":
      return keySet([""]);
  }
}

/** The same at one moment, of many assets that share their definitions. */
export function existingAt(moment: Moment): (definition: PartitionsDefinition) => PartitionSet {
  const known = new Map<PartitionsDefinition, PartitionSet>();
  return (definition) => {
    let set = known.get(definition);
    if (!set) known.set(definition, (set = existing(definition, moment)));
    return set;
  };
}

const fixedKeys = new WeakMap<FixedPartitions, DimensionSet>();

function existingKeys(definition: FixedPartitions): DimensionSet {
  let set = fixedKeys.get(definition);
  if (!set) fixedKeys.set(definition, (set = keySet(definition.keys)));
  return set;
}

// What exclusions leave of a century of hours is as many ranges as days: it is kept until another window ends.
const lastAnswers = new WeakMap<TimePartitions, { readonly end: Temporal.Instant; readonly set: DimensionSet }>();

function existingWindows(definition: TimePartitions, now: Temporal.Instant): DimensionSet {
  const span = existingSpan(definition, now);
  if (!span) return timeSet([]);
  if (!definition.exclusions) return timeSet([span]);
  const last = lastAnswers.get(definition);
  if (last !== undefined && compareInstants(last.end, span.end) === 0) return last.set;
  const { start, end } = span;
  const set = timeSet(stretchesIn(gridOf(definition), secondsAtOrBefore(start), secondsAtOrBefore(end)));
  lastAnswers.set(definition, { end, set });
  return set;
}

/**
 * What a schedule has to make up for: the partitions that came to exist after one instant and up to another. Without an
 * `endOffset` these are the windows that ended in (after, upTo]. What has no time has always existed.
 */
export function windowsBetween(definition: PartitionsDefinition, after: Moment, upTo: Moment): PartitionSet {
  return subtract(existing(definition, upTo), existing(definition, after));
}
