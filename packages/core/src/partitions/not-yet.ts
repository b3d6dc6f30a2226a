import { IrokoError } from "../errors.ts";

/** Where partitions of several dimensions are defined and computed with, but not planned and stored yet. */
export function multiNotYet(what: string): IrokoError {
  return new IrokoError("PARTITIONS_INVALID", `Partitions of several dimensions cannot be ${what} yet.`, {
    hint: "Use partitions by time or by fixed keys for now.",
  });
}
