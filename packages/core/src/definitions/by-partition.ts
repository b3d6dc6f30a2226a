import type { Partition } from "../partitions/partitions-definition.ts";

const byPartitionBrand: unique symbol = Symbol.for("iroko.byPartition");

/** A value for each partition of a step of several, made when its turn comes. */
export interface ByPartition<Value, P extends Partition = Partition> {
  readonly kind: "byPartition";
  of(partition: P): Value | Promise<Value>;
}

/**
 * One value for each partition of a step that makes several (`backfill: "range"`). The function is called in ascending
 * order, and again only after the value before it is staged: memory holds one at a time.
 */
export function byPartition<Value, P extends Partition = Partition>(
  give: (partition: P) => Value | Promise<Value>,
): ByPartition<Value, P> {
  return Object.freeze({ kind: "byPartition", of: give, [byPartitionBrand]: true });
}

export function isByPartition(value: unknown): value is ByPartition<unknown> {
  return typeof value === "object" && value !== null && byPartitionBrand in value;
}
