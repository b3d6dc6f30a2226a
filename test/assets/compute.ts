/** Runs an asset's computation the way a step does, short of any store or database. */
import {
  readProduct,
  snapshotOf,
  type AnyAsset,
  type CheckOutcome,
  type ComputeDefinition,
  type Metadata,
  type MetricsContext,
  type OutputDefinition,
  type Partition,
  type PinnedObject,
  type Relation,
  type Snapshot,
} from "../../packages/core/src/index.ts";
import { assetSource } from "../../packages/core/src/definitions/asset-handle.ts";
import type { TestStep } from "./step.ts";

export type DepsOfPartition = (partition: Partition) => Readonly<Record<string, Relation<never>>>;

export interface Made {
  readonly object: PinnedObject;
  readonly metadata: Metadata;
  readonly checks: Readonly<Record<string, CheckOutcome>>;
}

export function computeOf(asset: AnyAsset): ComputeDefinition {
  const source = asset[assetSource];
  if (source.kind !== "compute") throw new Error(`${asset.key} is external`);
  if (source.problems.length > 0) throw new Error(source.problems.map(({ message }) => message).join(" "));
  return source.definition;
}

export function selfOf(asset: AnyAsset): OutputDefinition & { schema: object; io: object } {
  const output = computeOf(asset).outputs["self"];
  if (output?.schema === undefined || output.io === undefined) throw new Error(`${asset.key} stores nothing`);
  return output as OutputDefinition & { schema: object; io: object };
}

/** Makes these partitions in one step: each is built, measured and checked in turn. */
export async function make(
  s: TestStep,
  asset: AnyAsset,
  partitions: readonly Partition[],
  depsOf: DepsOfPartition = () => ({}),
  { previous, history = [] }: { previous?: Relation<never>; history?: readonly number[] } = {},
): Promise<Made[]> {
  const compute = computeOf(asset);
  const output = selfOf(asset);
  const contextOf = (of: readonly Partition[]) => ({
    runId: "run",
    attempt: 1,
    partitions: of,
    get partition(): Partition {
      const [only, ...others] = of;
      if (only === undefined || others.length > 0) throw new Error("a step of several partitions has no partition");
      return only;
    },
    get deps() {
      return depsOf(this.partition);
    },
    depsOf,
    previous: () => ({ self: previous }),
    selectedOutputs: new Set(["self"]),
    resources: {},
    config: undefined,
    signal: s.scope.signal,
    log: s.scope.log,
    scope: s.scope,
  });
  const product = await compute.materialize(contextOf(partitions));
  const made: Made[] = [];
  for (const partition of partitions) {
    const { data } = await readProduct(product, partition);
    const object = await s.stage(output.io, data, s.slot(output.schema, { asset: asset.key, partition }));
    const self = await s.load(output.io, "self", output.schema, [object]);
    const deps = depsOf(partition);
    const context: MetricsContext = { ...contextOf([partition]), output: "self", self };
    const metadata = (await compute.metrics?.(context)) ?? {};
    const checks: Record<string, CheckOutcome> = {};
    for (const check of output.checks) {
      checks[check.name] = await check.run({
        asset: asset.key,
        partition,
        schema: output.schema,
        self,
        deps,
        previous,
        history: history.map((rows) => ({ partition, rows })),
        scope: s.scope,
      });
    }
    made.push({ object, metadata, checks });
  }
  return made;
}

export function snapshotWith(...assets: readonly AnyAsset[]): Snapshot {
  return snapshotOf({ computes: assets.map(computeOf), externals: [], checks: [], jobs: [], schedules: [] });
}
