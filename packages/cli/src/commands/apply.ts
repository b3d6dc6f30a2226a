import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { withDetachOption, type DetachOptions } from "../runs/make-assets.ts";
import { openMaking } from "../runs/making.ts";
import { withRunOptions, type RunOptions } from "../runs/run-options.ts";
import { UsageError } from "../usage-error.ts";

interface ApplyOptions extends ProjectOptions, RunOptions, DetachOptions {
  readonly json?: boolean;
}

const command: CliCommand<ApplyOptions> = {
  server: "answers",
  configure(command) {
    withDetachOption(
      withProjectOptions(withJsonOption(withRunOptions(command.argument("<plan>", "its id, as iroko plan prints it")))),
    ).addHelpText(
      "after",
      `
It makes exactly what the plan says, once. It refuses, and makes nothing, when the definitions or the partitions that the
plan makes or reads have moved since: then it says what moved, and how to make a new plan. No source is observed first.

Examples:
  iroko plan --select '*' --stale
  iroko apply 7k3qv9xa`,
    );
  },
  async run({ args: [id = ""], options, terminal }) {
    if (!/^[0-9a-z]{1,40}$/i.test(id.trim()))
      throw new UsageError(`${JSON.stringify(id)} is no plan's id.`, "iroko plan prints it.");
    await using making = await openMaking(options, terminal);
    return await making.apply(id, options);
  },
};

export default command;
