import {
  assetGraph,
  assetOf,
  IrokoError,
  partitionOf,
  type Partition,
  type Snapshot,
  type SnapshotAsset,
} from "@iroko/core";

/**
 * One partition that is stored: `daily_revenue@2026-11-20`, or `merchants` where there is only one.
 *
 * @throws {IrokoError} ASSET_NOT_FOUND, PARTITION_FORMAT, PARTITION_NOT_FOUND, PARTITION_UNSPECIFIED
 */
export function findPartition(
  snapshot: Snapshot,
  text: string,
): { readonly asset: SnapshotAsset; readonly partition: Partition } {
  const at = text.indexOf("@");
  const asset = assetOf(assetGraph(snapshot), at === -1 ? text : text.slice(0, at));
  if (at === -1 && asset.partitions.kind !== "none") {
    throw new IrokoError("PARTITION_UNSPECIFIED", `"${asset.key}" has partitions: say which.`, {
      hint: `For example ${asset.key}@KEY; \`iroko assets show ${asset.key}\` lists them.`,
    });
  }
  return { asset, partition: partitionOf(asset.partitions, at === -1 ? "" : text.slice(at + 1)) };
}
