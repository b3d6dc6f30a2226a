/**
 * Compares what partitions have read of an upstream asset with what is current there, partition by partition. Whoever has
 * very many of them asks `version-columns.ts` first which ones are worth the look.
 */
import type { Moment } from "../partitions/moment.ts";
import { partitionIfAny } from "../partitions/table-name.ts";
import { partitionsIn, setOfPartitions } from "../partitions/partitions-in.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import type { ChangedInputs } from "./asset-state.ts";
import { isOneToOne, readsAlike, upstreamPartitions, type Join } from "./joins.ts";

/** A partition, what it needs of an upstream asset, and what of that is current there and was not read. */
export interface PartitionChanges {
  readonly partition: Partition;
  readonly needed: readonly Partition[];
  readonly changed: readonly Partition[];
}

/** Data versions read, by upstream partition; null: the asset was not read at all. */
export type ReadVersions = Readonly<Record<string, string>> | null;

/**
 * What was read, by partition, against what is current upstream; partitions that the definition does not have any more
 * are passed over.
 *
 * @param current of every needed upstream partition that is made, its data version
 */
export function comparePartitions(
  join: Join,
  read: ReadonlyMap<string, ReadVersions>,
  current: ReadonlyMap<string, string>,
  now: Moment,
): readonly PartitionChanges[] {
  const neededBy = neededPartitions(join, now);
  return Array.from(read, ([id, versions]): readonly PartitionChanges[] => {
    const partition = partitionIfAny(join.downstream, id);
    if (!partition) return [];
    const needed = neededBy(partition);
    const changed = needed.filter((upstream) => {
      const version = current.get(upstream.id);
      return version !== undefined && version !== versions?.[upstream.id];
    });
    return changed.length === 0 ? [] : [{ partition, needed, changed }];
  }).flat();
}

/** The upstream partitions that one of a join's downstream partitions needs. */
export function neededPartitions(join: Join, now: Moment): (partition: Partition) => readonly Partition[] {
  if (isOneToOne(join)) return (partition) => [partition];
  let same: readonly Partition[] | undefined;
  return (partition) => {
    if (same) return same;
    const set = upstreamPartitions(join, setOfPartitions(join.downstream, [partition]), now);
    const needed = [...partitionsIn(join.upstream, set)];
    if (readsAlike(join)) same = needed;
    return needed;
  };
}

/**
 * As few sets as say exactly the same: of a partition, what its set's `upstream` has of what it needs is what changed for
 * it. That is one pair of sets, unless partitions that share an upstream one have read different versions of it.
 */
export function changedInputs(join: Join, found: readonly PartitionChanges[]): readonly ChangedInputs[] {
  const changedAnywhere = new Set(found.flatMap(({ changed }) => changed.map(({ id }) => id)));
  const isPlain = ({ needed, changed }: PartitionChanges): boolean =>
    needed.reduce((count, { id }) => count + (changedAnywhere.has(id) ? 1 : 0), 0) === changed.length;
  const groups = Map.groupBy(found, (one) => (isPlain(one) ? "" : JSON.stringify(one.changed.map(({ id }) => id))));
  return Array.from(groups.values(), (same) => ({
    partitions: setOfPartitions(
      join.downstream,
      same.map(({ partition }) => partition),
    ),
    upstream: setOfPartitions(
      join.upstream,
      new Map(same.flatMap(({ changed }) => changed.map((one) => [one.id, one]))).values(),
    ),
  }));
}
