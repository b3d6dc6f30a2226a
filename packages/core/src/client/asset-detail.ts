/** What there is to know of an asset: how it stands, and in full, what it is made of. */
import { z } from "zod";
import type { SnapshotAsset } from "../definitions/snapshot.ts";
import type { RetryPolicy } from "../definitions/retry-policy.ts";
import type { Column } from "../definitions/table-schema.ts";
import { column } from "./columns.ts";
import { instant, number, tags, text, texts } from "./values.ts";

/** The worst thing first. */
export type AssetHealth = "failed" | "running" | "missing" | "made" | "unknown";

export interface AssetStatus {
  readonly health: AssetHealth;
  /** One sentence for people. */
  readonly sentence: string;
  /** In the text form; null: none. */
  readonly partitions: {
    readonly exists: string | null;
    readonly made: string | null;
    readonly missing: string | null;
    readonly failed: string | null;
    readonly running: string | null;
  };
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: string | null;
}

export interface Asset extends Pick<SnapshotAsset, "key" | "kind" | "group" | "kinds" | "owners" | "tags"> {
  readonly description: string | null;
  readonly location: string;
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  readonly status: AssetStatus;
}

/** An asset by numbers. */
export interface AssetCounts extends Pick<Asset, "key" | "group" | "kinds" | "owners"> {
  readonly external: boolean;
  /** How many exist now. */
  readonly partitions: number;
  readonly made: number;
  readonly failed: number;
  readonly stale: number;
  readonly rows: number;
  readonly bytes: number;
  readonly lastMadeAt: string | null;
}

export interface AssetDetail extends Asset {
  readonly schema: { readonly columns: readonly Column[]; readonly hash: string } | null;
  readonly storage: { readonly kind: string; readonly path: string; readonly extension: string } | null;
  readonly codeVersion: string | null;
  /** As the snapshot has it: its `kind` is time, fixed, dynamic, multi or none. */
  readonly partitionsDefinition: { readonly kind: string };
  readonly compute: AssetCompute | null;
  readonly checks: readonly AssetCheck[];
}

/** What makes it. */
export interface AssetCompute {
  readonly name: string;
  /** Made together with it, itself among them. */
  readonly outputs: readonly string[];
  readonly deps: readonly { readonly name: string; readonly asset: string; readonly weak: boolean }[];
  readonly pools: readonly string[];
  readonly retry: RetryPolicy;
  readonly sql: string | null;
  /** The JSON schema of its config; null where it takes none. */
  readonly config: unknown;
}

export interface AssetCheck {
  readonly name: string;
  readonly severity: "error" | "warn";
  readonly blocking: boolean;
  readonly description: string | null;
}

const assetStatus: z.ZodType<AssetStatus> = z
  .object({
    health: z.enum(["failed", "running", "missing", "made", "unknown"]),
    sentence: text,
    partitions: z.object({
      exists: text.nullable(),
      made: text.nullable(),
      missing: text.nullable(),
      failed: text.nullable(),
      running: text.nullable(),
    }),
    rows: number,
    bytes: number,
    lastMadeAt: instant.nullable(),
  })
  .meta({ id: "AssetStatus" });

const assetFields = {
  key: text,
  kind: z.enum(["asset", "external"]),
  group: text,
  kinds: texts,
  owners: texts,
  tags,
  description: text.nullable(),
  location: text,
  upstream: texts,
  downstream: texts,
  status: assetStatus,
};

export const asset: z.ZodType<Asset> = z.object(assetFields).meta({ id: "Asset" });

export const assetCounts: z.ZodType<AssetCounts> = z
  .object({
    key: text,
    group: text,
    kinds: texts,
    owners: texts,
    external: z.boolean(),
    partitions: number,
    made: number,
    failed: number,
    stale: number,
    rows: number,
    bytes: number,
    lastMadeAt: instant.nullable(),
  })
  .meta({ id: "AssetCounts" });

export const assetDetail: z.ZodType<AssetDetail> = z
  .object({
    ...assetFields,
    schema: z.object({ columns: z.array(column), hash: text }).nullable(),
    storage: z.object({ kind: text, path: text, extension: text }).nullable(),
    codeVersion: text.nullable(),
    partitionsDefinition: z.looseObject({ kind: text }),
    compute: z
      .object({
        name: text,
        outputs: texts,
        deps: z.array(z.object({ name: text, asset: text, weak: z.boolean() })),
        pools: texts,
        retry: z.object({
          maxRetries: number,
          backoff: z.enum(["constant", "linear", "exponential"]),
          baseSeconds: number,
          capSeconds: number,
          jitter: z.enum(["none", "full", "equal", "decorrelated"]),
          retryOn: z.union([z.literal("transient"), z.array(z.string())]),
        }),
        sql: text.nullable(),
        config: z.unknown(),
      })
      .nullable(),
    checks: z.array(
      z.object({
        name: text,
        severity: z.enum(["error", "warn"]),
        blocking: z.boolean(),
        description: text.nullable(),
      }),
    ),
  })
  .meta({ id: "AssetDetail" });
