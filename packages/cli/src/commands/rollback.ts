import { InvalidArgumentError } from "commander";
import { openAssets } from "../assets/assets.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";

interface RollbackOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly to?: number;
}

const command: CliCommand<RollbackOptions> = {
  server: "answers",
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
    await using assets = await openAssets(options, terminal);
    const { unpublished, ...moved } = await assets.rollback(target, options.to);
    const { asset, partition, from, to, version } = moved;
    if (options.json === true)
      terminal.data(JSON.stringify({ ...moved, published: unpublished === undefined }, null, 2));
    const name = partition === null ? asset : `${asset}@${partition}`;
    terminal.say(`${name} shows version ${to} again, as version ${version}; version ${from} is kept.`);
    if (unpublished !== undefined) terminal.say(`Readers see it once a worker has published it: ${unpublished}`);
    terminal.say(`What has read version ${from} is stale: iroko plan --select '${asset}+' --stale`);
    return exitCodes.done;
  },
};

export default command;

function version(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It is a version's number: 1, 2, ….");
}
