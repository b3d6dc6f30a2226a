/** Staleness as sets against the plain rule, applied to one partition at a time, on thousands of small worlds. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { assetGraph, type AssetGraph } from "../../packages/core/src/graph/asset-graph.ts";
import type { AssetState, PlanningState } from "../../packages/core/src/graph/asset-state.ts";
import { changedInputs, comparePartitions } from "../../packages/core/src/graph/changed-inputs.ts";
import { joinOf, upstreamPartitions } from "../../packages/core/src/graph/joins.ts";
import { stalenessOf, strongDependencies, type AssetStaleness } from "../../packages/core/src/graph/staleness.ts";
import { suspectsOf, versionIndex, type VersionColumns } from "../../packages/core/src/graph/version-columns.ts";
import { daily } from "../../packages/core/src/partitions/daily.ts";
import { dynamic } from "../../packages/core/src/partitions/dynamic.ts";
import { existing } from "../../packages/core/src/partitions/existing.ts";
import { fixed } from "../../packages/core/src/partitions/fixed.ts";
import { hourly } from "../../packages/core/src/partitions/hourly.ts";
import { timeWindow, type PartitionMapping } from "../../packages/core/src/partitions/mapping.ts";
import type { Moment } from "../../packages/core/src/partitions/moment.ts";
import { multi } from "../../packages/core/src/partitions/multi.ts";
import { partitionsIn, setOfPartitions } from "../../packages/core/src/partitions/partitions-in.ts";
import type {
  Partition,
  PartitionId,
  PartitionsDefinition,
} from "../../packages/core/src/partitions/partitions-definition.ts";
import { unpartitioned } from "../../packages/core/src/partitions/partitions-definition.ts";
import { containsPartition, intersect } from "../../packages/core/src/partitions/set-algebra.ts";
import { buildSnapshot } from "../support/build-snapshot.ts";
import { versionsOf, type CurrentVersion, type VersionsByAsset } from "../support/version-state.ts";

const timezone = "Africa/Casablanca"; // its clock changes within the days below
const days = daily({ start: "2026-02-12", timezone });
const hours = hourly({ start: "2026-02-14-22:00", timezone });
const regions = fixed(["KN", "LA", "OG"]);
const shops = dynamic("shops");
const dayByRegion = multi({ region: regions, day: days });
const now: Moment = {
  now: Temporal.Instant.from("2026-02-16T01:00:00Z"),
  dynamicKeys: new Map([["shops", ["b", "a"]]]),
  keysRevision: 0,
};

/** Upstream, downstream, mapping: one of each way in which partitions can be joined. */
const joins: readonly (readonly [PartitionsDefinition, PartitionsDefinition, PartitionMapping?])[] = [
  [days, days],
  [hours, hours],
  [hours, days],
  [days, hours],
  [days, days, timeWindow({ startOffset: -2 })],
  [hours, hours, timeWindow({ startOffset: -3, endOffset: -1 })],
  [days, unpartitioned],
  [unpartitioned, days],
  [days, days, { kind: "last" }],
  [days, regions, { kind: "all" }],
  [regions, regions],
  [regions, days, { kind: "specific", keys: ["LA"] }],
  [
    regions,
    fixed(["south", "all"]),
    { kind: "static", upstreamByDownstream: { south: ["LA", "OG"], all: ["KN", "LA", "OG"] } },
  ],
  [shops, shops],
  [shops, unpartitioned],
  [dayByRegion, dayByRegion],
  [dayByRegion, days],
  [days, dayByRegion],
  [dayByRegion, regions],
];

const graphs = joins.flatMap(([upstream, downstream, mapping]) =>
  [false, true].map((external) =>
    assetGraph(
      buildSnapshot({
        above: { partitions: upstream, external },
        below: {
          partitions: downstream,
          codeVersion: "c1",
          schemaHash: "s1",
          deps: [mapping === undefined ? "above" : { key: "above", mapping }],
        },
        last: { partitions: downstream, codeVersion: "", deps: ["below"] },
      }),
    ),
  ),
);

