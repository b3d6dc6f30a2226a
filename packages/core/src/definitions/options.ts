/** The options that assets of every kind share. Wrappers such as `sqlAsset` are built on these types. */
import type { z } from "zod";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import type { Check } from "./check.ts";
import type { ColumnLineage } from "./column-lineage.ts";
import type { AssetMetricsContext } from "./context.ts";
import type { CheckDeps, Deps } from "./dependency.ts";
import type { ColumnOf, Io, Schema } from "./materialized.ts";
import type { MetadataInput } from "./metadata-values.ts";
import type { BackfillPolicy, ComputeDefinition } from "./model.ts";
import type { Resource } from "./resource.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { RetryPolicy } from "./retry-policy.ts";

export type Resources = Readonly<Record<string, Resource>>;
export type Config = z.ZodType | undefined;

/** What an asset is to people. */
export interface DescriptionOptions {
  /** "default" unless given. */
  readonly group?: string | undefined;
  /** What it is made of or with, e.g. "sql", "parquet". */
  readonly kinds?: readonly string[] | undefined;
  /** E-mail addresses, or teams as "team:data". */
  readonly owners?: readonly string[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
  /** The key that it had before: what was made under that key stays made, and nothing becomes stale by the new name. */
  readonly renamedFrom?: string | undefined;
}

/** What is stored, as what, and what must be true of it. */
export interface OutputOptions<Key extends string, S extends Schema, I extends Io> extends DescriptionOptions {
  /** Unique among all assets: letters, digits, `_`, `-` and `.`, in parts separated by `/`. */
  readonly key: Key;
  /** The row type, the Parquet schema, the contract checked before publishing, and what dependants see. */
  readonly schema?: S;
  /**
   * Which columns of its dependencies make each of its own, where no SQL tells; it wins over what SQL tells. Each field is
   * the name of a dependency with a column of it: `{ amount_ngn: ["raw.amount_kobo"] }`.
   */
  readonly columnLineage?: ColumnLineage<ColumnOf<S>> | undefined;
  /** How it is stored, e.g. `parquet({ path })`. Without it nothing is stored but metadata and data version. */
  readonly output?: I;
  /**
   * How many versions before the current one are kept, and for how many days after they were replaced: by default 3 and
   * 30, and where a column is `sensitive()` 1 and 3.
   */
  readonly retention?: Partial<RetentionPolicy> | undefined;
  /** Run on the staged file, before the commit. */
  readonly checks?: readonly Check<ColumnOf<S>>[] | undefined;
}

/** How steps are cut: one partition each, one unbroken range each, or at most so many. */
export type BackfillOption = "perPartition" | "range" | { readonly batches: number };

/** What a function needs, and how it is run. */
export interface ComputeOptions<P extends PartitionsDefinition, D extends Deps, R extends Resources, C extends Config> {
  readonly partitions?: P;
  /** By the name under which `ctx.deps` and SQL see them. */
  readonly deps?: D & NoInfer<CheckDeps<D, P>>;
  readonly resources?: R;
  /** What a run may set: `ctx.config`. */
  readonly config?: C;
  /** "perPartition" unless given. */
  readonly backfill?: BackfillOption | undefined;
  readonly retry?: RetryPolicy | undefined;
  /** An attempt that runs for longer is ended, and counts as failed. Without it one may take as long as it likes. */
  readonly timeoutSeconds?: number | undefined;
  /** Concurrency limits that each of its steps counts against. */
  readonly pools?: readonly string[] | undefined;
  /**
   * Changes when the results would. By default a hash of the SQL, or of the function's own source: not of what it
   * calls, nor of the values it closes over.
   */
  readonly codeVersion?: string | undefined;
  /** Whether it reads the version before (`ctx.previous`). */
  readonly readsPrevious?: boolean | undefined;
}

/** Typed metadata, computed once an output's file is built. */
export type MetricsFunction<P, D, R, C, Outputs> = (
  context: AssetMetricsContext<P, D, R, C, Outputs>,
) => MetadataInput | Promise<MetadataInput>;

/** For wrappers whose function is made from SQL: bound by `iroko check`, and what the code version is a hash of. */
export interface SqlSource {
  readonly sql?: ComputeDefinition["sql"];
}

export function readBackfill(option: BackfillOption | undefined): BackfillPolicy {
  if (option === undefined) return { kind: "perPartition" };
  return typeof option === "string" ? { kind: option } : { kind: "batches", size: option.batches };
}
