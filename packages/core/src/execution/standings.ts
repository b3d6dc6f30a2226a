/**
 * How assets stand and what of them is stale, kept between looks. A verdict on an asset rests on what is known of itself and
 * of what it reads, and on which of their partitions exist: while all of these are what they were, so is the verdict. So a look
 * judges what has changed and what reads it, however many assets there are; one that has just been opened judges all it is
 * asked about.
 */
import type { Snapshot, SnapshotAsset } from "../definitions/snapshot.ts";
import { assetGraph, assetOf, reach, type AssetGraph } from "../graph/asset-graph.ts";
import {
  staleCausesOf,
  stalenessBelow,
  strongDependencies,
  versionsNeededFor,
  type AssetStaleness,
  type OwnStaleness,
} from "../graph/staleness.ts";
import type { Queryable } from "../instance/database.ts";
import { existingAt } from "../partitions/existing.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { equalSets, union } from "../partitions/set-algebra.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { readState, statusSets, type AssetStatusRow } from "./planning-state.ts";
import { openStatusCache, type StatusCache } from "./status-cache.ts";

export interface Standings {
  readonly statuses: StatusCache;
  /**
   * What of some assets is stale and why, in a number of statements that does not grow with them.
   *
   * @throws {MappingQuestion} when a mapping function has to be asked: `askMappings` has it answered
   */
  readonly causes: Look<OwnStaleness>;
  /** The same, and what of them is missing, or made from what is stale: all above them is judged as well. */
  readonly staleness: Look<AssetStaleness>;
}

export type Look<Found> = (
  snapshot: Snapshot,
  assets: Iterable<string>,
  now: Moment,
) => Promise<ReadonlyMap<string, Found>>;

/** A value that was worked out, and what it was worked out from: the same objects, and it is the same. */
interface Kept<Value> {
  readonly from: readonly unknown[];
  readonly value: Value;
}

/** Of a definition, the set that it last had: another object only when it has become another set. */
type ExistingSets = Map<PartitionsDefinition, PartitionSet>;

interface Verdicts {
  readonly existing: ExistingSets;
  readonly own: Map<string, Kept<OwnStaleness>>;
  readonly all: Map<string, Kept<AssetStaleness & { readonly trouble: PartitionSet }>>;
}

/** What one look found of assets: of one state of the database or, where that has changed since, of none that is kept. */
interface Judged {
  readonly made: ReadonlyMap<string, AssetStatusRow | undefined>;
  readonly own: ReadonlyMap<string, Kept<OwnStaleness>>;
}

/** Opens what keeps verdicts; one that nobody asks reads nothing. */
export function openStandings(db: Queryable, statuses: StatusCache = openStatusCache(db)): Standings {
  const known = new WeakMap<Snapshot, Verdicts>();
  const verdictsOf = (snapshot: Snapshot): Verdicts => {
    const verdicts = known.get(snapshot) ?? { existing: new Map(), own: new Map(), all: new Map() };
    known.set(snapshot, verdicts);
    return verdicts;
  };

  const judge = async (snapshot: Snapshot, keys: readonly string[], now: Moment): Promise<Judged> => {
    const graph = assetGraph(snapshot);
    const { existing: sets, own } = verdictsOf(snapshot);
    // Asked before anything else is read: what changes while that goes on is another row the next time.
    const made = await statuses.made(versionsNeededFor(graph, keys));
    const exists = existingSets(sets, now);
    const found = new Map<string, Kept<OwnStaleness>>();
    const changed: { readonly key: string; readonly from: readonly unknown[] }[] = [];
    for (const key of keys) {
      const last = own.get(key);
      const from = groundsOf(graph, key, made, exists);
      if (isFrom(last, from)) found.set(key, last!);
      else changed.push({ key, from });
    }
    if (changed.length === 0) return { made, own: found };
    const judged = changed.map(({ key }) => key);
    const of = Array.from(versionsNeededFor(graph, judged), (key) => assetOf(graph, key));
    const state = await readState(db, snapshot, judged, now, { of, statuses: async () => made });
    await withStoredMappings(db, now, (moment) => {
      for (const { key, from } of changed)
        found.set(key, { from, value: staleCausesOf(graph, assetOf(graph, key), state, moment) });
    });
    for (const key of judged) own.set(key, found.get(key)!);
    return { made, own: found };
  };

  return {
    statuses,
    async causes(snapshot, assets, now) {
      const { own } = await judge(snapshot, [...assets], now);
      return new Map(Array.from(own, ([key, { value }]) => [key, value]));
    },
    async staleness(snapshot, assets, now) {
      const graph = assetGraph(snapshot);
      const keys = [...assets];
      const above = reach(keys, graph.upstream);
      const order = [...graph.assets.values()].filter(({ key }) => above.has(key));
      const judged = await judge(
        snapshot,
        order.map(({ key }) => key),
        now,
      );
      const { all } = verdictsOf(snapshot);
      return withStoredMappings(db, now, (moment) => {
        for (const asset of order) judgeBelow(graph, asset, judged, all, moment);
        return new Map(keys.map((key) => [key, all.get(key)!.value]));
      });
    },
  };
}

function judgeBelow(
  graph: AssetGraph,
  asset: SnapshotAsset,
  { made, own }: Judged,
  all: Verdicts["all"],
  now: Moment,
): void {
  const { key, partitions } = asset;
  const troubleAbove = (above: string): PartitionSet => all.get(above)!.value.trouble;
  const last = all.get(key);
  const from = [own.get(key), ...strongDependencies(graph, key).map((dependency) => troubleAbove(dependency.asset))];
  if (isFrom(last, from)) return;
  const { materialized } = statusSets(partitions, made.get(key));
  const staleness = stalenessBelow(graph, asset, { ...own.get(key)!.value, materialized }, troubleAbove, now);
  const trouble = union(staleness.stale, staleness.behind);
  // What stands below is not judged again for the same trouble.
  const isSame = last !== undefined && equalSets(last.value.trouble, trouble);
  all.set(key, { from, value: { ...staleness, trouble: isSame ? last.value.trouble : trouble } });
}

function existingSets(sets: ExistingSets, now: Moment): (definition: PartitionsDefinition) => PartitionSet {
  const exists = existingAt(now);
  return (definition) => {
    const [last, set] = [sets.get(definition), exists(definition)];
    if (last !== undefined && (last === set || equalSets(last, set))) return last;
    sets.set(definition, set);
    return set;
  };
}

/** What the verdict on an asset rests on, besides definitions, which do not change. */
function groundsOf(
  graph: AssetGraph,
  key: string,
  made: Judged["made"],
  exists: (definition: PartitionsDefinition) => PartitionSet,
): readonly unknown[] {
  return [key, ...strongDependencies(graph, key).map(({ asset }) => asset)].flatMap((each) => [
    made.get(each),
    exists(assetOf(graph, each).partitions),
  ]);
}

function isFrom(kept: Kept<unknown> | undefined, from: readonly unknown[]): boolean {
  return kept !== undefined && kept.from.length === from.length && kept.from.every((each, at) => each === from[at]);
}