test("sets say of every partition what the plain rule says of it", () => {
  fc.assert(
    fc.property(fc.constantFrom(...graphs), fc.infiniteStream(fc.nat({ max: 9 })), (graph, dice) => {
      const made = randomWorld(graph, () => dice.next().value);
      const expected = ["below", "last"].map((key) => naively(graph, key, made));
      for (const state of [inColumns(graph, made), oneByOne(graph, made)]) {
        const staleness = stalenessOf(graph, state, now);
        const said = ["below", "last"].map((key) => saidOf(graph, key, staleness.get(key)!));
        assert.deepEqual(said, expected);
      }
    }),
    { seed: 20_261_121, numRuns: 2_000 },
  );
});

/** Most of it made from what is current, some of it from something else, some not at all. */
function randomWorld(graph: AssetGraph, roll: () => number): VersionsByAsset {
  const made = new Map<string, Map<PartitionId, CurrentVersion>>();
  for (const { key, partitions } of graph.assets.values()) {
    const versions = new Map<PartitionId, CurrentVersion>();
    made.set(key, versions);
    for (const { id } of partitionsIn(partitions, existing(partitions, now))) {
      const luck = roll();
      if (luck === 0) continue;
      const inputs: Record<string, Record<string, string>> = {};
      for (const { asset } of strongDependencies(graph, key)) {
        if (luck === 1) continue;
        const read: Record<string, string> = (inputs[asset] = {});
        for (const upstream of neededBy(graph, key, id)) {
          const current = made.get(asset)!.get(upstream.id);
          const chance = roll();
          if (current && chance !== 1) read[upstream.id] = chance === 2 ? "old" : current.dataVersion;
        }
        // What an earlier mapping had it read is no matter.
        if (luck === 2) read["gone"] = "x";
      }
      if (luck === 3) inputs["former"] = {};
      versions.set(id, {
        dataVersion: `${key} ${id}`,
        codeVersion: luck === 4 ? "c0" : key === "below" ? "c1" : "",
        ...(luck === 5 ? {} : { schemaHash: "s1" }),
        inputs,
      });
    }
    // Of a definition that it had before.
    if (partitions.kind !== "none") versions.set(formerOf(partitions), { dataVersion: "x", inputs: {} });
  }
  return made;
}

const formerOf = ({ kind }: PartitionsDefinition): PartitionId =>
  (kind === "time"
    ? "2026-02-10T00:30:00Z"
    : kind === "multi"
      ? "day=2026-02-10T00:30:00Z|region=LA"
      : "former") as PartitionId;

const needed = new WeakMap<AssetGraph, Map<string, readonly Partition[]>>();

function neededBy(graph: AssetGraph, key: string, id: PartitionId): readonly Partition[] {
  const known = needed.get(graph) ?? new Map<string, readonly Partition[]>();
  needed.set(graph, known);
  const found = known.get(`${key} ${id}`) ?? neededIn(graph, key, id);
  known.set(`${key} ${id}`, found);
  return found;
}

function neededIn(graph: AssetGraph, key: string, id: PartitionId): readonly Partition[] {
  const { partitions } = graph.assets.get(key)!;
  const join = joinOf(graph, partitions, strongDependencies(graph, key)[0]!);
  const own = [...partitionsIn(partitions, existing(partitions, now))].find((partition) => partition.id === id)!;
  return [...partitionsIn(join.upstream, upstreamPartitions(join, setOfPartitions(partitions, [own]), now))];
}

/** By partition: `data above 2026-02-14T…`, sorted. */
type Said = Readonly<Record<string, readonly string[]>>;

function naively(graph: AssetGraph, key: string, made: VersionsByAsset): Said {
  const asset = graph.assets.get(key)!;
  const said: Record<string, string[]> = {};
  const above = strongDependencies(graph, key)[0]!.asset;
  const upstream = graph.assets.get(above)!;
  for (const { id } of partitionsIn(asset.partitions, existing(asset.partitions, now))) {
    const version = made.get(key)!.get(id);
    if (!version) continue;
    const causes: string[] = [];
    if (version.codeVersion !== asset.codeVersion) causes.push("code");
    if (asset.schema && version.schemaHash !== asset.schema.hash) causes.push("schema");
    if ("former" in version.inputs) causes.push("dependencies former");
    const read = version.inputs[above];
    const changed = neededBy(graph, key, id).filter((one) => {
      const current = made.get(above)!.get(one.id)?.dataVersion;
      return current !== undefined && current !== read?.[one.id];
    });
    if (read === undefined && upstream.kind !== "external") {
      if (changed.length > 0) causes.push(`dependencies ${above}`);
    } else causes.push(...changed.map((one) => `data ${above} ${upstream.partitions.kind === "none" ? "" : one.id}`));
    if (causes.length > 0) said[id] = causes.toSorted();
  }
  return said;
}

