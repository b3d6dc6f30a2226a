import { existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { IoManager } from "../../definitions/io-manager.ts";
import type { TableSchema } from "../../definitions/table-schema.ts";
import type { NamedByKeys } from "../../partitions/multi-partition.ts";
import type { Partition } from "../../partitions/partitions-definition.ts";
import { toPartitionRecord } from "../child/partition-record.ts";
import { stableKey } from "../object-keys.ts";
import type { BuiltOutput, InputRecord } from "../step-protocol.ts";

export type StoredObject = InputRecord["objects"][number];

export interface StoredAsset {
  readonly key: string;
  readonly schema: TableSchema | undefined;
  readonly io: IoManager | undefined;
}

/** A folder with one file per partition, under the paths that a real store publishes: no versions, no history. */
export class FolderStore {
  readonly folder: string;
  readonly #objects = new Map<string, StoredObject>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** What is current of a partition: made just now, or found in the folder. */
  find(asset: StoredAsset, partition: Partition): StoredObject | undefined {
    const known = this.#objects.get(idOf(asset.key, partition.id));
    if (known || !asset.io || !asset.schema) return known;
    const file = this.#fileOf(asset.io, partition);
    if (!existsSync(file)) return undefined;
    const { size, mtimeMs } = statSync(file);
    const found = {
      file,
      rows: 0,
      bytes: size,
      schemaHash: asset.schema.hash,
      dataVersion: `${size}-${mtimeMs}`,
      metadata: {},
    };
    return { partition: toPartitionRecord(partition), version: 0, ...found };
  }

  /** Takes a built file to its place; gives where that is. */
  keep(
    { asset, partition, file, staged, schemaHash, metadata }: BuiltOutput,
    io: IoManager | undefined,
  ): string | undefined {
    const place = file === undefined || !io ? undefined : this.#fileOf(io, partition);
    if (place !== undefined) {
      mkdirSync(dirname(place), { recursive: true });
      renameSync(file!, place);
    }
    const { rows, bytes, dataVersion } = staged;
    const object = { partition, version: 1, file: place ?? "", rows, bytes, schemaHash, dataVersion, metadata };
    this.#objects.set(idOf(asset, partition.id), object);
    return place;
  }

  /** Row counts of an asset's partitions made so far. */
  history(asset: string): readonly StoredObject[] {
    const prefix = idOf(asset, "");
    return [...this.#objects].filter(([id]) => id.startsWith(prefix)).map(([, object]) => object);
  }

  #fileOf(io: IoManager, partition: NamedByKeys): string {
    return join(this.folder, stableKey(io, partition));
  }
}

function idOf(asset: string, partition: string): string {
  return `${asset}\u0000${partition}`;
}
