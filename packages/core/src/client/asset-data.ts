/** What is in an asset's data, and where it comes from: its columns' lineage, and the first of its rows. */
import { z } from "zod";
import type {
  AssetColumn,
  AssetColumns,
  ColumnOrigin,
  ColumnReader,
  ColumnSource,
} from "../definitions/column-lineage.ts";
import type { Json } from "../definitions/metadata.ts";
import type { AssetInput, PartitionInput } from "./assets.ts";
import type { Operation } from "./operation.ts";
import { instant, json, name, number, partitionKey, text, texts } from "./values.ts";

export type { AssetColumn, AssetColumns, ColumnOrigin, ColumnReader, ColumnSource };

export interface AssetRows {
  readonly version: number;
  /** Of the version; null where nobody counted. */
  readonly total: number | null;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly masked: boolean }[];
  readonly rows: readonly (readonly Json[])[];
}

/** Of the newest 5,000 partitions that are made. */
export interface AssetSeries {
  /** How many are told of. */
  readonly partitions: number;
  /** Their first and last key; null: none is made. */
  readonly first: string | null;
  readonly last: string | null;
  /** None of numbers that never move, and equal ones once. */
  readonly series: readonly Series[];
}

/** A number that each partition has: its rows, its bytes, or one of its metadata. */
export interface Series {
  readonly name: string;
  readonly unit: "count" | "bytes" | "seconds";
  readonly least: PartitionNumber;
  readonly most: PartitionNumber;
  readonly latest: PartitionNumber;
  readonly lines: readonly SeriesLine[];
  /** Lines that are not told of. */
  readonly linesLeft: number;
}

export interface PartitionNumber {
  readonly value: number;
  readonly key: string;
}

export interface SeriesLine {
  /** What its partitions are in dimensions other than time; null where there are none. */
  readonly of: string | null;
  readonly points: readonly SeriesPoint[];
}

/** From 0, the first, to 1; the number; whether the partition before it is the point before it, and not missing. */
export type SeriesPoint = readonly [x: number, value: number, joined: boolean];

export interface LaggingKeys {
  readonly dimensions: readonly string[];
  /** How many they are, of how many; combinations where there are several dimensions. */
  readonly count: number;
  readonly of: number;
  /** The first of them, the furthest behind first; null: of it nothing is fresh. */
  readonly furthest: readonly { readonly key: string; readonly freshTo: string | null }[];
}

/** How far it is fresh, how much lacks, when it is made next. */
export interface AssetOutlook {
  /** How many exist now, and how many of them stand how. */
  readonly partitions: number;
  readonly missing: number;
  readonly failed: number;
  readonly stale: number;
  /** Made, and not stale. */
  readonly fresh: number;
  /**
   * The key of the latest partition in time that is fresh, of several dimensions that at least half of the other keys have
   * fresh; null: there is none, or not one dimension of time.
   */
  readonly freshTo: string | null;
  /** The keys of the other dimensions that are not fresh that far; null: all are. */
  readonly lagging: LaggingKeys | null;
  /** The first of the ticks to come that ask for it. */
  readonly next: { readonly at: string; readonly schedule: string; readonly timezone: string } | null;
  /** How many there are whose job may make it; those that are off or paused have no tick to come. */
  readonly schedules: number;
  readonly timezone: string;
  /** The store, a folder or s3://bucket/prefix; null where the server was not told. */
  readonly store: string | null;
}

const partitionNumber = z.object({ value: number, key: text });
const source = z.object({ asset: text, column: text.nullable() });

export const assetData: {
  readonly outlook: Operation<AssetInput, AssetOutlook>;
  readonly columns: Operation<AssetInput, AssetColumns>;
  readonly series: Operation<AssetInput, AssetSeries>;
  readonly rows: Operation<PartitionInput, AssetRows>;
} = {
  outlook: {
    method: "GET",
    path: "/assets/{key}/outlook",
    role: "viewer",
    summary: "How far it is fresh, how much of it is missing, failed and stale, and when it is made next",
    input: z.strictObject({ key: name }),
    answer: z.object({
      partitions: number,
      missing: number,
      failed: number,
      stale: number,
      fresh: number,
      freshTo: text.nullable(),
      lagging: z
        .object({
          dimensions: texts,
          count: number,
          of: number,
          furthest: z.array(z.object({ key: text, freshTo: text.nullable() })),
        })
        .nullable(),
      next: z.object({ at: instant, schedule: text, timezone: text }).nullable(),
      schedules: number,
      timezone: text,
      store: text.nullable(),
    }),
  },
  columns: {
    method: "GET",
    path: "/assets/{key}/columns",
    role: "viewer",
    summary: "Where each of its columns comes from, as declared or as its SQL says, and who reads it",
    input: z.strictObject({ key: name }),
    answer: z.object({
      columns: z.array(
        z.object({
          column: text,
          from: z.array(source),
          unknown: text.nullable(),
          source: z.enum(["declared", "sql"]).nullable(),
          transformation: z.enum(["identity", "transformation", "aggregation"]).nullable(),
          description: text.nullable(),
          sql: z.object({ from: z.array(source), unknown: text.nullable() }).nullable(),
          readBy: z.array(z.object({ asset: text, columns: texts })),
        }),
      ),
      otherReaders: texts,
    }),
  },
  series: {
    method: "GET",
    path: "/assets/{key}/series",
    role: "viewer",
    summary: "Its rows, bytes and numeric metadata over its newest partitions, thinned to what can be drawn",
    input: z.strictObject({ key: name }),
    answer: z.object({
      partitions: number,
      first: text.nullable(),
      last: text.nullable(),
      series: z.array(
        z.object({
          name: text,
          unit: z.enum(["count", "bytes", "seconds"]),
          least: partitionNumber,
          most: partitionNumber,
          latest: partitionNumber,
          lines: z.array(
            z.object({ of: text.nullable(), points: z.array(z.tuple([z.number(), z.number(), z.boolean()])) }),
          ),
          linesLeft: number,
        }),
      ),
    }),
  },
  // It changes nothing, but is told in the audit, as everything is that is no GET.
  rows: {
    method: "POST",
    path: "/assets/{key}/rows",
    role: "operator",
    summary: "The first rows of a partition's current version, sensitive columns masked; the audit tells who looked",
    input: z.strictObject({ key: name, partition: partitionKey.optional() }),
    answer: z.object({
      version: number,
      total: number.nullable(),
      columns: z.array(z.object({ name: text, type: text, masked: z.boolean() })),
      rows: z.array(z.array(json)),
    }),
    repeatable: true,
  },
};
