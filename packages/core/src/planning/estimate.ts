/**
 * What a plan will cost, from what its assets cost before: the median of the last few partitions for each one to make. An
 * asset without history has no estimate, and the totals say of how many that holds.
 */
import type { AssetGraph } from "../graph/asset-graph.ts";
import { countIn } from "../partitions/partitions-in.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";

/** Of some partitions made last, the newest first; what is not known of one is left out of its list. */
export interface AssetHistory {
  readonly rows: readonly number[];
  readonly bytes: readonly number[];
  readonly seconds: readonly number[];
}

export type Histories = ReadonlyMap<string, AssetHistory>;

/** null: nothing to go by. */
export interface Estimate {
  readonly rows: number | null;
  readonly bytes: number | null;
  /** Of work, one step after another. */
  readonly seconds: number | null;
  /** Where it comes from: `median of its last 7 partitions`, `no history`. */
  readonly from: string;
}

export interface EstimateTotal extends Omit<Estimate, "from"> {
  /** Assets that add nothing to the sums, since nothing is known of them. */
  readonly unknown: readonly string[];
}

/** Where bytes go: a store in the network is written and read over a link, a local one is not. */
export interface EstimatedBytes {
  readonly toStore: number;
  /** What is read and not made by the plan itself; less where a machine has it in its cache. */
  readonly fromStore: number;
  /** Written to this machine's own store. */
  readonly local: number;
}

export function estimateOf(
  { partitions, kind }: { readonly partitions: { readonly kind: string }; readonly kind: string },
  count: number,
  history: AssetHistory | undefined,
): Estimate {
  if (kind === "external") return { rows: null, bytes: null, seconds: null, from: "observed, not made" };
  const known = Math.max(history?.rows.length ?? 0, history?.seconds.length ?? 0);
  if (history === undefined || known === 0) return { rows: null, bytes: null, seconds: null, from: "no history" };
  const times = (values: readonly number[]): number | null => {
    const middle = median(values);
    return middle === undefined ? null : middle * count;
  };
  const rows = times(history.rows);
  const bytes = times(history.bytes);
  return {
    rows: rows === null ? null : Math.round(rows),
    bytes: bytes === null ? null : Math.round(bytes),
    seconds: times(history.seconds),
    from: sourceOf(partitions.kind, known),
  };
}

export function totalOf(estimates: readonly { readonly asset: string; readonly estimate: Estimate }[]): EstimateTotal {
  const sum = (field: "rows" | "bytes" | "seconds"): number | null => {
    const known = estimates.flatMap(({ estimate }) => estimate[field] ?? []);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  const unknown = estimates.filter(({ estimate }) => estimate.from === "no history").map(({ asset }) => asset);
  return { rows: sum("rows"), bytes: sum("bytes"), seconds: sum("seconds"), unknown: [...new Set(unknown)] };
}

/** @param reads what the plan reads and does not make, by asset */
export function estimatedBytes(
  graph: AssetGraph,
  made: readonly { readonly asset: string; readonly estimate: Estimate }[],
  reads: readonly { readonly asset: string; readonly partitions: PartitionSet }[],
  histories: Histories,
  store: "local" | "remote",
): EstimatedBytes {
  const isStored = (key: string): boolean => graph.assets.get(key)?.storage !== undefined;
  const written = made
    .filter(({ asset }) => isStored(asset))
    .reduce((total, { estimate }) => total + (estimate.bytes ?? 0), 0);
  if (store === "local") return { toStore: 0, fromStore: 0, local: written };
  const read = reads
    .filter(({ asset }) => isStored(asset))
    .reduce((total, { asset, partitions }) => {
      const count = countIn(graph.assets.get(asset)!.partitions, partitions);
      return total + (median(histories.get(asset)?.bytes ?? []) ?? 0) * count;
    }, 0);
  return { toStore: written, fromStore: Math.round(read), local: 0 };
}

function sourceOf(kind: string, known: number): string {
  if (kind === "none") return "its last version";
  if (known === 1) return "the one partition that was made";
  return kind === "time" ? `median of its last ${known} partitions` : `median of ${known} of its partitions`;
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
