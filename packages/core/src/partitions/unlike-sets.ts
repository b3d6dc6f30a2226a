/** Sets of partitions that do not belong together, or not to a definition: of another kind, or of other dimensions. */
import { IrokoError } from "../errors.ts";

export function unlikeSets(problem: string): IrokoError {
  return new IrokoError("PARTITION_SET", `${problem}.`, {
    hint: "A set belongs to one definition: make both of the same one, with the dimensions that it has.",
  });
}

export function setOfAnotherKind(set: { readonly kind: string }, definition: { readonly kind: string }): IrokoError {
  return unlikeSets(`A set of kind "${set.kind}" does not belong to partitions of kind "${definition.kind}"`);
}
