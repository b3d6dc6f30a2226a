import type { PartitionsDefinition } from "./partitions-definition.ts";

/** Of equal content: a snapshot read back from JSON has a copy for each asset. */
export function sameDefinition(a: PartitionsDefinition, b: PartitionsDefinition): boolean {
  if (a === b) return true;
  return a.kind === b.kind && definitionKey(a) === definitionKey(b);
}

const contents = new WeakMap<PartitionsDefinition, string>();

/** Equal for definitions of equal content: to find one among many. */
export function definitionKey(definition: PartitionsDefinition): string {
  let content = contents.get(definition);
  if (content === undefined) {
    const parts =
      definition.kind === "multi"
        ? definition.dimensions.map(({ name, partitions }) => [name, definitionKey(partitions)])
        : Object.entries(definition).toSorted(([a], [b]) => (a < b ? -1 : 1));
    contents.set(definition, (content = JSON.stringify(parts)));
  }
  return content;
}