function saidOf(graph: AssetGraph, key: string, { stale, causes }: AssetStaleness): Said {
  const { partitions } = graph.assets.get(key)!;
  const said: Record<string, string[]> = {};
  for (const partition of partitionsIn(partitions, stale)) {
    said[partition.id] = causes
      .filter((cause) => containsPartition(cause.partitions, partition))
      .flatMap(({ category, dependency, upstream }) => {
        if (category !== "data") return [dependency === undefined ? category : `${category} ${dependency}`];
        if (upstream === undefined) return [`data ${dependency} `];
        const above = graph.assets.get(dependency!)!.partitions;
        const read = setOfPartitions(above, neededBy(graph, key, partition.id));
        return Array.from(partitionsIn(above, intersect(read, upstream)), ({ id }) => `data ${dependency} ${id}`);
      })
      .toSorted();
  }
  return said;
}

const emptyState = (graph: AssetGraph, made: VersionsByAsset, key: string): AssetState => {
  const { partitions } = graph.assets.get(key)!;
  const all = [...partitionsIn(partitions, existing(partitions, now))].filter(({ id }) => made.get(key)!.has(id));
  const none = setOfPartitions(partitions, []);
  return {
    materialized: setOfPartitions(partitions, all),
    failed: none,
    inProgress: none,
    ...versionsOf(graph, key, made, now),
  };
};

function oneByOne(graph: AssetGraph, made: VersionsByAsset): PlanningState {
  return { assets: new Map(Array.from(graph.assets.keys(), (key) => [key, emptyState(graph, made, key)])) };
}

/** As it is read from an instance: hashes first, versions only of those under suspicion. */
function inColumns(graph: AssetGraph, made: VersionsByAsset): PlanningState {
  const state = oneByOne(graph, made);
  const assets = Array.from(graph.assets.keys(), (key): [string, AssetState] => {
    const { partitions } = graph.assets.get(key)!;
    const changes = strongDependencies(graph, key).map((dependency) => {
      const join = joinOf(graph, partitions, dependency);
      const index = versionIndex(join.upstream, columnsOf(join.upstream, made.get(dependency.asset)!));
      const { certain, names } = suspectsOf(join, dependency.asset, columnsOf(partitions, made.get(key)!), index, now);
      const read = new Map(names.map((id) => [id, made.get(key)!.get(id)!.inputs[dependency.asset] ?? null]));
      const current = new Map(
        Array.from(made.get(dependency.asset)!, ([id, { dataVersion }]) => [id as string, dataVersion]),
      );
      return [
        dependency.name,
        [...certain, ...changedInputs(join, comparePartitions(join, read, current, now))],
      ] as const;
    });
    return [key, { ...state.assets.get(key)!, changes: new Map(changes) }];
  });
  return { assets: new Map(assets) };
}

function columnsOf(
  { kind }: PartitionsDefinition,
  versions: ReadonlyMap<PartitionId, CurrentVersion>,
): readonly VersionColumns[] {
  const alike = Map.groupBy(versions, ([, { inputs }]) => JSON.stringify(Object.keys(inputs).toSorted()));
  return Array.from(alike.values(), (same) => {
    const reads = Object.keys(same[0]![1].inputs).toSorted();
    return {
      partitions:
        kind === "time"
          ? Float64Array.from(same, ([id]) => Temporal.Instant.from(id).epochMilliseconds / 1000)
          : same.map(([id]) => id),
      versions: Int32Array.from(same.flatMap(([id, { dataVersion }]) => hashOf(id, dataVersion))),
      reads,
      readVersions: Int32Array.from(
        same.flatMap(([, { inputs }]) =>
          reads.flatMap((asset) => {
            const hashes = Object.entries(inputs[asset]!).map(([id, version]) => hashOf(id, version));
            const sum = hashes.reduce(([a, b], [high, low]) => [a ^ high, b ^ low] as const, [0, 0] as const);
            return [...sum, hashes.length];
          }),
        ),
      ),
    };
  });
}

function hashOf(id: string, version: string): readonly [high: number, low: number] {
  const bytes = createHash("sha256").update(`${id} ${version}`).digest();
  return [bytes.readInt32BE(0), bytes.readInt32BE(4)];
}
