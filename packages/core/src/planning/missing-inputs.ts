/** A plan whose steps would read what nobody has made is refused before it starts, with the command that would do. */
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { isOneToOne, joinOf, readsWhatThereIs } from "../graph/joins.ts";
import { stateOf, strongDependencies } from "../graph/staleness.ts";
import type { Moment } from "../partitions/moment.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { upstreamOf } from "../partitions/map-partitions.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { emptySetOf, equalSets, intersect, isEmptySet, subtract, union } from "../partitions/set-algebra.ts";
import { setToJson } from "../partitions/set-codec.ts";
import { IrokoError } from "../errors.ts";
import { shellQuote } from "../shell-quote.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import type { Wanted } from "./wanted.ts";

export interface MissingInput {
  /** The upstream asset, and what is needed of it. */
  readonly asset: string;
  readonly partitions: PartitionSet;
  readonly neededBy: string;
  /** They do not exist, whatever is made. */
  readonly nonexistent: boolean;
}

/** External assets are made elsewhere, and optional outputs may rightly be absent: neither is missed here. */
export function missingInputs(
  graph: AssetGraph,
  wanted: Wanted,
  state: PlanningState,
  now: Moment,
): readonly MissingInput[] {
  return Array.from(wanted.assets).flatMap(([neededBy, { set }]) => {
    const { kind, partitions: downstream } = assetOf(graph, neededBy);
    if (kind === "external") return [];
    return strongDependencies(graph, neededBy).flatMap((dependency): MissingInput[] => {
      const upstream = assetOf(graph, dependency.asset);
      if (upstream.kind === "external" || upstream.optional) return [];
      const planned = wanted.assets.get(upstream.key)?.set;
      const join = joinOf(graph, downstream, dependency);
      const { mapping, ...sides } = join;
      // By far the most: one definition and the same partitions, or whatever there will be.
      if (planned && (readsWhatThereIs(mapping) || (isOneToOne(join) && equalSets(planned, set)))) return [];
      const needed = upstreamOf(mapping, { ...sides, set, now });
      const made = stateOf(state, upstream).materialized;
      const available = planned ? union(made, planned) : made;
      const some = readsWhatThereIs(mapping) && !isEmptySet(intersect(needed.set, available));
      const missing = some ? emptySetOf(upstream.partitions) : subtract(needed.set, available);
      return [
        { asset: upstream.key, partitions: needed.nonexistent, neededBy, nonexistent: true },
        { asset: upstream.key, partitions: missing, neededBy, nonexistent: false },
      ].filter(({ partitions }) => !isEmptySet(partitions));
    });
  });
}

/** @throws {IrokoError} PLAN_INPUT_MISSING */
export function requireInputs(
  graph: AssetGraph,
  missing: readonly MissingInput[],
  selected: ReadonlySet<string>,
): void {
  const [first] = missing;
  if (!first) return;
  throw new IrokoError("PLAN_INPUT_MISSING", missing.map((input) => describe(graph, input)).join("\n"), {
    hint: remedy(graph, first, selected),
    details: { missing: missing.map(({ partitions, ...rest }) => ({ ...rest, partitions: setToJson(partitions) })) },
  });
}

function describe(graph: AssetGraph, { asset, partitions, neededBy, nonexistent }: MissingInput): string {
  const names = formatPartitions(assetOf(graph, asset).partitions, partitions);
  const what = names === "" ? asset : `${asset}@${names}`;
  const problem = nonexistent ? "does not exist" : "has not been made and is not part of this plan";
  return `${neededBy} reads ${what}, which ${problem}.`;
}

function remedy(
  graph: AssetGraph,
  { asset, partitions, neededBy, nonexistent }: MissingInput,
  selected: ReadonlySet<string>,
): string {
  if (nonexistent) return `Leave out the partitions of ${neededBy} that need them.`;
  if (!selected.has(asset)) return `Add what is above: --select '+${quoted(neededBy)}'.`;
  const names = formatPartitions(assetOf(graph, asset).partitions, partitions);
  return `Make those first: iroko materialize --select '${quoted(asset)}' --partition ${shellQuote(names)}.`;
}

/** As the selection grammar takes it. */
function quoted(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_/]*$/.test(key) ? key : `key:"${key}"`;
}
