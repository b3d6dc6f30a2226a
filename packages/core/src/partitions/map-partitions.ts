/** Mappings at work, on sets and in both directions: what a partition is made from, and what is made from it. */
import { compareInstants } from "./compare-instants.ts";
import { IrokoError } from "../errors.ts";
import { hasKeys } from "./check-flat-mapping.ts";
import { checkMapping } from "./check-mapping.ts";
import { secondsAtOrAfter, secondsAtOrBefore } from "./epoch-seconds.ts";
import { existing } from "./existing.ts";
import { dimensionMappings, dimensionsOf, type Dimension } from "./map-dimensions.ts";
import { evaluateMapping } from "./evaluate-mapping.ts";
import { imageOfSet, MappingQuestion, preimageOfSet, type MappingRelation } from "./mapping-relation.ts";
import type { CustomMapping, DimensionMapping, PartitionMapping } from "./mapping.ts";
import { dynamicKeysOf, instantOf, mappingAnswersOf, type Moment } from "./moment.ts";
import { boxSet } from "./multi-partition.ts";
import type { Box, DimensionSet, PartitionSet } from "./partition-set.ts";
import { countIn, partitionOf, setOfPartitions } from "./partitions-in.ts";
import type { DimensionPartitions, PartitionsDefinition, TimePartitions, TimeWindow } from "./partitions-definition.ts";
import { emptySetOf, intersect, isEmptySet, keySet, multiSet, subtract, timeSet, union } from "./set-algebra.ts";
import { gridOf, lineAtOrAfter, lineAtOrBefore, shiftLine, withoutExcluded } from "./time-grid.ts";
import { lastWindow, stretchesIn, windowOf } from "./time-windows.ts";

/** The two sides of a dependency, and a set of partitions on one of them. */
export interface MappedSides {
  readonly upstream: PartitionsDefinition;
  readonly downstream: PartitionsDefinition;
  /** Of downstream for `upstreamOf`, of upstream for `downstreamOf`. */
  readonly set: PartitionSet;
  readonly now: Moment;
}

export interface UpstreamPartitions {
  /** The upstream partitions that are needed and exist. */
  readonly set: PartitionSet;
  /** Those that are needed and do not exist, now or ever: without them the downstream partitions cannot be made. */
  readonly nonexistent: PartitionSet;
}

/**
 * The upstream partitions from which a set of downstream ones is made.
 *
 * @throws {IrokoError} PARTITION_MAPPING when the mapping cannot join the two sides
 * @throws {MappingQuestion} when a user's function has not been asked about all of them
 */
export function upstreamOf(mapping: PartitionMapping, sides: MappedSides): UpstreamPartitions {
  const { upstream, downstream, set, now } = sides;
  const none = emptySetOf(upstream);
  if (isEmptySet(set)) return { set: none, nonexistent: none };
  const available = existing(upstream, now);
  const needed = (wanted: PartitionSet): UpstreamPartitions => ({
    set: intersect(wanted, available),
    nonexistent: subtract(wanted, available),
  });
  switch (mapping.kind) {
    case "all":
      return { set: available, nonexistent: none };
    case "last":
      return { set: lastOf(upstream, now), nonexistent: none };
    case "specific":
      return needed(setOfKeys(upstream, mapping.keys));
    case "static":
      if (set.kind !== "keys" || !hasKeys(upstream)) break;
      return needed(keySet(set.keys.flatMap((key) => ownList(mapping.upstreamByDownstream, key))));
    case "custom":
      return needed(imageOfSet(answersAbout(mapping, sides, set), upstream, downstream, set));
    case "multi":
    case "multiToSingle":
      return upstreamBoxes(mapping, sides, available);
    case "identity":
    case "timeWindow": {
      if (upstream.kind === "multi" || downstream.kind === "multi") return upstreamBoxes(mapping, sides, available);
      if (upstream.kind === "time" && downstream.kind === "time" && set.kind === "time") {
        mustJoin(mapping, sides);
        const offsets = offsetsOf(mapping);
        const reach = (by: Reach): PartitionSet => upstreamWindows(upstream, downstream, set.windows, by);
        return {
          set: intersect(reach(offsets), available),
          nonexistent: offsets.allowNonexistent ? none : requiredOutside(offsets, reach, available),
        };
      }
      if (mapping.kind === "identity" && isNamedAlike(upstream, downstream)) return needed(set);
    }
  }
  throw impossible(mapping, sides);
}

