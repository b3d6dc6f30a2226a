import type { ExplainedAsset, ExplainedReason } from "@iroko/core/client";
import { openAssets } from "../assets/assets.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";

interface ExplainOptions extends ProjectOptions {
  readonly json?: boolean;
}

const command: CliCommand<ExplainOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<asset>", "its key; key@partition, or key@ with any text for partitions")
      .addHelpText(
        "after",
        `
Partitions that stand alike are told together; the last of them is followed up to the first cause.

Examples:
  iroko explain daily_revenue_summary
  iroko explain daily_revenue_summary@2026-11-20
  iroko explain 'daily_revenue_summary@last:7'`,
      );
  },
  async run({ args: [target = ""], options, terminal }) {
    await using assets = await openAssets(options, terminal);
    const explanation = await assets.explain(target);
    if (options.json === true) terminal.data(JSON.stringify(explanation, null, 2));
    else print(explanation, terminal);
    return exitCodes.done;
  },
};

export default command;

function print({ asset, groups, schedules }: ExplainedAsset, terminal: Terminal): void {
  for (const { status, partitions, count, example, because } of groups) {
    const name = partitions === "" ? asset : `${asset}@${partitions}`;
    const many = count > 1 ? ` (${plural(count, "partition")})` : "";
    terminal.data(
      `${name} ${status === "not yet" ? "does" : "is"} ${terminal.styleData("bold", status === "not yet" ? "not exist yet" : status)}${many}`,
    );
    if (example !== undefined && because.length > 0) terminal.data(`  the last of them, ${example}:`);
    for (const reason of because) printReason(reason, terminal);
  }
  if (groups.length === 0) terminal.data(`${asset} has no partitions yet`);
  for (const { message, command, error } of schedules) {
    const remedy = command ?? error?.hint;
    terminal.data(`${message}${remedy === undefined ? "" : `\n  → ${remedy}`}`);
  }
}

function printReason(reason: ExplainedReason, terminal: Terminal): void {
  const chain = chainOf(reason);
  for (const [index, { message }] of chain.entries()) terminal.data(`  ${index === 0 ? "" : "because "}${message}`);
  const hint = chain.at(-1)?.error?.hint;
  if (hint !== undefined) terminal.data(`  → ${hint}`);
  const command = chain.find((one) => one.command !== undefined)?.command;
  if (command !== undefined) terminal.data(`  → ${command}`);
}

/** Up to the first cause. */
function chainOf(reason: ExplainedReason): readonly ExplainedReason[] {
  const [above] = reason.because ?? [];
  return above === undefined ? [reason] : [reason, ...chainOf(above)];
}
