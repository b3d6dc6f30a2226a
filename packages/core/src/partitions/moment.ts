/**
 * Which partitions exist depends on the time, and for dynamic ones on the keys that the instance holds. Both come from
 * outside, as one argument: an instant alone where no partitions are dynamic.
 */
import { IrokoError } from "../errors.ts";

/** The keys of dynamic partitions by their definition's name, in the order in which they were added. */
export type DynamicKeys = ReadonlyMap<string, readonly string[]>;

export type Moment = Temporal.Instant | { readonly now: Temporal.Instant; readonly dynamicKeys: DynamicKeys };

export function instantOf(moment: Moment): Temporal.Instant {
  return "now" in moment ? moment.now : moment;
}

/**
 * The keys of dynamic partitions; none where none was ever added.
 *
 * @throws {IrokoError} PARTITIONS_INVALID when the asker has looked up no keys at all
 */
export function dynamicKeysOf(moment: Moment, name: string): readonly string[] {
  if ("now" in moment) return moment.dynamicKeys.get(name) ?? [];
  throw new IrokoError(
    "PARTITIONS_INVALID",
    `The keys of the dynamic partitions "${name}" are not looked up here yet.`,
    {
      hint: "Use fixed partitions for now.",
    },
  );
}
