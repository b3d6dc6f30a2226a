import type { Partition } from "../partitions/partitions-definition.ts";
import type { Relation, StepScope } from "./io-manager.ts";
import type { Json, Metadata } from "./metadata.ts";
import type { TableSchema } from "./table-schema.ts";

/** What is known of an asset's earlier partitions, oldest first: rows of current versions, those of this step included. */
export interface PartitionHistory {
  readonly partition: Partition;
  readonly rows: number;
}

export interface CheckContext {
  readonly asset: string;
  readonly partition: Partition;
  readonly schema: TableSchema;
  /** The staged file. */
  readonly self: Relation<Record<string, unknown>>;
  /** The step's dependencies for this partition, by name. */
  readonly deps: Readonly<Record<string, Relation<Record<string, unknown>> | undefined>>;
  /** The version that is current until this one commits; undefined for a first one. */
  readonly previous: Relation<Record<string, unknown>> | undefined;
  /** As many partitions before this one as the check's `history` asks for. */
  readonly history: readonly PartitionHistory[];
  readonly scope: StepScope;
}

export interface CheckOutcome {
  readonly passed: boolean;
  /** One sentence: what was found. */
  readonly message?: string;
  /** How many rows broke it. */
  readonly violations?: number;
  /** Some of them, sensitive columns masked. */
  readonly sample?: readonly Readonly<Record<string, Json>>[];
  readonly metadata?: Metadata;
}

/** A check on an asset's output, run on the staged file before the commit. `Column` names the columns it reads. */
export interface Check<Column extends string = string> {
  readonly name: string;
  /** e.g. "unique", "sql". */
  readonly kind: string;
  readonly description?: string;
  readonly severity: "error" | "warn";
  /** A failed blocking check keeps the partition from being committed. */
  readonly blocking: boolean;
  readonly columns: readonly Column[];
  /** How many earlier partitions' row counts it wants. */
  readonly history: number;
  /** SQL whose binding `iroko check` proves before anything runs. */
  readonly sql?: string;
  run(context: CheckContext): Promise<CheckOutcome>;
}
