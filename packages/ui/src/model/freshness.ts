/**
 * How far in time an asset is fresh. Of several dimensions each combination of the other keys reaches so far, and the asset
 * as far as at least half of them do; the others lag. It costs as many boxes as there are keys that differ, whatever the
 * number of partitions.
 */
import {
  countIn,
  isEmptySet,
  lastIn,
  multiSet,
  subtract,
  type Box,
  type MultiPartitions,
  type MultiSet,
  type PartitionsDefinition,
  type PartitionSet,
} from "@iroko/core";
import type { AssetOutlook } from "@iroko/core/client";

export type Freshness = Pick<AssetOutlook, "freshTo" | "lagging">;

/** The furthest behind. */
const mostNamed = 3;

/**
 * @param fresh what is made and not stale, of what exists
 * @param exists all of them
 */
export function freshnessOf(definition: PartitionsDefinition, fresh: PartitionSet, exists: PartitionSet): Freshness {
  if (definition.kind === "time" && !isEmptySet(fresh))
    return { freshTo: lastIn(definition, fresh).key, lagging: null };
  if (definition.kind !== "multi" || fresh.kind !== "multi" || exists.kind !== "multi") return nowhere;
  const times = definition.dimensions.filter(({ partitions }) => partitions.kind === "time");
  // Where two are of time, neither alone is how far it reaches.
  return times.length === 1 ? freshnessAcross(definition, times[0]!, fresh, exists) : nowhere;
}

const nowhere: Freshness = { freshTo: null, lagging: null };

type Dimension = MultiPartitions["dimensions"][number];

/** Combinations of keys that reach equally far. */
interface Reach {
  /** The last that is fresh of each; undefined: none is. */
  readonly to: { readonly key: string; readonly start: number } | undefined;
  readonly box: Box;
  readonly keys: number;
}

function freshnessAcross(definition: MultiPartitions, time: Dimension, fresh: MultiSet, exists: MultiSet): Freshness {
  const others = definition.dimensions.filter((dimension) => dimension !== time);
  const keysIn = (box: Box): number =>
    others.reduce((product, { name, partitions }) => product * countIn(partitions, box[name]!), 1);
  // Sets cut time last: a combination of the other keys lies in one box, with all that is fresh of it.
  const fresher = fresh.boxes.map((box): Reach => ({ to: lastOf(time, box), box, keys: keysIn(box) }));
  const all = exists.boxes.reduce((sum, box) => sum + keysIn(box), 0);
  const bare = sumOf(fresher) === all ? [] : withoutAny(time, fresh, exists);
  const reaches = [
    ...bare.map((box): Reach => ({ to: undefined, box, keys: keysIn(box) })),
    ...fresher.toSorted((a, b) => startOf(a) - startOf(b)),
  ];
  let reaching = 0;
  const head = reaches.findLast(({ keys }) => 2 * (reaching += keys) >= all);
  const lagging = reaches.filter((reach) => reach.to === undefined || startOf(reach) < startOf(head));
  return {
    freshTo: head?.to?.key ?? null,
    lagging:
      lagging.length === 0
        ? null
        : {
            dimensions: others.map(({ name }) => name),
            count: sumOf(lagging),
            of: all,
            furthest: lagging
              .slice(0, mostNamed)
              .flatMap(({ to, box }) => namesIn(others, box).map((key) => ({ key, freshTo: to?.key ?? null })))
              .slice(0, mostNamed),
          },
  };
}

function lastOf({ name, partitions }: Dimension, box: Box): Reach["to"] {
  const { key, window } = lastIn(partitions, box[name]!);
  return { key, start: window!.start.epochMilliseconds };
}

/** Those of whose combinations nothing is fresh. */
function withoutAny({ name }: Dimension, fresh: MultiSet, exists: MultiSet): readonly Box[] {
  // What exists is a product: any time of it is all of it.
  const time = exists.boxes[0]?.[name];
  if (time === undefined) return [];
  const rest = subtract(exists, multiSet(fresh.boxes.map((box) => ({ ...box, [name]: time }))));
  return rest.kind === "multi" ? rest.boxes : [];
}

const startOf = (reach: Reach | undefined): number => reach?.to?.start ?? -Infinity;

const sumOf = (reaches: readonly Reach[]): number => reaches.reduce((sum, { keys }) => sum + keys, 0);

/** `Kano`, or `shop=Kano,tier=a` where there are several: the first few of a box. */
function namesIn(others: readonly Dimension[], box: Box): readonly string[] {
  let names = [""];
  for (const { name } of others) {
    const set = box[name]!;
    const keys = set.kind === "keys" ? set.keys.slice(0, mostNamed) : [];
    names = names.flatMap((before) =>
      keys.map((key) => (others.length === 1 ? key : `${before}${before && ","}${name}=${key}`)),
    );
  }
  return names.slice(0, mostNamed);
}
