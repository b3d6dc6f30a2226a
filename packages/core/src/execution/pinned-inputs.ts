/**
 * What a step reads, pinned at its first claim to (asset, partition, version, staged object): every retry reads the same,
 * whatever is made meanwhile.
 */
import { IrokoError } from "../errors.ts";
import type { Metadata } from "../definitions/metadata.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import type { Queryable } from "../instance/database.ts";
import type { PinnableRow } from "../instance/asset-partitions.ts";
import { isOneToOne, readsAlike, readsWhatThereIs, upstreamPartitions, type Join } from "../graph/joins.ts";
import type { Moment } from "../partitions/moment.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import type { Partition, PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { partitionOf, partitionsIn, setOfPartitions } from "../partitions/partitions-in.ts";
import { containsPartition } from "../partitions/set-algebra.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { shellQuote } from "../shell-quote.ts";
import { nameOf, toPartitionRecord } from "./child/partition-record.ts";
import type { PartitionRecord } from "./step-protocol.ts";
import { assetOf, type StepDefinition } from "./step-definition.ts";

export interface PinnedInputs {
  /** Each upstream version once. */
  readonly objects: readonly PinnedVersion[];
  /** By the step's partition: what it reads, as places in `objects`. */
  readonly uses: Readonly<Record<string, readonly PinnedUse[]>>;
}

export interface PinnedUse {
  readonly role: "dependency" | "previous" | "compare";
  readonly name: string;
  readonly asset: string;
  readonly weak: boolean;
  readonly objects: readonly number[];
}

export interface PinnedVersion {
  readonly asset: string;
  readonly partition: PartitionRecord;
  readonly version: number;
  /** undefined: the asset stores nothing, or lives elsewhere. */
  readonly objectKey?: string;
  readonly etag?: string;
  readonly rows: number;
  readonly bytes: number;
  readonly schemaHash: string;
  readonly dataVersion: string;
  readonly metadata: Metadata;
}

export const noInputs: PinnedInputs = { objects: [], uses: {} };

/** What is current of partitions, and perhaps of others, by `asset partition`; those never made are not in it. */
export type LookUpCurrent = (
  wanted: readonly { readonly asset: string; readonly partition: string }[],
) => Promise<ReadonlyMap<string, PinnableRow>>;

/**
 * Looks up what is current of everything the step's partitions read.
 *
 * @throws {IrokoError} INPUT_MISSING when a required upstream partition has not been made, or none of "all"
 */
export async function pinInputsOf(
  db: Queryable,
  lookUp: LookUpCurrent,
  snapshot: Snapshot,
  definition: StepDefinition,
  step: {
    readonly assets: readonly string[];
    readonly partitions: readonly Partition[];
    readonly now: Moment;
  },
): Promise<PinnedInputs> {
  const wanted = await withStoredMappings(db, step.now, (now) => wantedInputs(snapshot, definition, { ...step, now }));
  if (wanted.length === 0) return noInputs;
  const pairs = new Map<string, { asset: string; partition: string }>();
  for (const want of wanted) {
    for (const partition of want.partitions)
      pairs.set(`${want.asset} ${partition.id}`, { asset: want.asset, partition: partition.id });
  }
  const current = await lookUp([...pairs.values()]);

  const objects: PinnedVersion[] = [];
  const places = new Map<string, number>();
  const uses: Record<string, PinnedUse[]> = {};
  for (const want of wanted) {
    const used: number[] = [];
    for (const partition of want.partitions) {
      const name = `${want.asset} ${partition.id}`;
      const row = current.get(name);
      if (row === undefined) {
        if (want.required === "each") throw missingInput(want.asset, partition);
        continue;
      }
      let place = places.get(name);
      if (place === undefined) {
        place = objects.push(pinnedVersion(row, partition)) - 1;
        places.set(name, place);
      }
      used.push(place);
    }
    const [first] = want.partitions;
    if (want.required === "some" && used.length === 0 && first) throw missingInput(want.asset, first);
    (uses[want.of.id] ??= []).push({
      role: want.role,
      name: want.name,
      asset: want.asset,
      weak: want.weak,
      objects: used,
    });
  }
  return { objects, uses };
}

