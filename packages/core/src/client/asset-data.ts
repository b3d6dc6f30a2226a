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

const source = z.object({ asset: text, column: text.nullable() });

export const assetData: {
  readonly outlook: Operation<AssetInput, AssetOutlook>;
  readonly columns: Operation<AssetInput, AssetColumns>;
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
