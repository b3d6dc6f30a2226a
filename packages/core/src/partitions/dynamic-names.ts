import type { PartitionsDefinition } from "./partitions-definition.ts";

/** Under which names the instance holds keys of these definitions, those of dimensions included. */
export function dynamicNamesIn(definitions: Iterable<PartitionsDefinition>): readonly string[] {
  const names = new Set<string>();
  for (const definition of definitions) {
    const parts =
      definition.kind === "multi" ? definition.dimensions.map(({ partitions }) => partitions) : [definition];
    for (const part of parts) if (part.kind === "dynamic") names.add(part.name);
  }
  return [...names];
}
