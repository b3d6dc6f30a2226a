/**
 * Adding and removing keys of dynamic partitions. Both are idempotent, and neither touches what is made: a removed
 * partition keeps its files and its history, and is not planned any more until it is added again.
 */
import { didYouMeanHint } from "../did-you-mean.ts";
import { IrokoError } from "../errors.ts";
import type { Queryable, Tx } from "../instance/database.ts";
import { dynamicKeysAt, endDynamicKeys, everKnownKeys, insertDynamicKeys } from "../instance/dynamic-partitions.ts";
import { appendEvents } from "../instance/events.ts";
import { dynamicNamesIn } from "../partitions/dynamic-names.ts";
import { keyProblem } from "../partitions/key-problem.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import { keySet } from "../partitions/set-algebra.ts";

/** Definitions that may have dynamic partitions: a snapshot's, or those of several. */
export interface MayBeDynamic {
  readonly assets: readonly { readonly key: string; readonly partitions: PartitionsDefinition }[];
  readonly checks?: readonly { readonly partitions: PartitionsDefinition }[];
}

/**
 * The name of dynamic partitions, given itself or by an asset that has them.
 *
 * @throws {IrokoError} DYNAMIC_PARTITIONS_NOT_FOUND
 */
export function dynamicNameOf({ assets, checks = [] }: MayBeDynamic, nameOrAsset: string): string {
  const names = dynamicNamesIn([...assets, ...checks].map(({ partitions }) => partitions));
  if (names.includes(nameOrAsset)) return nameOrAsset;
  const asset = assets.find(({ key }) => key === nameOrAsset);
  const own = asset ? dynamicNamesIn([asset.partitions]) : [];
  if (own.length === 1) return own[0]!;
  if (own.length > 1) {
    throw notFound(
      `Asset "${nameOrAsset}" has dynamic partitions in several dimensions.`,
      `Name one: ${own.join(", ")}.`,
    );
  }
  if (asset) throw notFound(`Asset "${nameOrAsset}" has no dynamic partitions.`, nearest(nameOrAsset, names));
  throw notFound(`There are no dynamic partitions "${nameOrAsset}".`, nearest(nameOrAsset, names));
}

/**
 * @returns those that the definition did not have
 * @throws {IrokoError} PARTITION_FORMAT for a key that can be none, and then none is added
 */
export async function addDynamicKeys(tx: Tx, name: string, keys: readonly string[]): Promise<readonly string[]> {
  for (const key of keys) {
    const wrong = keyProblem(key);
    if (wrong) {
      throw new IrokoError("PARTITION_FORMAT", `Nothing was added to "${name}": ${wrong.problem}.`, {
        hint: wrong.hint,
        details: { key },
      });
    }
  }
  const added = await insertDynamicKeys(tx, name, [...new Set(keys)]);
  await record(tx, "partitions_added", name, added);
  return added;
}

/**
 * @returns those that the definition had
 * @throws {IrokoError} PARTITION_NOT_FOUND for a key that it never had, and then none is removed
 */
export async function removeDynamicKeys(tx: Tx, name: string, keys: readonly string[]): Promise<readonly string[]> {
  const known = new Set(await everKnownKeys(tx, name, keys));
  const unknown = keys.find((key) => !known.has(key));
  if (unknown !== undefined) {
    const live = (await dynamicKeysAt(tx, [name])).keys.get(name) ?? [];
    throw new IrokoError(
      "PARTITION_NOT_FOUND",
      `Nothing was removed: ${JSON.stringify(unknown)} never was a partition of "${name}".`,
      { hint: didYouMeanHint(unknown, live, "partitions"), details: { key: unknown } },
    );
  }
  const removed = await endDynamicKeys(tx, name, keys);
  await record(tx, "partitions_removed", name, removed);
  return removed;
}

async function record(
  db: Queryable,
  type: "partitions_added" | "partitions_removed",
  definition: string,
  keys: readonly string[],
): Promise<void> {
  if (keys.length > 0) await appendEvents(db, [{ type, partitions: keySet(keys), payload: { definition } }]);
}

function nearest(wanted: string, names: readonly string[]): string {
  if (names.length === 0) return 'No asset has any: partitions: dynamic("tenants") makes some.';
  return didYouMeanHint(wanted, names, "dynamic partitions");
}

function notFound(message: string, hint: string): IrokoError {
  return new IrokoError("DYNAMIC_PARTITIONS_NOT_FOUND", message, { hint });
}
