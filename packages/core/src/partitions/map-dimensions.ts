/**
 * Mappings where a side has several dimensions, told dimension by dimension: a side with one is taken as having a
 * dimension without a name. What a dimension maps to does not depend on the others, so a box maps to a box.
 */
import { checkFlatMapping, inferFlatMapping } from "./check-flat-mapping.ts";
import { identityMapping, type DimensionMapping, type PartitionMapping } from "./mapping.ts";
import type { DimensionPartitions, PartitionsDefinition } from "./partitions-definition.ts";
import { sameDefinition } from "./same-definition.ts";

export interface Dimension {
  readonly name: string;
  readonly partitions: DimensionPartitions;
}

/** The dimensions of a side; undefined where it has no partitions. */
export function dimensionsOf(definition: PartitionsDefinition): readonly Dimension[] | undefined {
  if (definition.kind === "none") return undefined;
  if (definition.kind === "multi") return definition.dimensions;
  return [{ name: "", partitions: definition }];
}

/** By upstream dimension, or why the mapping cannot stand. */
export function dimensionMappings(
  mapping: PartitionMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): Readonly<Record<string, DimensionMapping>> | string {
  const [above, below] = [dimensionsOf(upstream), dimensionsOf(downstream)];
  if (!above || !below) return "a mapping of dimensions joins partitions, but a side has none";
  const found = namedMappings(mapping, above, below);
  if (typeof found === "string") return found;
  const taken = new Set<string>();
  for (const [name, { dimension, mapping: within }] of Object.entries(found)) {
    const [from, to] = [partitionsIn(above, name), partitionsIn(below, dimension)];
    if (!from) return `upstream has no dimension "${name}"`;
    if (!to) return `downstream has no dimension "${dimension}"`;
    if (taken.has(dimension)) return `the downstream dimension "${dimension}" is mapped twice`;
    taken.add(dimension);
    if (within.kind === "multi" || within.kind === "multiToSingle") {
      return `the mapping of the dimension "${name}" is itself one of dimensions`;
    }
    if (within.kind === "custom") {
      return `the mapping of the dimension "${name}" is a function: a function maps whole partitions, by all their dimensions`;
    }
    const problem = checkFlatMapping(within, from, to);
    if (problem !== undefined) return name === "" ? problem : `in the dimension "${name}", ${problem}`;
  }
  return found;
}

function namedMappings(
  mapping: PartitionMapping,
  above: readonly Dimension[],
  below: readonly Dimension[],
): Readonly<Record<string, DimensionMapping>> | string {
  switch (mapping.kind) {
    case "multi":
      return mapping.dimensions;
    case "identity":
      if (above.length === below.length && above.every(({ name }) => partitionsIn(below, name))) {
        return Object.fromEntries(above.map(({ name }) => [name, { dimension: name, mapping }]));
      }
      return `the identity mapping joins partitions of the same dimensions, but upstream has ${listed(above)} and downstream ${listed(below)}`;
    case "multiToSingle": {
      const [many, single] = above.some(({ name }) => name !== "") ? [above, below] : [below, above];
      if (single[0]!.name !== "" || many[0]!.name === "") {
        return "a mapping of one dimension joins partitions of several dimensions and partitions of one";
      }
      const dimension = mapping.dimension ?? dimensionLike(many, single[0]!.partitions, many === above);
      if (dimension === undefined) return `it has to be said which dimension is meant: ${listed(many)}`;
      const within = { mapping: mapping.mapping ?? identityMapping };
      return many === above ? { [dimension]: { dimension: "", ...within } } : { "": { dimension, ...within } };
    }
    default:
      return `a mapping of kind "${mapping.kind}" does not join partitions of several dimensions`;
  }
}

/** The only dimension that is partitioned just so, or else the only one that maps without being told. */
export function dimensionLike(
  dimensions: readonly Dimension[],
  single: DimensionPartitions,
  areUpstream: boolean,
): string | undefined {
  const [only, ...others] = dimensionsLike(dimensions, single, areUpstream);
  return others.length === 0 ? only?.name : undefined;
}

/** All that could be meant. */
export function dimensionsLike(
  dimensions: readonly Dimension[],
  single: DimensionPartitions,
  areUpstream: boolean,
): readonly Dimension[] {
  const same = dimensions.filter(({ partitions }) => sameDefinition(partitions, single));
  const maps = ({ partitions }: Dimension): boolean =>
    (areUpstream ? inferFlatMapping(partitions, single) : inferFlatMapping(single, partitions)) !== undefined;
  return same.length > 0 ? same : dimensions.filter(maps);
}

const partitionsIn = (dimensions: readonly Dimension[], wanted: string): DimensionPartitions | undefined =>
  dimensions.find(({ name }) => name === wanted)?.partitions;

const listed = (dimensions: readonly Dimension[]): string =>
  dimensions.map(({ name }) => (name === "" ? "none" : `"${name}"`)).join(", ");
