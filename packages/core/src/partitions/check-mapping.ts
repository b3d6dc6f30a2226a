/** Which mappings can join two partitions definitions, and which one does so without being told. */
import { checkFlatMapping, inferFlatMapping, whyNotInferredFlat } from "./check-flat-mapping.ts";
import { dimensionLike, dimensionMappings, dimensionsLike } from "./map-dimensions.ts";
import { allPartitions, identityMapping, multiToSingle, type PartitionMapping } from "./mapping.ts";
import type { MultiPartitions, PartitionsDefinition } from "./partitions-definition.ts";

/**
 * The mapping between two definitions where the user gave none: windows that overlap, equal keys, the one dimension that
 * joins, all where a side has no partitions. Undefined: there is no way without being told.
 */
export function inferMapping(
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): PartitionMapping | undefined {
  if (upstream.kind === "none" || downstream.kind === "none") return allPartitions;
  if (upstream.kind === "multi") {
    return downstream.kind === "multi"
      ? inferMultiMapping(upstream, downstream)
      : ofDimension(dimensionLike(upstream.dimensions, downstream, true));
  }
  if (downstream.kind === "multi") return ofDimension(dimensionLike(downstream.dimensions, upstream, false));
  return inferFlatMapping(upstream, downstream);
}

/** Why no mapping is obvious, and which could be meant: for `define()`, where `inferMapping` gives none. */
export function whyNotInferred(upstream: PartitionsDefinition, downstream: PartitionsDefinition): string {
  if (upstream.kind === "multi" && downstream.kind === "multi") {
    const common = upstream.dimensions.filter(({ name }) => downstream.dimensions.some((other) => other.name === name));
    const why = `upstream has the dimensions ${named(upstream)}, downstream ${named(downstream)}`;
    return common.length === 0
      ? `${why}: multiMapping({ … }) says which goes with which`
      : `${why}: multiMapping({ ${common.map(({ name }) => `${name}: "${name}"`).join(", ")} }) would read all of the others`;
  }
  const many = upstream.kind === "multi" ? upstream : downstream.kind === "multi" ? downstream : undefined;
  const single = many === upstream ? downstream : upstream;
  if (!many || single.kind === "multi" || single.kind === "none") return whyNotInferredFlat(upstream, downstream);
  const candidates = dimensionsLike(many.dimensions, single, many === upstream);
  return candidates.length === 0
    ? `none of the dimensions ${named(many)} goes with the other side by itself`
    : `it could be ${candidates.map(({ name }) => `multiToSingle("${name}")`).join(" or ")}`;
}

const named = ({ dimensions }: MultiPartitions): string => dimensions.map(({ name }) => `"${name}"`).join(" and ");

/** Why a mapping cannot stand between two definitions, as a sentence without its full stop; undefined when it can. */
export function checkMapping(
  mapping: PartitionMapping,
  upstream: PartitionsDefinition,
  downstream: PartitionsDefinition,
): string | undefined {
  const isOfDimensions =
    mapping.kind === "multi" ||
    mapping.kind === "multiToSingle" ||
    (mapping.kind === "identity" && upstream.kind === "multi" && downstream.kind === "multi");
  if (!isOfDimensions) return checkFlatMapping(mapping, upstream, downstream);
  const found = dimensionMappings(mapping, upstream, downstream);
  return typeof found === "string" ? found : undefined;
}

const ofDimension = (dimension: string | undefined): PartitionMapping | undefined =>
  dimension === undefined ? undefined : multiToSingle(dimension);

/** Dimensions of the same names that each map without being told. */
function inferMultiMapping(upstream: MultiPartitions, downstream: MultiPartitions): PartitionMapping | undefined {
  const below = new Map(downstream.dimensions.map(({ name, partitions }) => [name, partitions]));
  const isSame =
    below.size === upstream.dimensions.length &&
    upstream.dimensions.every(({ name, partitions }) => {
      const other = below.get(name);
      return other && inferFlatMapping(partitions, other) !== undefined;
    });
  return isSame ? identityMapping : undefined;
}