/**
 * The existing downstream partitions that are made from any of a set of upstream ones.
 *
 * @throws {IrokoError} PARTITION_MAPPING when the mapping cannot join the two sides
 * @throws {MappingQuestion} when a user's function has not been asked about all of them
 */
export function downstreamOf(mapping: PartitionMapping, sides: MappedSides): PartitionSet {
  const { upstream, downstream, set, now } = sides;
  if (isEmptySet(set)) return emptySetOf(downstream);
  const available = existing(downstream, now);
  const allIfAny = (touched: PartitionSet): PartitionSet => (isEmptySet(touched) ? emptySetOf(downstream) : available);
  switch (mapping.kind) {
    case "all":
      return available;
    case "last":
      return allIfAny(intersect(set, lastOf(upstream, now)));
    case "specific":
      return allIfAny(intersect(set, setOfKeys(upstream, mapping.keys)));
    case "static": {
      if (set.kind !== "keys" || !hasKeys(downstream)) break;
      const touched = new Set(set.keys);
      const entries = Object.entries(mapping.upstreamByDownstream);
      return intersect(
        keySet(entries.filter(([, keys]) => keys.some((key) => touched.has(key))).map(([key]) => key)),
        available,
      );
    }
    case "custom":
      return intersect(preimageOfSet(answersAbout(mapping, sides, available), downstream, set), available);
    case "multi":
    case "multiToSingle":
      return intersect(downstreamBoxes(mapping, sides), available);
    case "identity":
    case "timeWindow":
      if (upstream.kind === "multi" || downstream.kind === "multi") {
        return intersect(downstreamBoxes(mapping, sides), available);
      }
      if (upstream.kind === "time" && downstream.kind === "time" && set.kind === "time") {
        mustJoin(mapping, sides);
        return intersect(downstreamWindows(downstream, set.windows, offsetsOf(mapping)), available);
      }
      if (mapping.kind === "identity" && isNamedAlike(upstream, downstream)) return intersect(set, available);
  }
  throw impossible(mapping, sides);
}

/**
 * What a user's function says of downstream partitions: asked here where its code is loaded, else found in the moment.
 *
 * @throws {MappingQuestion} when it has not been asked about all of them
 */
function answersAbout(
  mapping: CustomMapping,
  { upstream, downstream, now }: MappedSides,
  set: PartitionSet,
): MappingRelation {
  if (mapping.code) return evaluateMapping(mapping, { upstream, downstream, set });
  const known = mappingAnswersOf(now).get(mapping.hash);
  const unknown = known ? subtract(set, known.asked) : set;
  // What the definition leaves out of a range nobody is asked about.
  if (countIn(downstream, unknown) > 0) throw new MappingQuestion(mapping, upstream, downstream, unknown, now);
  return known ?? { asked: unknown, images: [] };
}

/** Box by box, dimension by dimension; dimensions that the mapping does not name are needed whole. */
function upstreamBoxes(mapping: PartitionMapping, sides: MappedSides, available: PartitionSet): UpstreamPartitions {
  const { upstream, set, now } = sides;
  const [within, above, below] = joinedDimensions(mapping, sides);
  const [found, wanted]: [Box[], Box[]] = [[], []];
  for (const box of boxesOf(set)) {
    const parts = above.map(({ name, partitions }) => {
      const to = within[name];
      if (!to) {
        const whole = existing(partitions, now);
        return { name, set: whole, wanted: whole };
      }
      const needed = upstreamOf(to.mapping, {
        upstream: partitions,
        downstream: below.find((one) => one.name === to.dimension)!.partitions,
        set: box[to.dimension]!,
        now,
      });
      return { name, set: needed.set, wanted: union(needed.set, needed.nonexistent) };
    });
    found.push(Object.fromEntries(parts.map((part) => [part.name, inOneDimension(part.set)])));
    wanted.push(Object.fromEntries(parts.map((part) => [part.name, inOneDimension(part.wanted)])));
  }
  return { set: setOfBoxes(upstream, found), nonexistent: subtract(setOfBoxes(upstream, wanted), available) };
}

