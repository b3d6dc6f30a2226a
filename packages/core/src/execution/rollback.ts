/**
 * Makes an older version of a partition current again, in one transaction: the pointer moves, as it does at a commit. What
 * has read the version that is taken back is stale then, and publishing follows.
 */
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";
import { listVersions, lockPointer, restoreVersion, type VersionRow } from "../instance/versions.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { shellQuote } from "../shell-quote.ts";
import { nameOf } from "./child/partition-record.ts";
import { verifyAfterSeconds } from "./finish.ts";
import type { Store } from "./store.ts";

export interface RolledBack {
  /** What was current until now. */
  readonly from: number;
  /** What is shown again. */
  readonly to: number;
  /** Under which number. */
  readonly version: number;
}

/**
 * @param to a kept version; by default the one before that which is shown now
 * @throws {IrokoError} VERSION_NOT_KEPT; PARTITION_BUSY while a run is making the partition
 */
export async function rollbackPartition(
  db: Database,
  store: Store,
  asset: SnapshotAsset,
  partition: Partition,
  to?: number,
): Promise<RolledBack> {
  const name = nameOf(asset.key, partition);
  const versions = await listVersions(db, asset.key, partition.id);
  const wanted = to === undefined ? before(versions) : versions.find(({ version }) => version === to);
  if (wanted === undefined || wanted.current) throw notKept(name, versions, to);
  if ((await store.head(wanted.objectKey!)) === undefined)
    throw notKept(name, versions, wanted.version, store.uriOf(wanted.objectKey!));
  return await db.transaction(async (tx) => {
    const pointer = await lockPointer(tx, asset.key, partition.id);
    if (pointer?.busyRun) throw partitionBusy(name, pointer.busyRun);
    // Somebody may have purged it since.
    if (pointer?.version == null) throw notKept(name, [], to);
    const version = await restoreVersion(tx, asset.key, partition.id, wanted.version, verifyAfterSeconds);
    if (version === undefined) throw notKept(name, versions, wanted.version);
    const moved = { from: pointer.version, to: wanted.version, version };
    await appendEvents(tx, [
      {
        type: "rolled_back",
        asset: asset.key,
        partitions: setOfPartitions(asset.partitions, [partition]),
        payload: moved,
      },
    ]);
    return moved;
  });
}

/** Who has gone back already goes further back: what is current may be an older version under a new number. */
function before(versions: readonly VersionRow[]): VersionRow | undefined {
  const [current] = versions;
  const shown = versions.findLast(({ objectKey }) => objectKey === current?.objectKey);
  return versions.find(({ version }) => shown !== undefined && version < shown.version);
}

export function partitionBusy(name: string, run: string): IrokoError {
  return new IrokoError("PARTITION_BUSY", `Run ${run} is making ${name}.`, {
    hint: `Wait for its end, or cancel it: iroko runs cancel ${run}`,
    details: { run },
  });
}

function notKept(name: string, versions: readonly VersionRow[], to: number | undefined, uri?: string): IrokoError {
  const others = versions.filter(({ current }) => !current).map(({ version }) => version);
  const isCurrent = versions[0]?.version === to;
  const message =
    versions.length === 0
      ? `${name} has no versions: it is not made.`
      : to === undefined
        ? `No version of ${name} before version ${versions[0]!.version} is kept.`
        : isCurrent
          ? `Version ${to} of ${name} is the current one.`
          : `Version ${to} of ${name} is not kept${uri === undefined ? "" : `: there is no object ${uri}`}.`;
  return new IrokoError("VERSION_NOT_KEPT", message, {
    hint:
      others.length > 0
        ? `Kept are: ${others.join(", ")}. Give one with --to.`
        : `Make it again instead: iroko materialize --select ${shellQuote(name.split("@")[0]!)} …; an asset's "retention" says how many versions are kept.`,
    details: { kept: others },
  });
}
