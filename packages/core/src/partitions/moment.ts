/**
 * What partitions depend on beside their definitions: the time, for dynamic ones the keys that the instance holds, and what
 * users' mapping functions have answered. All come from outside, as one argument: an instant alone where there is no more.
 */
import { IrokoError } from "../errors.ts";
import type { MappingAnswers } from "./mapping-relation.ts";

/** The keys of dynamic partitions by their definition's name, in the order in which they were added. */
export type DynamicKeys = ReadonlyMap<string, readonly string[]>;

export interface MomentWithKeys {
  readonly now: Temporal.Instant;
  readonly dynamicKeys: DynamicKeys;
  /** Which state of the instance's keys these are: a run keeps it, and is carried out with the same. */
  readonly keysRevision?: number;
  /** As far as they have been asked for: what is missing is thrown as a `MappingQuestion`, and filled in by the asker. */
  readonly mappings?: MappingAnswers;
}

export type Moment = Temporal.Instant | MomentWithKeys;

export function instantOf(moment: Moment): Temporal.Instant {
  return "now" in moment ? moment.now : moment;
}

export function keysRevisionOf(moment: Moment): number {
  return ("now" in moment ? moment.keysRevision : undefined) ?? 0;
}

export function mappingAnswersOf(moment: Moment): MappingAnswers {
  return ("now" in moment ? moment.mappings : undefined) ?? noAnswers;
}

const noAnswers: MappingAnswers = new Map();

/**
 * The keys of dynamic partitions; none where none was ever added.
 *
 * @throws {IrokoError} PARTITIONS_INVALID when the asker has looked up no keys at all
 */
export function dynamicKeysOf(moment: Moment, name: string): readonly string[] {
  if ("now" in moment) return moment.dynamicKeys.get(name) ?? [];
  throw new IrokoError(
    "PARTITIONS_INVALID",
    `The keys of the dynamic partitions "${name}" are not looked up: the time alone does not tell them.`,
    { hint: "Give a moment with them: { now, dynamicKeys: new Map([[name, keys]]) }." },
  );
}
