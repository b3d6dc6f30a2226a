/** How an asset stands: what exists of it, what is made, missing, failed, being made. All of it sets, none a list. */
import {
  countIn,
  emptySetOf,
  existing,
  formatPartitions,
  intersect,
  isEmptySet,
  subtract,
  type Moment,
  type PartitionSet,
  type PartitionsDefinition,
  type SnapshotAsset,
} from "@iroko/core";
import { assetStatuses, statusSets, type AssetStatusRow, type Database } from "@iroko/core/engine";

export type Health = "failed" | "running" | "missing" | "made" | "unknown";

export interface AssetStatus {
  readonly health: Health;
  /** One sentence for people; put into words when it is asked for: most of ten thousand are only counted. */
  readonly sentence: string;
  readonly exists: PartitionSet;
  readonly made: PartitionSet;
  readonly missing: PartitionSet;
  readonly failed: PartitionSet;
  readonly running: PartitionSet;
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: Temporal.Instant | null;
}

/** Of several assets, in one statement. */
export async function readStatuses(
  db: Database,
  assets: readonly SnapshotAsset[],
  now: Moment,
): Promise<ReadonlyMap<string, AssetStatus>> {
  const byKey = await assetStatuses(
    db,
    assets.map(({ key }) => key),
  );
  return new Map(assets.map((asset) => [asset.key, statusOf(asset, byKey.get(asset.key), now)]));
}

export function statusOf(asset: SnapshotAsset, row: AssetStatusRow | undefined, now: Moment): AssetStatus {
  const { partitions, kind } = asset;
  const { materialized: made, failed: everFailed, inProgress: running } = statusSets(partitions, row);
  const exists = existing(partitions, now);
  // Of a removed dynamic partition nothing is amiss any more.
  const failed = intersect(everFailed, exists);
  // Nobody here makes an external asset, so nothing of it can be missing.
  const missing = kind === "external" ? emptySetOf(partitions) : subtract(exists, made);
  const sets = { exists, made, missing, failed, running };
  return {
    ...sets,
    health: healthOf(asset, sets),
    get sentence() {
      return sentenceOf(asset, sets);
    },
    rows: row?.rows ?? 0,
    bytes: row?.bytes ?? 0,
    lastMadeAt: row?.lastMadeAt ?? null,
  };
}

type Sets = Pick<AssetStatus, "exists" | "made" | "missing" | "failed" | "running">;

/** The worst thing first. */
function healthOf({ kind }: SnapshotAsset, { made, missing, failed, running }: Sets): Health {
  if (!isEmptySet(failed)) return "failed";
  if (!isEmptySet(running)) return "running";
  if (kind === "external" && isEmptySet(made)) return "unknown";
  return isEmptySet(missing) ? "made" : "missing";
}

function sentenceOf({ kind, partitions }: SnapshotAsset, { exists, made, missing, failed, running }: Sets): string {
  const state = kind === "external" ? observedSentence(partitions, made) : madeSentence(partitions, exists, missing);
  const troubles = [
    isEmptySet(failed) ? [] : [`the last try failed${of(partitions, failed)}`],
    isEmptySet(running) ? [] : [`being made now${of(partitions, running)}`],
  ].flat();
  return [`${state}${troubles.length === 0 ? "" : `; ${troubles.join("; ")}`}.`].join("");
}

function madeSentence(partitions: PartitionsDefinition, exists: PartitionSet, missing: PartitionSet): string {
  if (partitions.kind === "none") return isEmptySet(missing) ? "Made" : "Never made";
  const all = countIn(partitions, exists);
  const absent = countIn(partitions, missing);
  if (all === 0) return "No partition exists yet";
  if (absent === 0) return all === 1 ? "Its one partition is made" : `All ${all} partitions are made`;
  return `${absent} of ${all} partitions ${absent === 1 ? "is" : "are"} missing${of(partitions, missing)}`;
}

function observedSentence(partitions: PartitionsDefinition, made: PartitionSet): string {
  if (isEmptySet(made)) return "Never observed";
  return partitions.kind === "none" ? "Observed" : `${countIn(partitions, made)} partitions observed`;
}

const shownRanges = 3;
const shownCharacters = 300;

function of(partitions: PartitionsDefinition, set: PartitionSet): string {
  return partitions.kind === "none" ? "" : `: ${firstRanges(partitions, set)}`;
}

/** `2026-11-01..2026-11-03, … and 2 more` */
export function firstRanges(partitions: PartitionsDefinition, set: PartitionSet): string {
  const between = partitions.kind === "multi" ? " or " : ", ";
  const ranges = formatPartitions(partitions, set).split(between);
  const rest = ranges.length - shownRanges;
  const shown = ranges.slice(0, shownRanges).join(between);
  // One box may name ten thousand tenants.
  return `${shown.length > shownCharacters ? `${shown.slice(0, shownCharacters)}…` : shown}${rest > 0 ? ` and ${rest} more` : ""}`;
}
