/**
 * Facts of single partitions, asked for while an explanation is made. What is missing is taken for unknown and collected, so
 * that most of a chain is asked for, and read, in one go; what was explained without it is thrown away.
 */
import type { Partition } from "../partitions/partitions-definition.ts";
import { factsName, type ExplainFacts, type PartitionFacts } from "./explain-facts.ts";

export interface FactName {
  readonly asset: string;
  readonly partition: Partition;
}

export interface Asking {
  readonly facts: ExplainFacts;
  readonly ask: (asset: string, partitions: readonly Partition[]) => readonly PartitionFacts[];
}

export function factsAsked(
  facts: ExplainFacts,
): Pick<Asking, "ask"> & { readonly missing: ReadonlyMap<string, FactName> } {
  const missing = new Map<string, FactName>();
  return {
    missing,
    ask: (asset, partitions) =>
      partitions.map((partition) => {
        const name = factsName(asset, partition.id);
        const found = facts.partitions.get(name);
        if (found === undefined) missing.set(name, { asset, partition });
        return found ?? {};
      }),
  };
}