interface Wanted {
  readonly of: Partition;
  readonly role: PinnedUse["role"];
  readonly name: string;
  readonly asset: string;
  readonly weak: boolean;
  readonly required: "each" | "some" | "none";
  readonly partitions: readonly Partition[];
}

function wantedInputs(
  snapshot: Snapshot,
  definition: StepDefinition,
  step: {
    readonly assets: readonly string[];
    readonly partitions: readonly Partition[];
    readonly now: Moment;
  },
): readonly Wanted[] {
  const wanted: Wanted[] = [];
  for (const [role, deps] of [
    ["dependency", definition.deps],
    ["compare", definition.compares],
  ] as const) {
    for (const { name, asset, weak, mapping } of deps) {
      const upstream = assetOf(snapshot, asset);
      if (upstream === undefined) continue;
      const isOptional = role === "compare" || weak || upstream.kind !== "asset";
      const required = isOptional ? "none" : readsWhatThereIs(mapping) ? "some" : "each";
      const join = { mapping, upstream: upstream.partitions, downstream: definition.partitions };
      const readBy = readers(join, step.partitions, step.now);
      for (const of of step.partitions) wanted.push({ of, role, name, asset, weak, required, partitions: readBy(of) });
    }
  }
  if (definition.readsPrevious) {
    for (const { name, asset } of definition.outputs) {
      if (!step.assets.includes(asset)) continue;
      for (const of of step.partitions)
        wanted.push({ of, role: "previous", name, asset, weak: true, required: "none", partitions: [of] });
    }
  }
  return wanted;
}

/** What each of these partitions reads: mapped one by one only where the mapping does not tell it of all at once. */
function readers(join: Join, partitions: readonly Partition[], now: Moment): (of: Partition) => readonly Partition[] {
  const readByAny = (some: readonly Partition[]): PartitionSet =>
    upstreamPartitions(join, setOfPartitions(join.downstream, some), now);
  if (isOneToOne(join)) {
    const there = readByAny(partitions);
    return (of) => (containsPartition(there, of) ? [of] : []);
  }
  if (readsAlike(join)) {
    const all = [...partitionsIn(join.upstream, readByAny(partitions))];
    return () => all;
  }
  return (of) => [...partitionsIn(join.upstream, readByAny([of]))];
}

function pinnedVersion(row: PinnableRow, partition: Partition): PinnedVersion {
  return {
    asset: row.asset,
    partition: toPartitionRecord(partition),
    version: row.version,
    ...(row.objectKey === null ? {} : { objectKey: row.objectKey }),
    ...(row.etag === null ? {} : { etag: row.etag }),
    rows: row.rows,
    bytes: row.bytes,
    schemaHash: row.schemaHash ?? "",
    dataVersion: row.dataVersion,
    metadata: row.metadata ?? {},
  };
}

/** Data versions read for one partition, by asset and upstream partition: what staleness compares with. */
export function inputVersions(inputs: PinnedInputs, partition: string): Record<string, Record<string, string>> {
  const versions: Record<string, Record<string, string>> = {};
  for (const use of inputs.uses[partition] ?? []) {
    if (use.role !== "dependency" || use.weak) continue;
    const of = (versions[use.asset] ??= {});
    for (const place of use.objects) {
      const object = inputs.objects[place];
      if (object !== undefined) of[object.partition.id] = object.dataVersion;
    }
  }
  return versions;
}

/** A partition as a table names it, in the definition's own words. */
export function recordOfId(definition: PartitionsDefinition, id: string): PartitionRecord {
  return toPartitionRecord(partitionOf(definition, id));
}

function missingInput(asset: string, partition: Partition): IrokoError {
  const where = nameOf(asset, partition);
  return new IrokoError("INPUT_MISSING", `${where} has not been made, and this step reads it.`, {
    hint: `Make it first: iroko materialize --select '${asset}'${partition.key === "" ? "" : ` --partition ${shellQuote(partition.key)}`}`,
    details: { asset, partition: partition.key },
  });
}
