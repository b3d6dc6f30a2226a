/** Facts of single partitions, asked for while an explanation is made: what is missing is collected and read in one go. */
import type { Partition } from "../partitions/partitions-definition.ts";
import { factsName, type ExplainFacts, type PartitionFacts } from "./explain-facts.ts";

export interface FactName {
  readonly asset: string;
  readonly partition: Partition;
}

/** Thrown where an explanation cannot go on without facts that have been asked for. */
export class NeedsFacts extends Error {}

export interface Asking {
  readonly facts: ExplainFacts;
  /** @throws {NeedsFacts} where they have not been read yet */
  readonly ask: (asset: string, partitions: readonly Partition[]) => readonly PartitionFacts[];
}

export function factsAsked(facts: ExplainFacts): Pick<Asking, "ask"> & { readonly missing: readonly FactName[] } {
  const missing: FactName[] = [];
  return {
    missing,
    ask(asset, partitions) {
      const found = partitions.map((partition) => facts.partitions.get(factsName(asset, partition.id)));
      if (found.every((one) => one !== undefined)) return found;
      missing.push(...partitions.filter((_, n) => found[n] === undefined).map((partition) => ({ asset, partition })));
      throw new NeedsFacts();
    },
  };
}
