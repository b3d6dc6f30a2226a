/** What is to be explained: `daily_revenue`, `daily_revenue@2026-11-20`, `daily_revenue@last:7 and not stale`. */
import { assetOf, type AssetGraph } from "../graph/asset-graph.ts";
import { stateOf, type AssetStaleness } from "../graph/staleness.ts";
import type { PlanningState } from "../graph/asset-state.ts";
import { IrokoError } from "../errors.ts";
import { existing } from "../partitions/existing.ts";
import type { Moment } from "../partitions/moment.ts";
import { parsePartitions } from "../partitions/parse-partitions.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { union } from "../partitions/set-algebra.ts";
import type { ExplainedGroup } from "./explanation.ts";

/** @throws {IrokoError} ASSET_NOT_FOUND */
export function splitTarget(
  graph: AssetGraph,
  text: string,
): { readonly key: string; readonly partitions: string | undefined } {
  const at = text.indexOf("@");
  const key = (at < 0 ? text : text.slice(0, at)).trim();
  assetOf(graph, key);
  return { key, partitions: at < 0 ? undefined : text.slice(at + 1).trim() };
}

/**
 * The partitions that are meant, or why they do not exist yet.
 *
 * @throws {IrokoError} PARTITION_FORMAT, PARTITION_NOT_FOUND, PARTITION_RANGE
 */
export function readTarget(
  {
    graph,
    state,
    staleness,
    now,
  }: {
    readonly graph: AssetGraph;
    readonly state: PlanningState;
    readonly staleness: ReadonlyMap<string, AssetStaleness>;
    readonly now: Moment;
  },
  key: string,
  text: string | undefined,
): PartitionSet | ExplainedGroup {
  const asset = assetOf(graph, key);
  const { partitions } = asset;
  if (partitions.kind === "none" || text === undefined || text === "all") return existing(partitions, now);
  const { failed } = stateOf(state, asset);
  const { missing, stale, behind } = staleness.get(key)!;
  try {
    return parsePartitions(partitions, text, { now, sets: { missing, failed, stale: union(stale, behind) } });
  } catch (error) {
    if (error instanceof IrokoError && (error.code === "PARTITION_OPEN" || error.code === "PARTITION_FUTURE"))
      return notYet(key, text, error);
    throw error;
  }
}

function notYet(asset: string, text: string, { code, message, details }: IrokoError): ExplainedGroup {
  const from = details?.["existsFrom"];
  return {
    status: "not yet",
    partitions: text,
    count: 1,
    because: [
      {
        code: code === "PARTITION_OPEN" ? "WINDOW_OPEN" : "WINDOW_FUTURE",
        message: message.replace(/\.$/, ""),
        asset,
        partitions: text,
        ...(typeof from === "string" ? { until: Temporal.Instant.from(from) } : {}),
      },
    ],
  };
}
