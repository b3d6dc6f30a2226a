import { isDeepStrictEqual } from "node:util";
import {
  assetGraph,
  type AssetGraph,
  stalenessOf,
  existing,
  partitionOf,
  partitionsIn,
  setOfPartitions,
  containsPartition,
  intersect,
  type PartitionSet,
  type PartitionId,
} from "@iroko/core";
import { joinOf, upstreamPartitions } from "../../packages/core/src/graph/joins.ts";
import { z } from "zod";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { partitionMappingOf, vectorMapping } from "../support/mapping-vectors.ts";
import { partitionsOf, vectorDefinition } from "../support/partition-vectors.ts";
import { versionState, type CurrentVersion } from "../support/version-state.ts";
import { topic, type Topic } from "./topic.ts";

const vectorAsset = z.strictObject({
  deps: z.array(z.union([z.string(), z.strictObject({ key: z.string(), mapping: vectorMapping })])).optional(),
  code_version: z.string().optional(),
  partitions: vectorDefinition.any.optional(),
  external: z.boolean().optional(),
  observable: z.boolean().optional(),
});
type VectorAsset = z.infer<typeof vectorAsset>;

const step = z.discriminatedUnion("do", [
  z.strictObject({
    do: z.literal("materialize"),
    assets: z.array(z.string()),
    partitions: z.array(z.string()).optional(),
    data_versions: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ do: z.literal("observe"), asset: z.string(), data_version: z.string() }),
  z.strictObject({ do: z.literal("report"), asset: z.string(), data_version: z.string().optional() }),
  z.strictObject({ do: z.literal("redeploy"), assets: z.record(z.string(), vectorAsset) }),
  z.strictObject({ do: z.literal("status") }),
]);

const cause = z.object({
  category: z.string(),
  dependency: z.string().optional(),
  dependency_partition: z.string().optional(),
});
export const status = z.object({ status: z.enum(["fresh", "stale", "missing"]), causes: z.array(cause).optional() });
export type Status = z.infer<typeof status>;

export const stalenessInput = z.strictObject({ graph: z.record(z.string(), vectorAsset), steps: z.array(step) });

export const staleness: Topic = topic({
  name: "staleness",
  input: stalenessInput,
  expected: z.strictObject({ statuses: z.array(z.record(z.string(), status)) }),
  answer: (given) => ({ statuses: play(given) }),
  agrees: (answer, { statuses }) =>
    isDeepStrictEqual(
      z
        .object({ statuses: z.array(z.record(z.string(), status)) })
        .parse(answer)
        .statuses.map((one) => mapValues(one, bare)),
      statuses.map((one) => mapValues(one, bare)),
    ),
});

/** Plays the steps of a vector on a world of our own versions, and notes what is stale whenever it asks. */
function play({ graph: definitions, steps }: z.infer<typeof stalenessInput>): Record<string, Status>[] {
  const now = Temporal.Instant.from("2024-07-01T00:00:00Z");
  const statuses: Record<string, Status>[] = [];
  const made = new Map<string, Map<PartitionId, CurrentVersion>>();
  let deployed = definitions;
  let graph = graphOf(deployed);
  let newest = 0;
  const fresh = () => `new ${(newest += 1)}`;
  const versionsOf = (key: string) => made.get(key) ?? made.set(key, new Map()).get(key)!;
  // What was reported of assets of ours, with all that there was then: as if it were made by whatever code, from just that.
  const reports = new Map<string, ReadonlyMap<string, ReadonlyMap<PartitionId, CurrentVersion>>>();

  for (const action of steps) {
    switch (action.do) {
      case "materialize":
        // One run for each partition, as Dagster makes them.
        for (const partition of action.partitions ?? [""]) {
          for (const key of [...graph.assets.keys()].filter((asset) => action.assets.includes(asset))) {
            const { partitions } = graph.assets.get(key)!;
            const { id } = partitionOf(partitions, partitions.kind === "none" ? "" : partition);
            const inputs = inputsOf(graph, key, id, versionsOf, now);
            const codeVersion = deployed[key]!.code_version;
            const derived = codeVersion === undefined ? fresh() : JSON.stringify([codeVersion, inputs]);
            reports.delete(key);
            versionsOf(key).set(id, {
              dataVersion: action.data_versions?.[key] ?? derived,
              codeVersion: codeVersion ?? "",
              inputs,
            });
          }
        }
        break;
      case "observe":
      case "report":
        versionsOf(action.asset).set(partitionOf(graph.assets.get(action.asset)!.partitions, "").id, {
          dataVersion: action.data_version ?? fresh(),
          codeVersion: "",
          inputs: {},
        });
        if (!deployed[action.asset]!.external)
          reports.set(action.asset, new Map(Array.from(made, ([key, of]) => [key, new Map(of)])));
        break;
      case "redeploy":
        deployed = { ...deployed, ...mapValues(action.assets, (patch, key) => ({ ...deployed[key], ...patch })) };
        graph = graphOf(deployed);
        break;
      case "status":
        for (const [key, then] of reports) {
          const known = (dep: string) => (deployed[dep]!.external ? made : then).get(dep) ?? new Map();
          for (const [id, version] of versionsOf(key)) {
            const inputs = inputsOf(graph, key, id, known, now);
            versionsOf(key).set(id, { ...version, codeVersion: deployed[key]!.code_version ?? "", inputs });
          }
        }
        statuses.push(statusesOf(graph, made, now));
    }
  }
  return statuses;
}

