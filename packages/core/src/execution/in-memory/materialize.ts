/** Runs assets in this process, without Postgres, workers or a control plane: for users' tests. */
import { compareInstants } from "../../partitions/compare-instants.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { AnyAsset, Asset } from "../../definitions/asset-handle.ts";
import { isByPartition } from "../../definitions/by-partition.ts";
import type { Relation } from "../../definitions/io-manager.ts";
import type { Json, Metadata } from "../../definitions/metadata.ts";
import type { ComputeDefinition } from "../../definitions/model.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { IrokoError } from "../../errors.ts";
import type { Moment } from "../../partitions/moment.ts";
import { readsWhatThereIs } from "../../graph/joins.ts";
import { inferMapping } from "../../partitions/check-mapping.ts";
import type { Partition, PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import { partitionOf, setOfPartitions, type PartitionName } from "../../partitions/partitions-in.ts";
import { executeStep } from "../child/execute-step.ts";
import { nameOf, toPartition, toPartitionRecord } from "../child/partition-record.ts";
import { loadAs, type Stored } from "../child/step-inputs.ts";
import { openScope } from "../child/step-scope.ts";
import { inUserCode } from "../child/user-code.ts";
import type { CheckRecord, InputRecord, StepMessage, StepSpec } from "../step-protocol.ts";
import { FolderStore, type StoredObject } from "./folder-store.ts";
import {
  partitionsWanted,
  readGivenAssets,
  upstreamPartitions,
  type GivenAsset,
  type GivenAssets,
  type Upstream,
} from "./given-assets.ts";
import { overrideResources } from "./override-resources.ts";

export interface MaterializeOptions {
  /** The key of the one partition to make; of several dimensions, it may be an object with the key in each. */
  readonly partition?: PartitionName;
  /** Keys of several; assets with `backfill: "range"` make them in one step. */
  readonly partitions?: readonly PartitionName[];
  /** Which keys dynamic partitions have, by their name; those asked for are among them anyway. */
  readonly dynamicKeys?: Readonly<Record<string, readonly string[]>>;
  /** Stand-ins by the name under which the assets have them: a ready value, or a resource with its configuration. */
  readonly resources?: Readonly<Record<string, unknown>>;
  /** A folder that is read and written; a temporary one unless given. */
  readonly store?: string;
  /** Config by the asset's key, or the multi-asset's name. */
  readonly config?: Readonly<Record<string, Json>>;
  /**
   * Rows of assets that are not made here, by the asset's key or the dependency's name; `byPartition` where several
   * partitions are read. Their own IO managers store them first.
   */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** false: an error ends in the result instead of being thrown. */
  readonly raiseOnError?: boolean;
  /** Only partitions that have begun by then exist; by default now, or the end of the partitions asked for. */
  readonly now?: Temporal.Instant;
  readonly signal?: AbortSignal;
}

export interface Materialization {
  readonly asset: string;
  /** The partition's key; "" where there is one only. */
  readonly partition: string;
  readonly rows: number;
  readonly metadata: Metadata;
  readonly checks: readonly CheckRecord[];
  /** undefined: the asset stores nothing. */
  readonly file: string | undefined;
  readonly dataVersion: string;
}

export interface MaterializeResult extends AsyncDisposable {
  readonly success: boolean;
  /** In the order they were made. */
  readonly materializations: readonly Materialization[];
  /** With `raiseOnError: false`: what was thrown, the user's own error where it was theirs. */
  readonly error?: unknown;
  /** What is stored of a partition; of the only one made, unless its key is given. */
  rows<Row>(asset: Asset<string, Row>, partition?: PartitionName): Promise<Row[]>;
  /** Removes the temporary folder; `await using` does it by itself. */
  close(): Promise<void>;
}

/**
 * Makes assets in this process, dependencies first. What they depend on and is not given as an asset comes from `inputs`,
 * or lies in `store` already.
 *
 * @example
 * await using made = await materialize([raw, cleaned], { partition: "2026-11-02", resources: { buffer: fakeBuffer } });
 * assert.equal((await made.rows(cleaned)).length, 3);
 *
 * @throws what user code threw, as it is; {IrokoError} for all else, unless `raiseOnError` is false
 */
export async function materialize(
  assets: readonly GivenAsset[],
  options: MaterializeOptions = {},
): Promise<MaterializeResult> {
  const folder = options.store === undefined ? mkdtempSync(join(tmpdir(), "iroko-")) : resolve(options.store);
  const close = async (): Promise<void> => {
    if (options.store === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const session = new Session(assets, options, folder);
  try {
    await session.run();
  } catch (thrown) {
    const error = thrown instanceof IrokoError && thrown.code === "USER_CODE" ? thrown.cause : thrown;
    if (options.raiseOnError ?? true) {
      await close();
      throw error;
    }
    return { ...session.result(), success: false, error, close, [Symbol.asyncDispose]: close };
  }
  return { ...session.result(), success: true, close, [Symbol.asyncDispose]: close };
}

class Session {
  readonly #options: MaterializeOptions;
  readonly #given: GivenAssets;
  readonly #store: FolderStore;
  readonly #made: Materialization[] = [];
  #steps = 0;

  constructor(assets: readonly GivenAsset[], options: MaterializeOptions, folder: string) {
    const given = readGivenAssets(assets, new Set(Object.keys(options.inputs ?? {})));
    this.#options = options;
    this.#given = { ...given, ...overrideResources(given, options.resources ?? {}) };
    this.#store = new FolderStore(folder);
  }

  async run(): Promise<void> {
    const keys =
      this.#options.partitions ?? (this.#options.partition === undefined ? undefined : [this.#options.partition]);
    const now = this.#momentFor(keys ?? []);
    const wanted = partitionsWanted(this.#given, keys, now);
    for (const compute of this.#given.computes) {
      const ready: [Partition, readonly InputRecord[]][] = [];
      for (const partition of wanted.get(compute)!) {
        const inputs = await this.#inputsOf(compute, partition, now);
        if (inputs) ready.push([partition, inputs]);
      }
      const together =
        compute.backfill.kind === "perPartition"
          ? 1
          : compute.backfill.kind === "batches"
            ? compute.backfill.size
            : ready.length;
      for (let i = 0; i < ready.length; i += together) await this.#step(compute, ready.slice(i, i + together));
    }
  }

  result(): Pick<MaterializeResult, "materializations" | "rows"> {
    const made = this.#made;
    return {
      materializations: made,
      rows: <Row>(asset: Asset<string, Row>, partition?: PartitionName) =>
        this.#rows(asset, partition) as Promise<Row[]>,
    };
  }

  async #step(
    compute: ComputeDefinition,
    ready: readonly (readonly [Partition, readonly InputRecord[]])[],
  ): Promise<void> {
    const outputs = Object.values(compute.outputs).filter(({ key }) => this.#given.wanted.has(key));
    const spec: StepSpec = {
      ...this.#blankSpec(),
      name: compute.name,
      assets: outputs.map(({ key }) => key),
      partitions: ready.map(([partition]) => toPartitionRecord(partition)),
      config: this.#options.config?.[compute.name] ?? null,
      inputs: Object.fromEntries(ready.map(([partition, inputs]) => [partition.id, inputs])),
      history: Object.fromEntries(outputs.map(({ key }) => [key, this.#store.history(key)])),
    };
    try {
      await executeStep(this.#given.definitions, spec, (message) => this.#hear(message), this.#signal());
    } finally {
      rmSync(spec.directory, { recursive: true, force: true });
    }
  }

  #hear(message: StepMessage): void {
    if (message.type !== "built") return;
    const { asset, partition, staged, metadata, checks } = message.output;
    const file = this.#store.keep(message.output, this.#given.byKey.get(asset)?.io);
    const { rows, dataVersion } = staged;
    this.#made.push({ asset, partition: partition.key, rows, metadata, checks, file, dataVersion });
  }

  /** Undefined where an upstream left an optional output out: there is nothing to make it from. */
  async #inputsOf(
    compute: ComputeDefinition,
    partition: Partition,
    now: Moment,
  ): Promise<readonly InputRecord[] | undefined> {
    const records: InputRecord[] = [];
    const set = setOfPartitions(compute.partitions, [partition]);
    for (const [name, dep] of Object.entries(compute.deps)) {
      const upstream = this.#given.byKey.get(dep.asset)!;
      const objects: StoredObject[] = [];
      const missing: Partition[] = [];
      for (const wanted of upstreamPartitions(compute, name, upstream, set, now)) {
        const object = this.#store.find(upstream, wanted) ?? (await this.#stageInput(name, upstream, wanted));
        if (object) objects.push(object);
        else missing.push(wanted);
      }
      // As in a run: "all" means what there is, one at least; every other mapping needs all that it names.
      const mapping = dep.mapping ?? inferMapping(upstream.partitions, compute.partitions)!;
      if (missing.length > 0 && !(readsWhatThereIs(mapping) && objects.length > 0)) {
        if (this.#leavesOut(upstream.key)) return undefined;
        if (!dep.weak && upstream.io) throw inputMissing(compute, name, upstream, missing[0]!);
      }
      records.push({ role: "dependency", name, asset: dep.asset, objects });
    }
    for (const [name, { key }] of Object.entries(compute.outputs)) {
      const before = this.#store.find(this.#given.byKey.get(key)!, partition);
      if (before) records.push({ role: "previous", name, asset: key, objects: [before] });
    }
    return records;
  }

  #leavesOut(asset: string): boolean {
    const outputs = this.#given.computes.flatMap((compute) => Object.values(compute.outputs));
    return this.#given.wanted.has(asset) && outputs.some(({ key, optional }) => key === asset && optional);
  }

  /** Rows given by the test, stored as the asset's own IO manager would. */
  async #stageInput(name: string, upstream: Upstream, partition: Partition): Promise<StoredObject | undefined> {
    const given = this.#options.inputs?.[upstream.key] ?? this.#options.inputs?.[name];
    if (given === undefined || !upstream.io || !upstream.schema) return undefined;
    const { key: asset, schema, io } = upstream;
    const spec = this.#blankSpec();
    const scope = openScope(spec, () => {}, this.#signal());
    try {
      const file = join(scope.directory, `input${io.extension}`);
      const value = isByPartition(given) ? await given.of(partition) : given;
      const staged = await inUserCode(`Input "${name}"`, () =>
        io.stage(value, { asset, partition, schema, file, scope }),
      );
      const built = { asset, output: "self", partition: toPartitionRecord(partition), file, staged };
      this.#store.keep(
        { ...built, schemaHash: schema.hash, sourceVersions: {}, metadata: {}, checks: [], seconds: 0 },
        io,
      );
    } finally {
      await scope.close();
      rmSync(spec.directory, { recursive: true, force: true });
    }
    return this.#store.find(upstream, partition);
  }

  async #rows(handle: AnyAsset, key: PartitionName | undefined): Promise<unknown[]> {
    const asset = this.#given.byKey.get(handle.key);
    if (!asset?.io || !asset.schema) {
      throw new IrokoError("ASSET_NOT_FOUND", `Nothing is stored of an asset "${handle.key}" here.`, {
        hint: didYouMeanHint(handle.key, [...this.#given.byKey.keys()], "assets"),
      });
    }
    const partition = partitionOf(asset.partitions, key ?? this.#onlyPartition(handle));
    const object = this.#store.find(asset, partition);
    if (!object) {
      throw new IrokoError("PARTITION_NOT_FOUND", `${nameOf(handle.key, partition)} is not in the store.`, {
        hint: "Materialize it first, or give its key as the second argument.",
      });
    }
    const scope = openScope(this.#blankSpec(), () => {}, new AbortController().signal);
    try {
      const stored: Stored = { asset: asset.key, schema: asset.schema, io: asset.io };
      return await collect(
        await loadAs(stored, "self", [{ ...object, partition: toPartition(object.partition) }], scope),
      );
    } finally {
      await scope.close();
    }
  }

  #onlyPartition(asset: AnyAsset): string {
    if (asset.partitions.kind === "none") return "";
    const keys = new Set(this.#made.filter((made) => made.asset === asset.key).map(({ partition }) => partition));
    const [only] = keys;
    if (keys.size === 1) return only!;
    throw new IrokoError("PARTITIONS_MIXED", `${keys.size} partitions of asset "${asset.key}" were made here.`, {
      hint: "Give the partition's key as the second argument.",
    });
  }

  #blankSpec(): StepSpec {
    const n = this.#steps++;
    return {
      runId: "materialize",
      n,
      kind: "materialize",
      name: "",
      assets: [],
      partitions: [],
      attempt: 1,
      config: null,
      inputs: {},
      history: {},
      directory: join(this.#store.folder, ".steps", `${process.pid}-${n}`),
      memoryBytes: 1024 ** 3,
      threads: 2,
    };
  }

  #signal(): AbortSignal {
    return this.#options.signal ?? new AbortController().signal;
  }

  /** A test that names a partition means it to exist, whatever day it is and whichever keys there are. */
  #momentFor(keys: readonly PartitionName[]): Moment {
    const asked = this.#given.computes.flatMap(({ partitions }) => keys.flatMap((key) => partsOf(partitions, key)));
    const dynamicKeys = new Map(Object.entries(this.#options.dynamicKeys ?? {}));
    const ends: Temporal.Instant[] = [];
    for (const { definition, partition } of asked) {
      if (partition.window) ends.push(partition.window.end);
      if (definition.kind !== "dynamic") continue;
      dynamicKeys.set(definition.name, [...new Set([...(dynamicKeys.get(definition.name) ?? []), partition.key])]);
    }
    const latest = [Temporal.Now.instant(), ...ends].reduce((a, b) => (compareInstants(a, b) < 0 ? b : a));
    return { now: this.#options.now ?? latest, dynamicKeys };
  }
}

interface Part {
  readonly definition: PartitionsDefinition;
  readonly partition: Partition;
}

/** What a key is in each dimension. */
function partsOf(definition: PartitionsDefinition, key: PartitionName): readonly Part[] {
  let partition: Partition;
  try {
    partition = partitionOf(definition, key);
  } catch {
    return []; // told where the partition is asked for
  }
  if (definition.kind !== "multi") return [{ definition, partition }];
  return definition.dimensions.map(({ name, partitions }) => ({
    definition: partitions,
    partition: partition.dimensions![name]!,
  }));
}

async function collect(loaded: Relation<never> | Iterable<unknown>): Promise<unknown[]> {
  return Array.fromAsync("rows" in loaded ? loaded.rows() : loaded);
}

function inputMissing(compute: ComputeDefinition, name: string, upstream: Upstream, partition: Partition): IrokoError {
  const where = nameOf(upstream.key, partition);
  return new IrokoError("INPUT_MISSING", `Asset "${compute.name}" reads ${where}, which is not there.`, {
    hint: `Add the asset "${upstream.key}" to those to make, or give its rows: inputs: { ${name}: [ … ] }.`,
    place: { subject: `asset "${compute.name}", deps.${name}` },
  });
}
