/** What a step reads, loaded before its code runs: `ctx.deps.x` is there at once. */
import type { IoManager, PinnedObject, Relation, StepScope } from "../../definitions/io-manager.ts";
import type { Definitions } from "../../definitions/model.ts";
import type { TableSchema } from "../../definitions/table-schema.ts";
import { IrokoError } from "../../errors.ts";
import { formatPartitions } from "../../partitions/format-partitions.ts";
import type { Partition, PartitionsDefinition } from "../../partitions/partitions-definition.ts";
import { setOfPartitions } from "../../partitions/partitions-in.ts";
import { remakeCommand } from "../../planning/request-text.ts";
import type { InputRecord, StepSpec } from "../step-protocol.ts";
import { toPartition } from "./partition-record.ts";
import { inUserCode, isIrokoError } from "./user-code.ts";

/** Inputs of one partition, by the dependency's or output's name. */
export type Inputs = Readonly<Record<string, unknown>>;

export interface StepInputs {
  of(role: InputRecord["role"], partition: Partition): Inputs;
  /** What was read of the dependencies, to the version. */
  dataVersions(partition: Partition): readonly InputVersion[];
}

export interface InputVersion {
  /** The dependency's name. */
  readonly name: string;
  readonly asset: string;
  readonly partition: string;
  readonly dataVersion: string;
}

export interface Stored {
  readonly asset: string;
  readonly schema: TableSchema;
  readonly io: IoManager;
}

interface Upstream extends Stored {
  readonly partitions: PartitionsDefinition;
}

/** Loads the inputs of those roles for every partition of the step; `names` are there even where nothing is pinned. */
export async function loadInputs(
  definitions: Definitions,
  spec: StepSpec,
  wanted: Partial<Record<InputRecord["role"], Readonly<Record<string, string>>>>,
  scope: StepScope,
): Promise<StepInputs> {
  const loaded = new Map<string, Record<string, unknown>>();
  for (const { id } of spec.partitions) {
    for (const [role, assets] of Object.entries(wanted)) {
      const inputs: Record<string, unknown> = {};
      for (const [name, asset] of Object.entries(assets)) {
        scope.signal.throwIfAborted();
        const record = spec.inputs[id]?.find((input) => input.role === role && input.name === name);
        inputs[name] = await loadOne(definitions, role, name, asset, record, scope);
      }
      loaded.set(`${role}/${id}`, inputs);
    }
  }
  return {
    of: (role, partition) => loaded.get(`${role}/${partition.id}`) ?? {},
    dataVersions: (partition) =>
      (spec.inputs[partition.id] ?? [])
        .filter((input) => input.role === "dependency")
        .flatMap(({ name, asset, objects }) =>
          objects.map((object) => ({ name, asset, partition: object.partition.id, dataVersion: object.dataVersion })),
        ),
  };
}

/** A file that the step has just built, or one pinned for it, as its asset's IO manager gives it. */
export async function loadAs(
  stored: Stored,
  name: string,
  objects: readonly PinnedObject[],
  scope: StepScope,
): Promise<Relation<never>> {
  const { asset, schema, io } = stored;
  const subject = `Loading asset "${asset}"`;
  return (await inUserCode(subject, () => io.load({ name, asset, schema, objects, scope }))) as Relation<never>;
}

function pinnedObjects(record: InputRecord): readonly PinnedObject[] {
  return record.objects.map((object) => ({ ...object, partition: toPartition(object.partition) }));
}

/** Undefined where the asset stores nothing, and where there is nothing to compare with. */
async function loadOne(
  definitions: Definitions,
  role: string,
  name: string,
  asset: string,
  record: InputRecord | undefined,
  scope: StepScope,
): Promise<unknown> {
  const stored = storedAs(definitions, asset);
  if (!stored) return undefined;
  if (role !== "dependency" && (!record || record.objects.length === 0)) return undefined;
  const objects = record ? pinnedObjects(record) : [];
  try {
    return await loadAs(stored, role === "previous" ? "previous" : name, objects, scope);
  } catch (error) {
    throw isIrokoError(error) && error.code === "SCHEMA_OLD" ? withRemedy(error, role, stored, objects) : error;
  }
}

/** An IO manager knows no definitions, and so not the command that makes again what it cannot read. */
function withRemedy(
  error: IrokoError,
  role: string,
  { asset, partitions }: Upstream,
  objects: readonly PinnedObject[],
): IrokoError {
  const names = new Set(error.details?.["partitions"] as readonly string[] | undefined);
  const unreadable = objects.map(({ partition }) => partition).filter(({ key }) => names.size === 0 || names.has(key));
  const command = remakeCommand(asset, formatPartitions(partitions, setOfPartitions(partitions, unreadable)));
  const hint =
    role === "previous"
      ? "It builds on its own earlier version: add columns as nullable, or begin anew under another key."
      : `Make ${unreadable.length === 1 ? "it" : "them"} again: ${command}`;
  return new IrokoError(error.code, error.message, { hint, ...(error.details && { details: error.details }) });
}

/** Stored assets by key, once for each definitions: a step of many partitions asks often. */
const indexes = new WeakMap<Definitions, ReadonlyMap<string, Upstream>>();

function storedAs(definitions: Definitions, asset: string): Upstream | undefined {
  let index = indexes.get(definitions);
  if (!index) {
    const made = definitions.computes.flatMap(({ partitions, outputs }) =>
      Object.values(outputs).map((output) => ({ ...output, partitions })),
    );
    index = new Map(
      [...made, ...definitions.externals].flatMap(({ key, schema, io, partitions }) =>
        schema && io ? [[key, { asset: key, schema, io, partitions }]] : [],
      ),
    );
    indexes.set(definitions, index);
  }
  return index.get(asset);
}
