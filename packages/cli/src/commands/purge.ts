import {
  assetGraph,
  assetOf,
  countIn,
  existing,
  formatPartitions,
  IrokoError,
  parsePartitions,
  partitionOf,
  reach,
  setOfPartitions,
  type MomentWithKeys,
  type PartitionSet,
  type SnapshotAsset,
} from "@iroko/core";
import { purgePartitions, readMoment, type Database, type Purged } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { formatBytes, plural } from "../terminal/units.ts";
import { UsageError } from "../usage-error.ts";

interface PurgeOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly reason?: string;
}

const command: CliCommand<PurgeOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<asset@partitions>", "any text for partitions; only the asset's key where it has none")
      .option("--dry-run", "only say what would be purged")
      .option("--yes", "purge it: nothing of it can be had again")
      .option("--reason <text>", "kept with the event")
      .addHelpText(
        "after",
        `
Gone are every version and its objects, the published file, cached and built files, metadata, check results and their
samples, and the logs and error texts of the steps that made or read it. The partitions are missing then.

Examples:
  iroko purge customers@2026-11-20 --dry-run
  iroko purge 'customers@2026-11-01..2026-11-20' --yes --reason 'request 4711'`,
      );
  },
  async run({ args: [target = ""], options, terminal }) {
    const dryRun = options.dryRun === true;
    await using session = await openSession(findProject(options), terminal);
    const { db, location } = session;
    const graph = assetGraph(location.snapshot);
    const at = target.indexOf("@");
    const asset = assetOf(graph, at === -1 ? target : target.slice(0, at));
    const now = await readMoment(db, location.snapshot, Temporal.Now.instant());
    const set = partitionsOf(asset, at === -1 ? undefined : target.slice(at + 1), now);
    const { storage } = asset;
    if (storage === undefined || asset.kind === "external")
      throw new UsageError(`Nothing of "${asset.key}" is stored here.`, "Purge it where it is made.");
    const store = await session.store();
    if (!dryRun && options.yes !== true) {
      const purged = await purgePartitions(db, store, { ...asset, storage }, set, { dryRun: true });
      const would = described(asset, set, purged);
      throw new UsageError(
        `Nothing was purged. It would take away ${would}.`,
        "Say --yes if that is meant: it cannot be had again.",
      );
    }
    const purge = (db: Database): Promise<Purged> =>
      purgePartitions(db, store, { ...asset, storage }, set, {
        dryRun,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      });
    const purged = dryRun ? await purge(db) : await auditedHere(db, { operation: "partitions.purge", target }, purge);
    const below = [...reach([asset.key], graph.downstream)].filter((key) => key !== asset.key);
    if (options.json === true) {
      const partitions = formatPartitions(asset.partitions, set);
      terminal.data(JSON.stringify({ dryRun, asset: asset.key, ...purged, partitions, madeFromIt: below }, null, 2));
    }
    terminal.say(`${dryRun ? "Would purge" : "Purged"} ${described(asset, set, purged)}.`);
    if (below.length > 0)
      terminal.say(`What was made from it is kept, and may hold the same data: ${below.join(", ")}.`);
    return exitCodes.done;
  },
};

export default command;

function described(asset: SnapshotAsset, set: PartitionSet, purged: Purged): string {
  const { versions, objects, bytes, checks, steps } = purged;
  const name = asset.partitions.kind === "none" ? asset.key : `${asset.key}@${formatPartitions(asset.partitions, set)}`;
  const count = countIn(asset.partitions, set);
  return (
    `${name}: ${plural(versions, "version")}${count === 1 ? "" : ` of ${plural(count, "partition")}`} ` +
    `in ${plural(objects, "object")}, ${formatBytes(bytes)}; ${plural(checks, "check result")}; what ${plural(steps, "step")} printed`
  );
}

function partitionsOf(asset: SnapshotAsset, text: string | undefined, now: MomentWithKeys): PartitionSet {
  const { partitions } = asset;
  if (partitions.kind === "none" && text === undefined) return existing(partitions, now);
  if (text === undefined) {
    throw new IrokoError("PARTITION_UNSPECIFIED", `"${asset.key}" has partitions: say which.`, {
      hint: `For example ${asset.key}@KEY, or ${asset.key}@all.`,
    });
  }
  try {
    return parsePartitions(partitions, text, { now });
  } catch (error) {
    // What was made of a key that has been removed since is there still.
    if (error instanceof IrokoError && error.code === "PARTITION_NOT_FOUND" && partitions.kind === "dynamic")
      return setOfPartitions(partitions, [partitionOf(partitions, text)]);
    throw error;
  }
}
