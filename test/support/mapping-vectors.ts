/** How the vectors write partition mappings, made ours. */
import {
  allPartitions,
  identityMapping,
  lastPartition,
  multiMapping,
  multiToSingle,
  specific,
  staticMapping,
  timeWindow,
  type PartitionMapping,
} from "@iroko/core";
import { z } from "zod";

const mappingWithin = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("identity") }),
  z.strictObject({ type: z.literal("all") }),
  z.strictObject({ type: z.literal("last") }),
  z.strictObject({
    type: z.literal("specific"),
    keys: z.array(z.union([z.string(), z.record(z.string(), z.string())])),
  }),
  z.strictObject({
    type: z.literal("static"),
    downstream_by_upstream: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  }),
  z.strictObject({
    type: z.literal("time_window"),
    start_offset: z.number().optional(),
    end_offset: z.number().optional(),
    allow_nonexistent: z.boolean().optional(),
  }),
]);

export const vectorMapping = z.discriminatedUnion("type", [
  mappingWithin,
  z.strictObject({ type: z.literal("multi_to_single"), dimension: z.string().optional() }),
  z.strictObject({
    type: z.literal("multi"),
    dims: z.record(z.string(), z.strictObject({ downstream_dimension: z.string(), mapping: mappingWithin })),
  }),
]);

/** Of several dimensions a key is an object; ours are texts. */
const keyText = (key: string | Readonly<Record<string, string>>): string =>
  typeof key === "string"
    ? key
    : Object.entries(key)
        .map(([name, part]) => `${name}=${JSON.stringify(part)}`)
        .join(",");

export function partitionMappingOf(mapping: z.infer<typeof vectorMapping>): PartitionMapping {
  switch (mapping.type) {
    case "identity":
      return identityMapping;
    case "all":
      return allPartitions;
    case "last":
      return lastPartition;
    case "specific":
      return specific(mapping.keys.map(keyText));
    case "static": {
      const upstreamByDownstream: Record<string, string[]> = {};
      for (const [above, below] of Object.entries(mapping.downstream_by_upstream)) {
        for (const one of [below].flat()) (upstreamByDownstream[one] ??= []).push(above);
      }
      return staticMapping(upstreamByDownstream);
    }
    case "time_window":
      return timeWindow({
        startOffset: mapping.start_offset ?? 0,
        endOffset: mapping.end_offset ?? 0,
        allowNonexistent: mapping.allow_nonexistent ?? false,
      });
    case "multi_to_single":
      return mapping.dimension === undefined ? { kind: "multiToSingle" } : multiToSingle(mapping.dimension);
    case "multi":
      return multiMapping(
        Object.fromEntries(
          Object.entries(mapping.dims).map(([name, { downstream_dimension: dimension, mapping: within }]) => [
            name,
            { dimension, mapping: partitionMappingOf(within) },
          ]),
        ),
      );
  }
}
