/**
 * What partitions an asset has. A definition is plain, frozen data: it goes into the snapshot as it is. `Key` is the
 * type of its keys, known to the compiler only.
 */
declare const keyType: unique symbol;

/** How often a time window starts. The cadence decides which definitions map onto which without being told. */
export type Cadence = "hour" | "day" | "week" | "month" | "cron";

/** Partitions by time: half-open windows [start, end) that tile local time in `timezone`. */
export interface TimePartitions<C extends Cadence = Cadence, Key extends string = string> {
  readonly kind: "time";
  readonly cadence: C;
  /** Local time (ISO 8601 without zone) at which the first window starts, at or after it. */
  readonly start: string;
  /** Local time before which the last window must end; absent: it goes on. */
  readonly end?: string;
  /** IANA zone in which windows are cut and keys are written. */
  readonly timezone: string;
  /** strftime letters of the keys, e.g. `%Y-%m-%d`. */
  readonly format: string;
  /** When windows start, as five cron fields in `timezone`. */
  readonly cron: string;
  /** How many windows beyond the last ended one exist too. */
  readonly endOffset: number;
  /** Windows left out: crons that fire as they start, and local times at which they start. */
  readonly exclusions?: readonly string[];
  readonly [keyType]?: Key;
}

/** Partitions by a list of keys that is fixed in code; the order is the user's. */
export interface FixedPartitions<Key extends string = string> {
  readonly kind: "fixed";
  readonly keys: readonly Key[];
  readonly [keyType]?: Key;
}

/** The asset has one partition, whose key is never written. */
export interface Unpartitioned {
  readonly kind: "none";
  readonly [keyType]?: undefined;
}

/** Partitions by keys that come and go in the instance while the definition stays. */
export interface DynamicPartitions<Name extends string = string> {
  readonly kind: "dynamic";
  /** Under which the instance holds the keys. */
  readonly name: Name;
  readonly [keyType]?: string;
}

/** What a dimension of a multi definition may be partitioned by. */
export type DimensionPartitions = TimePartitions | FixedPartitions | DynamicPartitions;

/** Partitions by every combination of their dimensions' partitions. */
export interface MultiPartitions<
  D extends Readonly<Record<string, DimensionPartitions>> = Readonly<Record<string, DimensionPartitions>>,
> {
  readonly kind: "multi";
  /** In the order in which keys are written. */
  readonly dimensions: readonly { readonly name: keyof D & string; readonly partitions: DimensionPartitions }[];
  readonly [keyType]?: { readonly [Name in keyof D]: KeyOf<D[Name]> };
}

export type PartitionsDefinition =
  TimePartitions | FixedPartitions | DynamicPartitions | MultiPartitions | Unpartitioned;

/** The type of a definition's keys; of several dimensions an object with the key in each. */
export type KeyOf<P> = P extends { readonly [keyType]?: infer Key } ? Exclude<Key, undefined> : never;

/** Day keys as written by the default format. */
export type DayKey = `${number}-${number}-${number}`;
/** Hour keys as written by the default format, `2026-11-01-05:00`; a repeated hour's second occurrence carries its offset. */
export type HourKey = `${DayKey}-${number}:${number}${string}`;

export const unpartitioned: Unpartitioned = Object.freeze({ kind: "none" });

/** A half-open window of time. */
export interface TimeWindow {
  readonly start: Temporal.Instant;
  readonly end: Temporal.Instant;
}

declare const idBrand: unique symbol;
/**
 * A partition's name in tables: a time partition is its window's start (`2026-10-31T23:00:00Z`), a fixed or dynamic one
 * its key, one of several dimensions what it is in each, by their names (`day=2026-11-19T23:00:00Z|region=LA`), the only one
 * of an unpartitioned asset is "". Never renumbered, whatever happens to the definition.
 */
export type PartitionId = string & { readonly [idBrand]: "PartitionId" };

/** One partition as user code, steps and tables see it. */
export interface Partition<Key extends string = string> {
  readonly id: PartitionId;
  /** As written by the definition (`region=LA,day=2026-11-20` in several dimensions); "" where unpartitioned. */
  readonly key: Key;
  /** The window of a time partition. */
  readonly window?: TimeWindow;
  /** What it is in each dimension, where it has several. */
  readonly dimensions?: Readonly<Record<string, Partition>>;
}