function downstreamBoxes(mapping: PartitionMapping, sides: MappedSides): PartitionSet {
  const { downstream, set, now } = sides;
  const [within, above, below] = joinedDimensions(mapping, sides);
  const from = new Map(Object.entries(within).map(([name, to]) => [to.dimension, { name, mapping: to.mapping }]));
  const boxes = boxesOf(set).map((box) =>
    Object.fromEntries(
      below.map(({ name, partitions }) => {
        const by = from.get(name);
        if (!by) return [name, existing(partitions, now)];
        const reached = downstreamOf(by.mapping, {
          upstream: above.find((one) => one.name === by.name)!.partitions,
          downstream: partitions,
          set: box[by.name]!,
          now,
        });
        return [name, inOneDimension(reached)];
      }),
    ),
  );
  return setOfBoxes(downstream, boxes);
}

function joinedDimensions(
  mapping: PartitionMapping,
  sides: MappedSides,
): readonly [Readonly<Record<string, DimensionMapping>>, readonly Dimension[], readonly Dimension[]] {
  const within = dimensionMappings(mapping, sides.upstream, sides.downstream);
  if (typeof within === "string") throw impossible(mapping, sides);
  return [within, dimensionsOf(sides.upstream)!, dimensionsOf(sides.downstream)!];
}

/** A set of one dimension is a box whose only dimension has no name. */
function boxesOf(set: PartitionSet): readonly Box[] {
  return set.kind === "multi" ? set.boxes : [{ "": set }];
}

function setOfBoxes(definition: PartitionsDefinition, boxes: readonly Box[]): PartitionSet {
  if (definition.kind === "multi") return multiSet(boxes);
  return boxes.map((box) => box[""]!).reduce<PartitionSet>(union, emptySetOf(definition));
}

function inOneDimension(set: PartitionSet): DimensionSet {
  if (set.kind === "multi") throw new TypeError("A dimension has no dimensions itself.");
  return set;
}

/** Whether a key of one side is a key of the other: fixed and dynamic partitions may share keys. */
function isNamedAlike(a: PartitionsDefinition, b: PartitionsDefinition): boolean {
  return a.kind === b.kind || (hasKeys(a) && hasKeys(b));
}

interface Reach {
  readonly startOffset: number;
  readonly endOffset: number;
}
interface Offsets extends Reach {
  readonly allowNonexistent: boolean;
}

const noOffsets: Offsets = { startOffset: 0, endOffset: 0, allowNonexistent: false };

const offsetsOf = (mapping: PartitionMapping): Offsets => (mapping.kind === "timeWindow" ? mapping : noOffsets);

/**
 * What is needed and does not exist. An offset that moves an end outwards may reach before the first upstream partition, or
 * after the last one: that is no more than asked for, so that a first partition needs no predecessor. The partition's own
 * window has to exist where it is in reach, and all between it and the end that was not moved outwards.
 */
function requiredOutside(
  { startOffset, endOffset }: Reach,
  reach: (by: Reach) => PartitionSet,
  available: PartitionSet,
): PartitionSet {
  const outside = subtract(reach({ startOffset, endOffset }), available);
  if (outside.kind !== "time" || available.kind !== "time") return outside;
  const first = available.windows[0];
  if (first === undefined) return outside;
  const isBefore = ({ start }: TimeWindow): boolean => compareInstants(start, first.start) < 0;
  const before = timeSet(outside.windows.filter(isBefore));
  const after = timeSet(outside.windows.filter((window) => !isBefore(window)));
  const nothing = timeSet([]);
  return union(
    startOffset >= 0 ? before : endOffset < 0 ? nothing : intersect(before, reach({ startOffset: 0, endOffset })),
    endOffset <= 0 ? after : startOffset > 0 ? nothing : intersect(after, reach({ startOffset, endOffset: 0 })),
  );
}

