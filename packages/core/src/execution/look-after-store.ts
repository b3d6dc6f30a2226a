/**
 * What is owed to the store, whoever should have done it: versions that no stable path shows are published, commits are
 * verified, files that are spent are removed. Run by every worker, every few seconds and at its start.
 */
import { overdueToPublish } from "../instance/asset-partitions.ts";
import { ownErrorRecord } from "./own-error.ts";
import { publishPartition, type PublishContext } from "./publish.ts";
import { verifyCommits, type VerifyContext } from "./verify.ts";

const mostAtOnce = 100;

export async function lookAfterStore(context: VerifyContext, signal: AbortSignal): Promise<void> {
  await publishOverdue(context, signal);
  await verifyCommits(context, signal);
  await context.built.sweep(context.db);
}

async function publishOverdue(context: PublishContext, signal: AbortSignal): Promise<void> {
  const assets = context.snapshot.assets.map(({ key }) => key);
  const failures: unknown[] = [];
  for (const { asset, partition } of await overdueToPublish(context.db, assets, mostAtOnce)) {
    if (signal.aborted) return;
    try {
      await publishPartition(context, asset, partition);
    } catch (error) {
      // One that cannot be published keeps back none of the others; a store that is away keeps back all.
      failures.push(error);
      if (ownErrorRecord(error).code === "STORE_UNREACHABLE") break;
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} versions could not be published`);
}
