/** The partitions of an asset: how they stand, what was there before, and what its checks found in them. */
import { z } from "zod";
import type { Metadata } from "../definitions/metadata.ts";
import type { ErrorRecord } from "../errors.ts";
import { errorRecord, instant, metadata, number, text } from "./values.ts";

export interface AssetPartition {
  /** Its name in tables, which no change of the definition renumbers. */
  readonly id: string;
  readonly key: string;
  /** null: not made. */
  readonly version: number | null;
  readonly rows: number;
  readonly bytes: number;
  readonly dataVersion: string | null;
  readonly codeVersion: string | null;
  readonly schemaHash: string | null;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly madeAt: string | null;
  /** The run that made it. */
  readonly run: string | null;
  readonly publishedVersion: number | null;
  readonly metadata: Metadata | null;
  readonly lastStatus: string | null;
  readonly lastRun: string | null;
  readonly lastAt: string | null;
  readonly lastError: ErrorRecord | null;
}

/** How many of its partitions stand how, and which, as ranges. */
export interface AssetStanding {
  readonly partitions: Readonly<
    Record<
      "existing" | "made" | "missing" | "failed" | "stale" | "behind" | "inProgress",
      { readonly partitions: string; readonly count: number }
    >
  >;
  /** Of the one partition that was asked for, or that there is: when its data was purged, if it has not been made since. */
  readonly purgedAt: string | null;
}

export interface AssetVersion {
  readonly version: number;
  readonly current: boolean;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly dataVersion: string;
  readonly objectKey: string | null;
  readonly sha256: string | null;
  readonly run: string | null;
  readonly madeAt: string;
  /** When the next one took its place. */
  readonly replacedAt: string | null;
}

export interface CheckResult {
  readonly name: string;
  readonly partition: string;
  readonly passed: boolean;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly message: string | null;
  readonly violations: number | null;
  /** Some of the rows that broke it. */
  readonly sample: unknown;
  readonly metadata: Metadata | null;
  readonly run: string | null;
  readonly at: string;
}

export const assetPartition: z.ZodType<AssetPartition> = z
  .object({
    id: text,
    key: text,
    version: number.nullable(),
    rows: number,
    bytes: number,
    dataVersion: text.nullable(),
    codeVersion: text.nullable(),
    schemaHash: text.nullable(),
    objectKey: text.nullable(),
    sha256: text.nullable(),
    madeAt: instant.nullable(),
    run: text.nullable(),
    publishedVersion: number.nullable(),
    metadata: metadata.nullable(),
    lastStatus: text.nullable(),
    lastRun: text.nullable(),
    lastAt: instant.nullable(),
    lastError: errorRecord.nullable(),
  })
  .meta({ id: "Partition" });

const counted = z.object({ partitions: text, count: number });

export const assetStanding: z.ZodType<AssetStanding> = z
  .object({
    partitions: z.object({
      existing: counted,
      made: counted,
      missing: counted,
      failed: counted,
      stale: counted,
      behind: counted,
      inProgress: counted,
    }),
    purgedAt: instant.nullable(),
  })
  .meta({ id: "AssetStanding" });

export const assetVersion: z.ZodType<AssetVersion> = z
  .object({
    version: number,
    current: z.boolean(),
    rows: number.nullable(),
    bytes: number.nullable(),
    dataVersion: text,
    objectKey: text.nullable(),
    sha256: text.nullable(),
    run: text.nullable(),
    madeAt: instant,
    replacedAt: instant.nullable(),
  })
  .meta({ id: "Version" });

export const checkResult: z.ZodType<CheckResult> = z
  .object({
    name: text,
    partition: text,
    passed: z.boolean(),
    severity: z.enum(["error", "warn"]),
    blocking: z.boolean(),
    message: text.nullable(),
    violations: number.nullable(),
    sample: z.unknown(),
    metadata: metadata.nullable(),
    run: text.nullable(),
    at: instant,
  })
  .meta({ id: "CheckResult" });
