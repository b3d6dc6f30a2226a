import { IrokoError } from "../errors.ts";
import type { DimensionPartitions, MultiPartitions } from "./partitions-definition.ts";

/**
 * A partition for every combination of its dimensions' partitions. Their order is that of keys as text
 * (`region=LA,day=2026-11-20`) and as paths (`region=LA/day=2026-11-20`).
 *
 * @example multi({ region: fixed(["LA", "AB"]), day: daily({ start: "2026-11-01" }) })
 * @throws {IrokoError} PARTITIONS_INVALID for no dimension, a name that cannot stand before `=`, or a dimension that has
 *   dimensions or no partitions itself
 */
export function multi<const D extends Readonly<Record<string, DimensionPartitions>>>(
  dimensions: D,
): MultiPartitions<D> {
  const entries = Object.entries<DimensionPartitions>(dimensions);
  if (entries.length === 0) throw invalid("they have no dimension", "Name one, or leave partitions out.");
  for (const [name, { kind }] of entries) {
    if (!/^[A-Za-z_]\w{0,39}$/.test(name)) {
      throw invalid(
        `a dimension is named ${JSON.stringify(name)}`,
        'Use at most 40 letters, digits and "_", such as "region".',
      );
    }
    if (!["time", "fixed", "dynamic"].includes(kind)) {
      throw invalid(
        `the dimension "${name}" has partitions of kind "${kind}"`,
        "A dimension is partitioned by time, by fixed keys or by dynamic ones.",
      );
    }
  }
  const list = entries.map(([name, partitions]) => Object.freeze({ name, partitions }));
  return Object.freeze({ kind: "multi", dimensions: Object.freeze(list) });
}

function invalid(problem: string, hint: string): IrokoError {
  return new IrokoError("PARTITIONS_INVALID", `These partitions cannot be: ${problem}.`, { hint });
}
