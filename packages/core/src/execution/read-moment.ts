/**
 * The moment as of which things are planned and judged: the time, the keys that dynamic partitions have then, and what
 * users' mapping functions have answered.
 */
import type { SnapshotDependency } from "../definitions/snapshot.ts";
import type { Queryable } from "../instance/database.ts";
import { dynamicKeysAt } from "../instance/dynamic-partitions.ts";
import { dynamicNamesIn } from "../partitions/dynamic-names.ts";
import type { MomentWithKeys } from "../partitions/moment.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { mappingsOf, storedMappings } from "./mapping/stored-mappings.ts";

/** What is asked about: a snapshot, assets of several ones, what a step reads. */
export interface Partitioned {
  readonly assets: readonly { readonly partitions: PartitionsDefinition }[];
  readonly checks?: readonly {
    readonly partitions: PartitionsDefinition;
    readonly deps: readonly SnapshotDependency[];
  }[];
  readonly computes?: readonly { readonly deps: readonly SnapshotDependency[] }[];
}

/** @param revision of the keys: that of a run's plan; else that of now */
export async function readMoment(
  db: Queryable,
  { assets, checks = [], computes = [] }: Partitioned,
  now: Temporal.Instant,
  revision?: number,
): Promise<MomentWithKeys> {
  const names = dynamicNamesIn([...assets, ...checks].map(({ partitions }) => partitions));
  const functions = mappingsOf([...computes, ...checks]);
  const mappings = functions.length === 0 ? {} : { mappings: await storedMappings(db, functions) };
  if (names.length === 0) return { now, dynamicKeys: new Map(), keysRevision: revision ?? 0, ...mappings };
  const known = await dynamicKeysAt(db, names, revision);
  return { now, dynamicKeys: known.keys, keysRevision: known.revision, ...mappings };
}

/** The moment that a run was planned at. */
export function momentOfRun(
  db: Queryable,
  definitions: Partitioned,
  { asOf, keysRevision }: { readonly asOf: Temporal.Instant; readonly keysRevision: number },
): Promise<MomentWithKeys> {
  return readMoment(db, definitions, asOf, keysRevision);
}
