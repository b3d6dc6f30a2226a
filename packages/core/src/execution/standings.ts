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

/** What a verdict on an asset rests on, besides definitions, which do not change: itself and what it reads. */
type Grounds = readonly Pick<SnapshotAsset, "key" | "partitions">[];

/** A verdict, and the rows and the sets of what exists that it was found with, one of each for each of its grounds. */
interface Own {
  readonly rows: readonly (AssetStatusRow | undefined)[];
  readonly exist: readonly PartitionSet[];
  readonly value: OwnStaleness;
  /** The state that it was last found to hold in. */
  state: State;
}

/** One object for as long as no row and no set of what exists has changed. */
interface State {
  readonly made: ReadonlyMap<string, AssetStatusRow | undefined>;
  /** Of each definition: another object only when it has become another set. */
  readonly existing: ReadonlyMap<PartitionsDefinition, PartitionSet>;
}

/** With what is above it, all of it: and the verdict and troubles that it was found from. */
interface All {
  readonly from: readonly unknown[];
  readonly value: AssetStaleness & { readonly trouble: PartitionSet };
}

interface Verdicts {
  readonly grounds: Map<string, Grounds>;
  readonly definitions: ReadonlySet<PartitionsDefinition>;
  readonly own: Map<string, Own>;
  readonly all: Map<string, All>;
  state: State;
}

/** What one look found of assets. */
interface Judged {
  readonly state: State;
  readonly own: ReadonlyMap<string, OwnStaleness>;
}

/** Opens what keeps verdicts; one that nobody asks reads nothing. */
export function openStandings(db: Queryable, statuses: StatusCache = openStatusCache(db)): Standings {
  const known = new WeakMap<Snapshot, Verdicts>();
  const verdictsOf = (snapshot: Snapshot): Verdicts => {
    let verdicts = known.get(snapshot);
    if (verdicts === undefined) known.set(snapshot, (verdicts = noVerdicts(snapshot)));
    return verdicts;
  };

  const judge = async (snapshot: Snapshot, keys: readonly string[], now: Moment): Promise<Judged> => {
    const graph = assetGraph(snapshot);
    const verdicts = verdictsOf(snapshot);
    const { own } = verdicts;
    // Asked before anything else is read: what changes while that goes on is another row the next time.
    const made = await statuses.made(keys.length === graph.assets.size ? keys : versionsNeededFor(graph, keys));
    const state = stateOf(verdicts, made, now);
    const found = new Map<string, OwnStaleness>();
    const judged: string[] = [];
    for (const key of keys) {
      const last = own.get(key);
      if (last !== undefined && holdsIn(last, groundsOf(verdicts, graph, key), state)) found.set(key, last.value);
      else judged.push(key);
    }
    if (judged.length === 0) return { state, own: found };
    const of = Array.from(versionsNeededFor(graph, judged), (key) => assetOf(graph, key));
    const planning = await readState(db, snapshot, judged, now, { of, statuses: async () => made });
    await withStoredMappings(db, now, (moment) => {
      for (const key of judged) found.set(key, staleCausesOf(graph, assetOf(graph, key), planning, moment));
    });
    for (const key of judged) {
      const grounds = groundsOf(verdicts, graph, key);
      const rows = grounds.map((each) => made.get(each.key));
      const exist = grounds.map((each) => state.existing.get(each.partitions)!);
      own.set(key, { rows, exist, value: found.get(key)!, state });
    }
    return { state, own: found };
  };

  return {
    statuses,
    async causes(snapshot, assets, now) {
      return (await judge(snapshot, [...assets], now)).own;
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

function noVerdicts({ assets }: Snapshot): Verdicts {
  const definitions = new Set(assets.map(({ partitions }) => partitions));
  const state = { made: new Map(), existing: new Map() };
  return { grounds: new Map(), definitions, own: new Map(), all: new Map(), state };
}

function groundsOf({ grounds }: Verdicts, graph: AssetGraph, key: string): Grounds {
  let found = grounds.get(key);
  if (found === undefined) {
    const read = strongDependencies(graph, key).map(({ asset }) => asset);
    grounds.set(key, (found = [key, ...read].map((each) => assetOf(graph, each))));
  }
  return found;
}

function stateOf(verdicts: Verdicts, made: State["made"], now: Moment): State {
  const last = verdicts.state;
  let isSame = last.made === made;
  const existing = new Map<PartitionsDefinition, PartitionSet>();
  const exists = existingAt(now);
  for (const definition of verdicts.definitions) {
    const [before, set] = [last.existing.get(definition), exists(definition)];
    const isSameSet = before !== undefined && (before === set || equalSets(before, set));
    existing.set(definition, isSameSet ? before : set);
    isSame &&= isSameSet;
  }
  return isSame ? last : (verdicts.state = { made, existing });
}

function holdsIn(own: Own, grounds: Grounds, state: State): boolean {
  if (own.state === state) return true;
  for (const [at, { key, partitions }] of grounds.entries())
    if (own.rows[at] !== state.made.get(key) || own.exist[at] !== state.existing.get(partitions)) return false;
  own.state = state;
  return true;
}

function judgeBelow(
  graph: AssetGraph,
  asset: SnapshotAsset,
  { state, own }: Judged,
  all: Verdicts["all"],
  now: Moment,
): void {
  const { key, partitions } = asset;
  const troubleAbove = (above: string): PartitionSet => all.get(above)!.value.trouble;
  const last = all.get(key);
  const from = [own.get(key), ...strongDependencies(graph, key).map((dependency) => troubleAbove(dependency.asset))];
  if (last !== undefined && last.from.every((each, at) => each === from[at])) return;
  const { materialized } = statusSets(partitions, state.made.get(key));
  const staleness = stalenessBelow(graph, asset, { ...own.get(key)!, materialized }, troubleAbove, now);
  const trouble = union(staleness.stale, staleness.behind);
  // What stands below is not judged again for the same trouble.
  const isSame = last !== undefined && equalSets(last.value.trouble, trouble);
  all.set(key, { from, value: { ...staleness, trouble: isSame ? last.value.trouble : trouble } });
}
