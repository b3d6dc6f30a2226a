import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openMaking } from "../runs/making.ts";

interface ObserveOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly select: string;
}

const everything = "* or is:external";

const command: CliCommand<ObserveOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command)).option(
      "-s, --select <selection>",
      "the external assets, or assets that read them",
      everything,
    );
  },
  async run({ options: { select, json = false, ...options }, terminal }) {
    await using making = await openMaking(options, terminal);
    return await making.observe(select, { json });
  },
};

export default command;
