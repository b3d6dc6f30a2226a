import type { PartitionsDefinition } from "./partitions-definition.ts";

/** Of equal content: a snapshot read back from JSON has a copy for each asset. */
export function sameDefinition(a: PartitionsDefinition, b: PartitionsDefinition): boolean {
  if (a === b) return true;
  return a.kind === b.kind && contentOf(a) === contentOf(b);
}

const contents = new WeakMap<PartitionsDefinition, string>();

function contentOf(definition: PartitionsDefinition): string {
  let content = contents.get(definition);
  if (content === undefined) {
    const parts =
      definition.kind === "multi"
        ? definition.dimensions.map(({ name, partitions }) => [name, contentOf(partitions)])
        : Object.entries(definition).toSorted(([a], [b]) => (a < b ? -1 : 1));
    contents.set(definition, (content = JSON.stringify(parts)));
  }
  return content;
}
