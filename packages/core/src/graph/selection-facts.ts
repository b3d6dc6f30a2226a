/**
 * What a selection may ask that definitions do not tell: how an asset stands (`status:`), what of its definition has changed
 * (`changed:`), and which code location it is of (`location:`). Values, read by whoever asks, and only what the text asks for.
 */
import type { Snapshot, SnapshotAsset, SnapshotCompute } from "../definitions/snapshot.ts";
import { canonicalJson } from "../definitions/hash.ts";
import { existingAt } from "../partitions/existing.ts";
import type { Moment } from "../partitions/moment.ts";
import { intersect, isEmptySet, subtract } from "../partitions/set-algebra.ts";
import type { AssetGraph } from "./asset-graph.ts";
import type { PlanningState } from "./asset-state.ts";
import type { ChangeTerm, StatusTerm } from "./selection-parser.ts";
import { stateOf, type AssetStaleness } from "./staleness.ts";

export interface SelectionFacts {
  readonly location?: string;
  readonly statuses?: ReadonlyMap<string, ReadonlySet<StatusTerm>>;
  readonly changes?: ReadonlyMap<string, ReadonlySet<ChangeTerm>>;
}

/**
 * How each asset stands. It is missing, failed, stale or running if any of its partitions that exist is; materialized if any
 * was made; fresh if all are made and nothing about them, or above them, is stale or failed.
 *
 * @param staleness the costly part: without it, none is said to be stale or fresh
 */
export function statusesOf(
  graph: AssetGraph,
  state: PlanningState,
  now: Moment,
  staleness?: ReadonlyMap<string, AssetStaleness>,
): ReadonlyMap<string, ReadonlySet<StatusTerm>> {
  const existing = existingAt(now);
  return new Map(
    Array.from(graph.assets.values(), (asset) => {
      const { materialized, failed, inProgress } = stateOf(state, asset);
      const exists = existing(asset.partitions);
      const some = {
        missing: asset.kind !== "external" && !isEmptySet(subtract(exists, materialized)),
        failed: !isEmptySet(failed),
        running: !isEmptySet(inProgress),
        materialized: !isEmptySet(intersect(materialized, exists)),
      };
      const { stale, behind } = staleness?.get(asset.key) ?? {};
      const isStale = stale !== undefined && !isEmptySet(stale);
      const isFresh = some.materialized && !some.missing && !some.failed && !isStale && behind && isEmptySet(behind);
      const terms = { ...some, stale: isStale, fresh: isFresh };
      return [asset.key, new Set((Object.keys(terms) as StatusTerm[]).filter((term) => terms[term]))] as const;
    }),
  );
}

/** What of each asset's definition differs from the snapshot before; all are new where there was none. */
export function changesOf(before: Snapshot | undefined, after: Snapshot): ReadonlyMap<string, ReadonlySet<ChangeTerm>> {
  const [was, is] = [definitionsIn(before), definitionsIn(after)];
  return new Map(Array.from(is, ([key, definition]) => [key, changeTermsOf(was.get(key), definition)]));
}

interface Definition {
  readonly asset: SnapshotAsset;
  readonly compute: SnapshotCompute | undefined;
}

function definitionsIn(snapshot: Snapshot | undefined): ReadonlyMap<string, Definition> {
  const computes = new Map(snapshot?.computes.map((compute) => [compute.name, compute]));
  return new Map(
    snapshot?.assets.map((asset) => [
      asset.key,
      { asset, compute: asset.compute === undefined ? undefined : computes.get(asset.compute) },
    ]),
  );
}

function changeTermsOf(was: Definition | undefined, is: Definition): ReadonlySet<ChangeTerm> {
  if (was === undefined) return new Set(["any", "new"]);
  const differs = (fact: (definition: Definition) => unknown): boolean =>
    canonicalJson(fact(was) ?? null) !== canonicalJson(fact(is) ?? null);
  const terms = new Set<ChangeTerm>();
  if (differs(({ asset, compute }) => asset.codeVersion ?? compute?.codeVersion)) terms.add("code");
  if (differs(({ asset }) => asset.schema?.hash)) terms.add("schema");
  if (differs(({ compute }) => compute?.deps)) terms.add("deps");
  if (differs(({ asset }) => asset.partitions)) terms.add("partitions");
  // The hash holds what the four do not: resources, checks, storage.
  if (terms.size > 0 || was.asset.definitionHash !== is.asset.definitionHash) terms.add("any");
  return terms;
}
