/** What a snapshot says of a step: the same questions for a compute, a standalone check and an observation. */
import { defaultRetryPolicy, type RetryPolicy } from "../definitions/retry-policy.ts";
import type { Snapshot, SnapshotAsset, SnapshotDependency } from "../definitions/snapshot.ts";
import type { PartitionsDefinition } from "../partitions/partitions-definition.ts";
import type { StepKind } from "../instance/steps.ts";

export interface StepDefinition {
  readonly partitions: PartitionsDefinition;
  readonly deps: readonly SnapshotDependency[];
  /** External assets that an observation compares with; read, but never required. */
  readonly compares: readonly SnapshotDependency[];
  readonly outputs: readonly { readonly name: string; readonly asset: string; readonly optional: boolean }[];
  readonly readsPrevious: boolean;
  readonly retry: RetryPolicy;
  readonly timeoutSeconds?: number;
  readonly codeVersion: string;
  readonly definitionHash: string;
}

/** undefined: the snapshot has no such step (any more). */
export function stepDefinition(snapshot: Snapshot, kind: StepKind, name: string): StepDefinition | undefined {
  switch (kind) {
    case "materialize": {
      const compute = snapshot.computes.find((candidate) => candidate.name === name);
      return compute && { ...compute, compares: [] };
    }
    case "check": {
      const check = snapshot.checks.find((candidate) => `${candidate.asset}:${candidate.name}` === name);
      return check && { ...check, compares: [], outputs: [], readsPrevious: false };
    }
    case "observe": {
      const asset = assetOf(snapshot, name);
      return (
        asset && {
          partitions: asset.partitions,
          deps: [],
          compares: asset.compares ?? [],
          outputs: [],
          readsPrevious: false,
          retry: defaultRetryPolicy,
          codeVersion: asset.codeVersion ?? "",
          definitionHash: asset.definitionHash,
        }
      );
    }
    case "gate":
      return undefined;
  }
}

export function assetOf(snapshot: Snapshot, key: string): SnapshotAsset | undefined {
  return snapshot.assets.find((asset) => asset.key === key);
}

/** Everything that a snapshot can run, as steps name it, with the hash of its definition. */
export function stepHashes(
  snapshot: Snapshot,
): readonly { readonly kind: StepKind; readonly name: string; readonly hash: string }[] {
  return [
    ...snapshot.computes.map(({ name, definitionHash: hash }) => ({ kind: "materialize" as const, name, hash })),
    ...snapshot.checks.map(({ asset, name, definitionHash: hash }) => ({
      kind: "check" as const,
      name: `${asset}:${name}`,
      hash,
    })),
    ...snapshot.assets
      .filter(({ observable }) => observable)
      .map(({ key, definitionHash: hash }) => ({ kind: "observe" as const, name: key, hash })),
  ];
}

/** Hashes of everything that a worker with this snapshot can run. */
export function definitionHashesOf(snapshot: Snapshot): readonly string[] {
  return [...new Set(stepHashes(snapshot).map(({ hash }) => hash))];
}
