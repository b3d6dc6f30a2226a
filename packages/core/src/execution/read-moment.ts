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
  definitions: Partitioned,
  now: Temporal.Instant,
  revision?: number,
): Promise<MomentWithKeys> {
  const { names, functions } = namedIn(definitions);
  const mappings = functions.length === 0 ? {} : { mappings: await storedMappings(db, functions) };
  if (names.length === 0) return { now, dynamicKeys: new Map(), keysRevision: revision ?? 0, ...mappings };
  const known = await dynamicKeysAt(db, names, revision);
  return { now, dynamicKeys: known.keys, keysRevision: known.revision, ...mappings };
}

interface Named {
  /** Dynamic partitions. */
  readonly names: readonly string[];
  /** Mapping functions, by their hashes. */
  readonly functions: readonly string[];
}

// Those of ten thousand assets are looked through once, not at each request.
const known = new WeakMap<Partitioned, Named>();

function namedIn(definitions: Partitioned): Named {
  let named = known.get(definitions);
  if (named === undefined) {
    const { assets, checks = [], computes = [] } = definitions;
    named = {
      names: dynamicNamesIn([...assets, ...checks].map(({ partitions }) => partitions)),
      functions: mappingsOf([...computes, ...checks]),
    };
    known.set(definitions, named);
  }
  return named;
}

/** The moment that a run was planned at. */
export function momentOfRun(
  db: Queryable,
  definitions: Partitioned,
  { asOf, keysRevision }: { readonly asOf: Temporal.Instant; readonly keysRevision: number },
): Promise<MomentWithKeys> {
  return readMoment(db, definitions, asOf, keysRevision);
}
