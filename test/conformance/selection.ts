import { evaluateSelection, parseSelection, type SelectionGraph } from "@iroko/core";
import { z } from "zod";
import { topic, type Topic } from "./topic.ts";

const asset = z.strictObject({
  deps: z.array(z.string()).optional(),
  group: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  kinds: z.array(z.string()).optional(),
  owners: z.array(z.string()).optional(),
  external: z.boolean().optional(),
});

const graphSchema = z.record(z.string(), asset);

export const selection: Topic = topic({
  name: "selection",
  input: z.strictObject({ graph: graphSchema, selection: z.string() }),
  expected: z.strictObject({ keys: z.array(z.string()) }),
  answer: (input) => ({
    keys: evaluateSelection(graphOf(input.graph), parseSelection(input.selection)).toSorted(),
  }),
});

function graphOf(graph: z.infer<typeof graphSchema>): SelectionGraph {
  const downstream = new Map<string, string[]>(Object.keys(graph).map((key) => [key, []]));
  for (const [key, { deps = [] }] of Object.entries(graph)) for (const dep of deps) downstream.get(dep)!.push(key);
  return {
    assets: new Map(
      Object.entries(graph).map(
        ([key, { external = false, group = "default", kinds = [], owners = [], tags = {} }]) => [
          key,
          { kind: external ? "external" : "asset", group, kinds, owners, tags },
        ],
      ),
    ),
    upstream: new Map(Object.entries(graph).map(([key, { deps = [] }]) => [key, deps])),
    downstream,
  };
}
