/** The moment as of which things are planned and judged: the time, and the keys that dynamic partitions have then. */
import type { Snapshot } from "../definitions/snapshot.ts";
import type { Queryable } from "../instance/database.ts";
import { dynamicKeysAt } from "../instance/dynamic-partitions.ts";
import { dynamicNamesIn } from "../partitions/dynamic-names.ts";
import type { Moment, MomentWithKeys } from "../partitions/moment.ts";

/**
 * @param definitions what is asked about: a snapshot, or assets of several
 * @param revision of the keys; what a run was planned at, or now
 */
export async function readMoment(
  db: Queryable,
  definitions: Pick<Snapshot, "assets"> & Partial<Pick<Snapshot, "checks">>,
  now: Temporal.Instant,
  revision?: number,
): Promise<MomentWithKeys> {
  const names = dynamicNamesIn(
    [...definitions.assets, ...(definitions.checks ?? [])].map(({ partitions }) => partitions),
  );
  if (names.length === 0) return { now, dynamicKeys: new Map(), keysRevision: revision ?? 0 };
  const known = await dynamicKeysAt(db, names, revision);
  return { now, dynamicKeys: known.keys, keysRevision: known.revision };
}

/** The moment that a run was planned at. */
export function momentOfRun(
  db: Queryable,
  definitions: Pick<Snapshot, "assets" | "checks">,
  { asOf, keysRevision }: { readonly asOf: Temporal.Instant; readonly keysRevision: number },
): Promise<Moment> {
  return readMoment(db, definitions, asOf, keysRevision);
}