function inputsOf(
  graph: AssetGraph,
  key: string,
  id: PartitionId,
  versionsOf: (key: string) => ReadonlyMap<PartitionId, CurrentVersion>,
  now: Temporal.Instant,
): CurrentVersion["inputs"] {
  const { partitions } = graph.assets.get(key)!;
  const own = setOfPartitions(partitions, [partitionOf(partitions, id)]);
  return Object.fromEntries(
    graph.dependencies.get(key)!.map((dependency) => {
      const join = joinOf(graph, partitions, dependency);
      const read = [...partitionsIn(join.upstream, upstreamPartitions(join, own, now))];
      const known = read.flatMap((partition) => {
        const version = versionsOf(dependency.asset).get(partition.id);
        return version ? [[partition.id, version.dataVersion] as const] : [];
      });
      return [dependency.asset, Object.fromEntries(known)];
    }),
  );
}

function statusesOf(
  graph: AssetGraph,
  made: ReadonlyMap<string, ReadonlyMap<PartitionId, CurrentVersion>>,
  now: Temporal.Instant,
): Record<string, Status> {
  const staleness = stalenessOf(graph, versionState(graph, made, now), now);
  const result: Record<string, Status> = {};
  for (const [key, { partitions }] of graph.assets) {
    const { missing, stale, causes } = staleness.get(key)!;
    for (const partition of partitionsIn(partitions, existing(partitions, now))) {
      const found = causes
        .filter((cause) => containsPartition(cause.partitions, partition))
        .flatMap(({ category, dependency, upstream }) =>
          upstreamKeys(graph, key, partition.id, dependency, upstream, now).map((read) => ({
            category,
            ...(dependency === undefined ? {} : { dependency }),
            ...(read === undefined ? {} : { dependency_partition: read }),
          })),
        );
      const name = partitions.kind === "none" ? key : `${key}[${partition.key}]`;
      if (containsPartition(missing, partition)) result[name] = { status: "missing" };
      else if (containsPartition(stale, partition)) result[name] = { status: "stale", causes: found };
      else result[name] = { status: "fresh" };
    }
  }
  return result;
}

/** What one partition is stale by: of all that changed, what it needs. */
function upstreamKeys(
  graph: AssetGraph,
  key: string,
  id: PartitionId,
  dependency: string | undefined,
  changed: PartitionSet | undefined,
  now: Temporal.Instant,
): readonly (string | undefined)[] {
  if (dependency === undefined || changed === undefined) return [undefined];
  const { partitions } = graph.assets.get(key)!;
  const read = graph.dependencies.get(key)!.find(({ asset }) => asset === dependency)!;
  const join = joinOf(graph, partitions, read);
  const needed = upstreamPartitions(join, setOfPartitions(partitions, [partitionOf(partitions, id)]), now);
  return Array.from(partitionsIn(join.upstream, intersect(needed, changed)), (partition) => partition.key);
}

function graphOf(definitions: Readonly<Record<string, VectorAsset>>): AssetGraph {
  return assetGraph(
    buildSnapshot(
      mapValues(definitions, ({ deps = [], code_version: codeVersion, partitions, external = false }) => ({
        deps: deps.map((dep) =>
          typeof dep === "string" ? dep : { key: dep.key, mapping: partitionMappingOf(dep.mapping) },
        ),
        ...(codeVersion === undefined ? {} : { codeVersion }),
        ...(partitions === undefined ? {} : { partitions: partitionsOf(partitions) }),
        external,
      })),
    ),
  );
}

/** The wording of reasons is ours, and so is the order of causes. */
export function bare({ status: is, causes }: Status): Status {
  if (!causes) return { status: is };
  return {
    status: is,
    causes: causes
      .map(({ category, dependency, dependency_partition: partition }) => ({
        category,
        ...(dependency === undefined ? {} : { dependency }),
        ...(partition === undefined ? {} : { dependency_partition: partition }),
      }))
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
