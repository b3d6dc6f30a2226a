import type { Partition } from "../partitions/partitions-definition.ts";
import type { Metadata } from "./metadata.ts";
import type { TableSchema } from "./table-schema.ts";

/** What a step is lent for as long as it runs, in its child process. */
export interface StepScope {
  /** A folder of the step's own, wiped when it ends; on the store's file system where the store is local. */
  readonly directory: string;
  /** What the step may use in all: an engine inside takes 60–65 % of it. */
  readonly memoryBytes: number;
  readonly threads: number;
  /** Aborts when the step is canceled or its worker goes. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Runs when the step ends, however it ends; the last one registered runs first. */
  onClose(close: () => void | Promise<void>): void;
}

export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Where one partition of one output is to be written. It names a local file; a stable path is never seen here. */
export interface OutputSlot {
  readonly asset: string;
  readonly partition: Partition;
  readonly schema: TableSchema;
  /** The local file to write, in a folder that exists; the name carries the manager's `extension`. */
  readonly file: string;
  readonly scope: StepScope;
}

/** A built file whose contract holds: fsynced, read back, hashed. */
export interface Staged {
  readonly rows: number;
  readonly bytes: number;
  /** Hex SHA-256 of the file. */
  readonly sha256: string;
  /** The schema's hash and an order-independent hash of the rows: equal rows, equal version. */
  readonly dataVersion: string;
  readonly metadata?: Metadata;
}

/** One object of a pinned input, already on this machine. */
export interface PinnedObject {
  readonly partition: Partition;
  readonly version: number;
  /** A local file: the object itself, or its copy in the cache. Read only. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly schemaHash: string;
  readonly dataVersion: string;
  /** What its materialization said of itself. */
  readonly metadata: Metadata;
}

/** What a dependency gives for one downstream partition: the upstream partitions it maps to, as pinned at the claim. */
export interface PinnedInput {
  /** The dependency's name in `deps`, "self" for a staged file under check, "previous" for the version before. */
  readonly name: string;
  readonly asset: string;
  readonly schema: TableSchema;
  readonly objects: readonly PinnedObject[];
  readonly scope: StepScope;
}

/** Rows of a table on this machine, as an input is seen by user code. `@iroko/assets` gives it a DuckDB behind. */
export interface Relation<Row> {
  /** Names the relation in SQL of the same step. */
  readonly sql: string;
  readonly objects: readonly PinnedObject[];
  rows(): AsyncIterable<Row>;
  count(): Promise<number>;
}

/**
 * Stores and loads an asset's outputs. It writes where the slot says; staging in the store, commit and publishing stay
 * with the engine. `Input` is what dependants get; "relation" stands for a `Relation` of the asset's rows.
 */
export interface IoManager<Input = unknown> {
  /** e.g. "parquet"; shown on the page. */
  readonly kind: string;
  /** The stable path under the store, without extension: `raw/pos_transactions`. */
  readonly path: string;
  /** e.g. ".parquet". */
  readonly extension: string;
  stage(value: unknown, slot: OutputSlot): Promise<Staged>;
  load(pinned: PinnedInput): Promise<unknown>;
  readonly inputType?: Input;
}
