/** Snapshots by hand, for tests of the pure functions that read them. */
import { defaultRetryPolicy } from "../../packages/core/src/definitions/retry-policy.ts";
import type { BackfillPolicy } from "../../packages/core/src/definitions/model.ts";
import type { Snapshot, SnapshotDependency } from "../../packages/core/src/definitions/snapshot.ts";
import { inferMapping } from "../../packages/core/src/partitions/check-mapping.ts";
import type { PartitionMapping } from "../../packages/core/src/partitions/mapping.ts";
import { unpartitioned, type PartitionsDefinition } from "../../packages/core/src/partitions/partitions-definition.ts";

export interface AssetSketch {
  readonly deps?: readonly (string | DependencySketch)[];
  readonly partitions?: PartitionsDefinition;
  readonly external?: boolean;
  readonly observable?: boolean;
  readonly group?: string;
  readonly codeVersion?: string;
  readonly schemaHash?: string;
  readonly optional?: boolean;
  readonly backfill?: BackfillPolicy;
  readonly pools?: readonly string[];
  /** Makes it an output of a compute of that name; deps, partitions and policies of its outputs are joined. */
  readonly compute?: string;
}

export interface DependencySketch {
  readonly key: string;
  readonly mapping?: PartitionMapping;
  readonly weak?: boolean;
}

export interface CheckSketch {
  readonly asset: string;
  readonly name: string;
  readonly blocking?: boolean;
  readonly partitions?: PartitionsDefinition;
  readonly deps?: readonly (string | DependencySketch)[];
}

export function buildSnapshot(
  sketches: Readonly<Record<string, AssetSketch>>,
  checks: readonly CheckSketch[] = [],
): Snapshot {
  const partitionsOf = (key: string): PartitionsDefinition => sketches[key]?.partitions ?? unpartitioned;
  const depsOf = (
    deps: readonly (string | DependencySketch)[],
    downstream: PartitionsDefinition,
  ): SnapshotDependency[] =>
    deps.map((dep) => {
      const { key, mapping, weak = false } = typeof dep === "string" ? { key: dep } : dep;
      const found = mapping ?? inferMapping(partitionsOf(key), downstream);
      if (!found) throw new Error(`no mapping from ${key}`);
      return { name: key, asset: key, mapping: found, weak };
    });
  const made = Object.entries(sketches).filter(([, { external }]) => !external);
  const computes = Map.groupBy(made, ([key, { compute }]) => compute ?? key);
  return {
    format: 1,
    hash: "",
    assets: Object.entries(sketches).map(([key, sketch]) => ({
      key,
      kind: sketch.external ? "external" : "asset",
      group: sketch.group ?? "default",
      kinds: [],
      owners: [],
      tags: {},
      partitions: partitionsOf(key),
      ...(sketch.external ? {} : { compute: sketch.compute ?? key, output: sketch.compute ? key : "self" }),
      optional: sketch.optional ?? false,
      observable: sketch.observable ?? false,
      checks: [],
      ...(sketch.external ? {} : { codeVersion: sketch.codeVersion ?? "" }),
      ...(sketch.schemaHash === undefined ? {} : { schema: { columns: [], hash: sketch.schemaHash } }),
      definitionHash: "",
    })),
    computes: Array.from(computes, ([name, outputs]) => {
      const [, first] = outputs[0]!;
      const deps = new Map(
        outputs.flatMap(([, { deps = [] }]) => deps.map((dep) => [typeof dep === "string" ? dep : dep.key, dep])),
      );
      return {
        name,
        outputs: outputs.map(([key, { optional = false }]) => ({ name: key, asset: key, optional })),
        deps: depsOf([...deps.values()], first.partitions ?? unpartitioned),
        partitions: first.partitions ?? unpartitioned,
        backfill: first.backfill ?? { kind: "perPartition" },
        retry: defaultRetryPolicy,
        pools: first.pools ?? [],
        readsPrevious: false,
        codeVersion: first.codeVersion ?? "",
        definitionHash: "",
      };
    }),
    checks: checks.map(({ asset, name, blocking = false, partitions = partitionsOf(asset), deps = [] }) => ({
      asset,
      name,
      blocking,
      severity: "error",
      deps: depsOf([asset, ...deps], partitions),
      partitions,
      retry: defaultRetryPolicy,
      codeVersion: "",
      definitionHash: "",
    })),
    jobs: [],
    schedules: [],
    environment: [],
  };
}
