import {
  gatedStore,
  instanceFacts,
  openGate,
  publishPartition,
  recordTransfers,
  rollbackPartition,
} from "@iroko/core/engine";
import { InvalidArgumentError } from "commander";
import { auditedHere } from "../access/here.ts";
import { findPartition } from "../assets/find-partition.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession, type Session } from "../session.ts";

interface RollbackOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly to?: number;
}

const command: CliCommand<RollbackOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<asset@partition>", "the partition; only the asset's key where it has none")
      .option("--to <version>", "a kept version (default: the one before what is current)", version)
      .addHelpText(
        "after",
        `
The version gets a new number, and readers see it as they see any new version. \`iroko assets show ASSET@PARTITION\` lists
the versions that are kept.

Examples:
  iroko rollback daily_revenue_summary@2026-11-20
  iroko rollback daily_revenue_summary@2026-11-20 --to 3`,
      );
  },
  async run({ args: [target = ""], options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { asset, partition } = findPartition(session.location.snapshot, target);
    const store = await session.store();
    const moved = await auditedHere(session.db, { operation: "partitions.rollback", target }, (db) =>
      rollbackPartition(db, store, asset, partition, options.to),
    );
    const publishing = await publish(session, asset.key, partition.id).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    const name = partition.key === "" ? asset.key : `${asset.key}@${partition.key}`;
    if (options.json === true) {
      const facts = {
        asset: asset.key,
        partition: partition.key || null,
        ...moved,
        published: publishing === undefined,
      };
      terminal.data(JSON.stringify(facts, null, 2));
    }
    terminal.say(
      `${name} shows version ${moved.to} again, as version ${moved.version}; version ${moved.from} is kept.`,
    );
    if (publishing !== undefined) terminal.say(`Readers see it once a worker has published it: ${publishing.message}`);
    terminal.say(`What has read version ${moved.from} is stale: iroko plan --select '${asset.key}+' --stale`);
    return exitCodes.done;
  },
};

export default command;

/** Workers would do it within seconds; here one sees it done. */
async function publish(
  { db, location: { snapshot }, store }: Session,
  asset: string,
  partition: string,
): Promise<void> {
  const { incarnation } = await instanceFacts(db);
  const gated = gatedStore(await store(), openGate, (transfer) => recordTransfers(db, [transfer]));
  await publishPartition({ db, store: gated, snapshot, incarnation }, asset, partition);
}

function version(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It is a version's number: 1, 2, ….");
}
