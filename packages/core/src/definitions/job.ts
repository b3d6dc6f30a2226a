import type { AnyAsset } from "./asset-handle.ts";
import type { Json } from "./metadata.ts";
import type { JobDefinition } from "./model.ts";

export interface JobOptions<Key extends string> {
  readonly key: Key;
  /** In the selection grammar (`+daily_revenue`, `group:marts and not tag:slow`), or the assets themselves. */
  readonly select: string | readonly AnyAsset[];
  readonly description?: string | undefined;
  /** Config of its runs, by asset key. */
  readonly config?: Readonly<Record<string, Json>> | undefined;
  /** Put on its runs. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Higher goes first; 0 unless given. */
  readonly priority?: number | undefined;
  /** Of each of its runs, at most so many steps run at once; as many as there are slots unless given. */
  readonly maxConcurrency?: number | undefined;
}

/** A job as a value for `schedule` and `define`. */
export interface Job<Key extends string = string> extends JobDefinition {
  readonly key: Key;
}

/** A named selection of assets. */
export function job<const Key extends string>(options: JobOptions<Key>): Job<Key> {
  const { key, select, description, config = {}, tags = {}, priority = 0, maxConcurrency } = options;
  return Object.freeze({
    key,
    select: typeof select === "string" ? select : selectionOf(select),
    description,
    config,
    tags,
    priority,
    maxConcurrency,
  });
}

function selectionOf(assets: readonly AnyAsset[]): string {
  return assets.map((asset) => `key:"${asset.key}"`).join(" or ");
}
