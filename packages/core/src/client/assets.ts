/** Assets: how each stands, what is made of it, what was there before, and why. */
import { z } from "zod";
import { asset, assetCounts, assetDetail, type Asset, type AssetCounts, type AssetDetail } from "./asset-detail.ts";
import {
  assetPartition,
  assetStanding,
  assetVersion,
  checkResult,
  type AssetPartition,
  type AssetStanding,
  type AssetVersion,
  type CheckResult,
} from "./asset-partitions.ts";
import { eventCursor, instanceEvent, type InstanceEvent } from "./events.ts";
import { explained, type ExplainedAsset } from "./explained.ts";
import { cursorOf, listOperation } from "./list-operation.ts";
import type { ListOperation, Operation } from "./operation.ts";
import { gridCell, partitionGrid, type GridInput, type PartitionGrid } from "./partition-grid.ts";
import { flag, name, number, partitionKey, partitionsText, selection, text } from "./values.ts";

export interface AssetInput {
  readonly key: string;
}

export interface AssetsInput {
  /** In the selection grammar. */
  readonly select?: string | undefined;
  /** The code location; needed with a selection where there are several. */
  readonly location?: string | undefined;
  /** A selection that selects nothing is no mistake. */
  readonly allowEmpty?: boolean | undefined;
}

/** What is stale, and why. */
export interface AssetStaleness {
  /** In the text form; null: nothing. */
  readonly stale: string | null;
  readonly causes: readonly { readonly partitions: string; readonly reason: string }[];
}

export interface PartitionInput extends AssetInput {
  /** Left out where the asset has none. */
  readonly partition?: string | undefined;
}

export interface ExplainInput extends AssetInput {
  /** In the text form; all that exist where left out. */
  readonly partitions?: string | undefined;
}

export interface RollbackInput extends PartitionInput {
  /** A kept version; by default the one before that which is shown now. */
  readonly to?: number | undefined;
}

export interface RolledBack {
  /** What was current until now. */
  readonly from: number;
  /** What is shown again. */
  readonly to: number;
  /** Under which number. */
  readonly version: number;
}

const assetInput: z.ZodType<AssetInput> = z.strictObject({ key: name });

export const assets: {
  readonly list: ListOperation<AssetsInput, Asset>;
  readonly counts: ListOperation<AssetsInput, AssetCounts>;
  readonly get: Operation<AssetInput, AssetDetail>;
  readonly staleness: Operation<AssetInput, AssetStaleness>;
  readonly explain: Operation<ExplainInput, ExplainedAsset>;
  readonly grid: Operation<GridInput, PartitionGrid>;
  readonly standing: Operation<PartitionInput, AssetStanding>;
  readonly partitions: ListOperation<PartitionInput, AssetPartition>;
  readonly versions: ListOperation<PartitionInput, AssetVersion>;
  readonly checks: ListOperation<PartitionInput, CheckResult>;
  readonly events: ListOperation<AssetInput, InstanceEvent>;
  readonly rollback: Operation<RollbackInput, RolledBack>;
} = {
  list: listOperation<AssetsInput, Asset>({
    path: "/assets",
    role: "viewer",
    summary: "Assets upstream first, each with its status",
    input: { select: selection.optional(), location: name.optional(), allowEmpty: flag.optional() },
    item: asset,
    page: { normal: 1_000, most: 10_000 },
  }),
  counts: listOperation<AssetsInput, AssetCounts>({
    path: "/asset-counts",
    role: "viewer",
    summary: "Assets of a code location, upstream first: how many partitions exist, are made, failed and are stale",
    input: { select: selection.optional(), location: name.optional(), allowEmpty: flag.optional() },
    item: assetCounts,
    page: { normal: 1_000, most: 10_000 },
  }),
  get: {
    method: "GET",
    path: "/assets/{key}",
    role: "viewer",
    summary: "An asset: its status, schema, checks and what makes it",
    input: assetInput,
    answer: assetDetail,
  },
  staleness: {
    method: "GET",
    path: "/assets/{key}/staleness",
    role: "viewer",
    summary: "What of an asset is stale, and why",
    input: assetInput,
    answer: z.object({
      stale: text.nullable(),
      causes: z.array(z.object({ partitions: text, reason: text })),
    }),
  },
  explain: {
    method: "GET",
    path: "/assets/{key}/explain",
    role: "viewer",
    summary: "Why its partitions are as they are, down to the first cause; those that stand alike together",
    input: z.strictObject({ key: name, partitions: partitionsText.optional() }),
    answer: explained,
  },
  grid: {
    method: "GET",
    path: "/assets/{key}/grid",
    role: "viewer",
    summary: "How its partitions stand, a letter each; where they are many, a letter for a day, month or year of them",
    input: z.strictObject({ key: name, within: partitionsText.optional(), cell: gridCell.optional() }),
    answer: partitionGrid,
  },
  standing: {
    method: "GET",
    path: "/assets/{key}/standing",
    role: "viewer",
    summary: "How many of its partitions are made, missing, failed, stale or being made, and which",
    input: z.strictObject({ key: name, partition: partitionKey.optional() }),
    answer: assetStanding,
  },
  partitions: listOperation<PartitionInput, AssetPartition>({
    path: "/assets/{key}/partitions",
    role: "viewer",
    summary: "Partitions with a version or an outcome, the newest first; only one, where it is named",
    input: { key: name, partition: partitionKey.optional() },
    item: assetPartition,
    page: { normal: 100, most: 1_000 },
  }),
  versions: listOperation<PartitionInput, AssetVersion>({
    path: "/assets/{key}/versions",
    role: "viewer",
    summary: "What can still be read of a partition, the newest first",
    input: { key: name, partition: partitionKey.optional() },
    item: assetVersion,
    page: { normal: 100, most: 1_000 },
    cursor: z.string().regex(/^\d{1,15}$/),
  }),
  checks: listOperation<PartitionInput, CheckResult>({
    path: "/assets/{key}/checks",
    role: "viewer",
    summary: "Latest results of its checks, those that did not pass first",
    input: { key: name, partition: partitionKey.optional() },
    item: checkResult,
    page: { normal: 200, most: 1_000 },
    cursor: cursorOf(z.tuple([z.boolean(), z.string(), z.string()])),
  }),
  rollback: {
    method: "POST",
    path: "/assets/{key}/rollback",
    role: "operator",
    summary: "Make an older version of a partition current again; workers publish it",
    input: z.strictObject({ key: name, partition: partitionKey.optional(), to: z.int().min(1).optional() }),
    answer: z.object({ from: number, to: number, version: number }),
  },
  events: listOperation<AssetInput, InstanceEvent>({
    path: "/assets/{key}/events",
    role: "viewer",
    summary: "An asset's events, the newest first",
    input: { key: name },
    item: instanceEvent,
    page: { normal: 100, most: 1_000 },
    cursor: eventCursor,
  }),
};
