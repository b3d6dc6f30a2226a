/** A planning state from what was made of each partition, one by one: for tests of what is decided from it. */
import type { AssetState, Origin, PlanningState } from "../../packages/core/src/graph/asset-state.ts";
import { assetOf, type AssetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import { changedInputs, comparePartitions } from "../../packages/core/src/graph/changed-inputs.ts";
import { joinOf } from "../../packages/core/src/graph/joins.ts";
import { strongDependencies } from "../../packages/core/src/graph/staleness.ts";
import type { Moment } from "../../packages/core/src/partitions/moment.ts";
import type { PartitionSet } from "../../packages/core/src/partitions/partition-set.ts";
import { setOfPartitions } from "../../packages/core/src/partitions/partitions-in.ts";
import type { PartitionId, PartitionsDefinition } from "../../packages/core/src/partitions/partitions-definition.ts";
import { emptySetOf } from "../../packages/core/src/partitions/set-algebra.ts";
import { partitionIfAny } from "../../packages/core/src/partitions/table-name.ts";

/** What is current of one partition, or was last observed of an external one. */
export interface CurrentVersion {
  readonly dataVersion: string;
  readonly codeVersion?: string;
  readonly schemaHash?: string;
  /** Data versions read from each upstream asset when it was made; weak dependencies left out. */
  readonly inputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type VersionsByAsset = ReadonlyMap<string, ReadonlyMap<PartitionId, CurrentVersion>>;

export function versionState(graph: AssetGraph, made: VersionsByAsset, now: Moment): PlanningState {
  return {
    assets: new Map(
      Array.from(graph.assets, ([key, { partitions }]): [string, AssetState] => {
        const none = emptySetOf(partitions);
        const materialized = namedSet(partitions, (made.get(key) ?? new Map()).keys());
        return [key, { materialized, failed: none, inProgress: none, ...versionsOf(graph, key, made, now) }];
      }),
    ),
  };
}

export function versionsOf(
  graph: AssetGraph,
  key: string,
  made: VersionsByAsset,
  now: Moment,
): Pick<AssetState, "origins" | "changes"> {
  const { partitions } = assetOf(graph, key);
  const versions = made.get(key) ?? new Map<PartitionId, CurrentVersion>();
  const alike = Map.groupBy(versions, ([, { codeVersion, schemaHash, inputs }]) =>
    JSON.stringify([codeVersion, schemaHash, Object.keys(inputs).toSorted()]),
  );
  const origins = Array.from(alike.values(), (same): Origin => {
    const { dataVersion: _, inputs, ...origin } = same[0]![1];
    return {
      ...origin,
      reads: Object.keys(inputs),
      partitions: namedSet(
        partitions,
        same.map(([id]) => id),
      ),
    };
  });
  const changes = strongDependencies(graph, key).map((dependency) => {
    const join = joinOf(graph, partitions, dependency);
    const read = new Map(Array.from(versions, ([id, { inputs }]) => [id, inputs[dependency.asset] ?? null]));
    const current = new Map(
      Array.from(made.get(dependency.asset) ?? [], ([id, { dataVersion }]) => [id as string, dataVersion]),
    );
    return [dependency.name, changedInputs(join, comparePartitions(join, read, current, now))] as const;
  });
  return { origins, changes: new Map(changes) };
}

/** Those that the definition has. */
function namedSet(definition: PartitionsDefinition, ids: Iterable<PartitionId>): PartitionSet {
  return setOfPartitions(definition, Array.from(ids, (id) => partitionIfAny(definition, id) ?? []).flat());
}