/** The upstream windows that overlap each range, its ends moved by whole downstream windows. */
function upstreamWindows(
  upstream: TimePartitions,
  downstream: TimePartitions,
  ranges: readonly TimeWindow[],
  offsets: Reach,
): PartitionSet {
  return timeSet(
    ranges.flatMap((range) =>
      upstreamSpans(upstream, downstream, offsets, secondsAtOrBefore(range.start), secondsAtOrAfter(range.end)).flatMap(
        ([from, until]) => stretchesIn(gridOf(upstream), from, until),
      ),
    ),
  );
}

/** The same in epoch seconds, exclusions of upstream not yet taken out: for whoever asks of a million windows, one by one. */
export function upstreamSpans(
  upstream: TimePartitions,
  downstream: TimePartitions,
  { startOffset, endOffset }: Reach,
  start: number,
  end: number,
): readonly (readonly [from: number, until: number])[] {
  const [above, below] = [gridOf(upstream), gridOf(downstream)];
  const first = shiftLine(below, lineAtOrBefore(below, start), startOffset);
  const last = shiftLine(below, lineAtOrAfter(below, end), endOffset);
  return withoutExcluded(below, first, last).map(
    ([from, until]) => [lineAtOrBefore(above, from), lineAtOrAfter(above, until)] as const,
  );
}

/**
 * The downstream windows whose moved ends overlap each range: from the window that holds its start, moved back by endOffset,
 * to the one that holds its end, moved back by startOffset.
 */
function downstreamWindows(
  downstream: TimePartitions,
  ranges: readonly TimeWindow[],
  { startOffset, endOffset }: Reach,
): PartitionSet {
  const below = gridOf(downstream);
  return timeSet(
    ranges.flatMap((range) => {
      const start = lineAtOrBefore(below, secondsAtOrBefore(range.start));
      const end = lineAtOrAfter(below, secondsAtOrAfter(range.end));
      return withoutExcluded(below, start, end).flatMap(([from, until]) =>
        stretchesIn(below, shiftLine(below, from, -endOffset), shiftLine(below, until, -startOffset)),
      );
    }),
  );
}

function lastOf(definition: DimensionPartitions, now: Moment): DimensionSet;
function lastOf(definition: PartitionsDefinition, now: Moment): PartitionSet;
function lastOf(definition: PartitionsDefinition, now: Moment): PartitionSet {
  switch (definition.kind) {
    case "time": {
      const last = lastWindow(definition, instantOf(now));
      return timeSet(last ? [last] : []);
    }
    case "fixed":
      return keySet(definition.keys.slice(-1));
    case "dynamic":
      return keySet(dynamicKeysOf(now, definition.name).slice(-1));
    case "multi":
      return boxSet(definition, (partitions) => lastOf(partitions, now));
    case "none":
      return keySet([""]);
  }
}

function setOfKeys(definition: PartitionsDefinition, keys: readonly string[]): PartitionSet {
  if (definition.kind === "multi")
    return setOfPartitions(
      definition,
      keys.map((key) => partitionOf(definition, key)),
    );
  return definition.kind === "time" ? timeSet(keys.map((key) => windowOf(definition, key))) : keySet(keys);
}

/** Not what every object has: a mapping may be asked about any name. */
function ownList(lists: Readonly<Record<string, readonly string[]>>, key: string): readonly string[] {
  return Object.hasOwn(lists, key) ? (lists[key] ?? []) : [];
}

function mustJoin(mapping: PartitionMapping, sides: MappedSides): void {
  if (checkMapping(mapping, sides.upstream, sides.downstream) !== undefined) throw impossible(mapping, sides);
}

function impossible(mapping: PartitionMapping, { upstream, downstream }: MappedSides): IrokoError {
  const problem = checkMapping(mapping, upstream, downstream) ?? "the set is not one of these partitions";
  return new IrokoError("PARTITION_MAPPING", `The partitions cannot be mapped: ${problem}.`, {
    hint: "Give the dependency another mapping: dep(asset, { map }).",
  });
}
