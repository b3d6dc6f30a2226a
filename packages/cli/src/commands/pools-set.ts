import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openPools } from "../pools/pools.ts";
import type { ProjectOptions } from "../project.ts";
import { withProjectOptions } from "../project-options.ts";
import { plural } from "../terminal/units.ts";
import { UsageError } from "../usage-error.ts";

const command: CliCommand<ProjectOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(command)
      .argument("<pool>", "its name, as assets have it in pools")
      .argument("<slots>", "how many of its steps run at once, over all runs and workers; none: no limit")
      .addHelpText(
        "after",
        "\nIt counts from the next step on: what runs goes on.\n\nExample:\n  iroko pools set bank_api 2",
      );
  },
  async run({ args: [pool = "", text = ""], options, terminal }) {
    const slots = slotsOf(text);
    await using pools = await openPools(options, terminal);
    const { named } = await pools.set({ name: pool, slots });
    terminal.say(
      slots === null ? `The pool "${pool}" has no limit.` : `The pool "${pool}" runs ${plural(slots, "step")} at once.`,
    );
    if (!named) terminal.say(`No asset names it yet: pools: [${JSON.stringify(pool)}]`);
    return exitCodes.done;
  },
};

export default command;

function slotsOf(text: string): number | null {
  if (text === "none") return null;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(
    `${JSON.stringify(text)} is no number of steps.`,
    "A whole number from 0, or none for no limit.",
  );
}
