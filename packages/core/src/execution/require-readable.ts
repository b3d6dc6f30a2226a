/**
 * Inputs that the present schema cannot read are told before any of them travels. What is known of them says so; of the
 * files themselves, the child that reads them says the same.
 */
import { breakingChange } from "../definitions/schema-change.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import { IrokoError } from "../errors.ts";
import type { Queryable } from "../instance/database.ts";
import { schemasByHash } from "../instance/table-schemas.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { remakeCommand } from "../planning/request-text.ts";
import { toPartition } from "./child/partition-record.ts";
import type { PinnedInputs, PinnedUse, PinnedVersion } from "./pinned-inputs.ts";
import { assetOf } from "./step-definition.ts";

/**
 * @param partitions those of the step's that are still to be made
 * @throws {IrokoError} SCHEMA_OLD of the first input that cannot be read
 */
export async function requireReadable(
  db: Queryable,
  snapshot: Snapshot,
  { objects, uses }: PinnedInputs,
  partitions: readonly string[],
): Promise<void> {
  const assets = new Set(objects.map(({ asset }) => asset));
  const hashes = new Map([...assets].map((asset) => [asset, assetOf(snapshot, asset)?.schema?.hash]));
  const isOther = ({ asset, schemaHash, objectKey }: PinnedVersion): boolean =>
    objectKey !== undefined && schemaHash !== "" && hashes.get(asset) !== undefined && hashes.get(asset) !== schemaHash;
  const others = new Set(objects.filter(isOther));
  if (others.size === 0) return;
  const schemas = await schemasByHash(db, [...new Set([...others].map(({ schemaHash }) => schemaHash))]);
  for (const use of partitions.flatMap((id) => uses[id] ?? [])) {
    if (use.role === "compare") continue;
    const unreadable = use.objects.flatMap((place) => {
      const object = objects[place];
      const was = object && others.has(object) ? schemas.get(object.schemaHash) : undefined;
      const why = was && breakingChange(was, assetOf(snapshot, use.asset)!.schema!);
      return object === undefined || why === undefined ? [] : [{ object, why }];
    });
    if (unreadable.length > 0) throw schemaOld(snapshot, use, unreadable);
  }
}

function schemaOld(
  snapshot: Snapshot,
  { role, asset }: PinnedUse,
  unreadable: readonly { readonly object: PinnedVersion; readonly why: string }[],
): IrokoError {
  const { partitions } = assetOf(snapshot, asset)!;
  const set = setOfPartitions(
    partitions,
    unreadable.map(({ object }) => toPartition(object.partition)),
  );
  const names = formatPartitions(partitions, set);
  const isOne = unreadable.length === 1;
  const which = isOne ? `partition "${names}"` : `partitions ${names}`;
  return new IrokoError(
    "SCHEMA_OLD",
    `Asset "${asset}"${names === "" ? "" : `, ${which},`} was written with an older schema: ${unreadable[0]!.why}.`,
    {
      hint:
        role === "previous"
          ? "It builds on its own earlier version: add columns as nullable, or begin anew under another key."
          : `Make ${isOne ? "it" : "them"} again: ${remakeCommand(asset, names)}`,
      details: {
        asset,
        partitions: unreadable.map(({ object }) => object.partition.key),
        reasons: [...new Set(unreadable.map(({ why }) => why))],
      },
    },
  );
}
