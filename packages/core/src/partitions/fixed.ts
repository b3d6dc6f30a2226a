import { IrokoError } from "../errors.ts";
import { keyProblem } from "./key-problem.ts";
import type { FixedPartitions } from "./partitions-definition.ts";

/**
 * A partition for each of these keys, in this order.
 *
 * @example fixed(["LA", "AB", "KN"])
 * @throws {IrokoError} PARTITIONS_INVALID for an empty list, and for a key that is empty, stands twice, is too long to name
 *   a file, or is no text that Postgres can hold
 */
export function fixed<const Keys extends readonly string[]>(keys: Keys): FixedPartitions<Keys[number]> {
  if (keys.length === 0) throw invalid("the list of keys is empty", "Leave partitions out for an unpartitioned asset.");
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) throw invalid(`the key "${key}" stands twice`, "Write every key once.");
    seen.add(key);
    const wrong = keyProblem(key);
    if (wrong) throw invalid(wrong.problem, wrong.hint);
  }
  return Object.freeze({ kind: "fixed", keys: Object.freeze([...keys]) });
}

function invalid(problem: string, hint: string): IrokoError {
  return new IrokoError("PARTITIONS_INVALID", `These partitions cannot be: ${problem}.`, { hint });
}
