/** How an asset stands: what exists of it, what is made, missing, failed, being made. All of it sets, none a list. */
import {
  countIn,
  emptySetOf,
  equalSets,
  formatPartitions,
  intersect,
  isEmptySet,
  subtract,
  type Moment,
  type PartitionSet,
  type PartitionsDefinition,
  type SnapshotAsset,
} from "@iroko/core";
import { existingAt, statusSets, type AssetStatuses, type AssetStatusRow } from "@iroko/core/engine";

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

/** Of several assets. */
export async function readStatuses(
  statuses: AssetStatuses,
  assets: readonly SnapshotAsset[],
  now: Moment,
): Promise<ReadonlyMap<string, AssetStatus>> {
  const byKey = await statuses(assets.map(({ key }) => key));
  const existing = existingAt(now);
  return new Map(
    assets.map((asset) => [asset.key, rememberedStatus(asset, byKey.get(asset.key), existing(asset.partitions))]),
  );
}

// Of ten thousand assets nearly all stand as they did at the last look: their rows are the same, and no window has ended.
const remembered = new WeakMap<
  SnapshotAsset,
  { readonly row: AssetStatusRow | undefined; readonly status: AssetStatus }
>();

function rememberedStatus(asset: SnapshotAsset, row: AssetStatusRow | undefined, exists: PartitionSet): AssetStatus {
  const last = remembered.get(asset);
  if (last !== undefined && last.row === row && equalSets(last.status.exists, exists)) return last.status;
  const status = statusOf(asset, row, exists);
  remembered.set(asset, { row, status });
  return status;
}

function statusOf(asset: SnapshotAsset, row: AssetStatusRow | undefined, exists: PartitionSet): AssetStatus {
  const { partitions, kind } = asset;
  const { materialized: made, failed: everFailed, inProgress: running } = statusSets(partitions, row);
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
