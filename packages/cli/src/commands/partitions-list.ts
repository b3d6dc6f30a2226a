import type { DynamicKey } from "@iroko/core/client";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openDynamicPartitions } from "../partitions/dynamic-partitions.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { formatTable } from "../terminal/table.ts";
import { plural } from "../terminal/units.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command)).argument(
      "<partitions>",
      "the name of dynamic partitions, or an asset that has them",
    );
  },
  async run({ args, options, terminal }) {
    await using subject = await openDynamicPartitions(options, terminal);
    const { partitions: name, keys } = await subject.list(args[0]!);
    if (options.json === true) {
      terminal.data(JSON.stringify({ partitions: name, keys }, null, 2));
      return exitCodes.done;
    }
    if (keys.length > 0) {
      terminal.data(
        formatTable<DynamicKey>(
          [
            { title: "KEY", value: ({ key }) => key },
            { title: "ADDED", value: ({ addedAt }) => `${addedAt.slice(0, 19)}Z` },
          ],
          keys,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    terminal.say(
      keys.length === 0
        ? `"${name}" has no partitions yet: iroko partitions add ${name} KEY …`
        : `${plural(keys.length, "partition")} of "${name}".`,
    );
    return exitCodes.done;
  },
};

export default command;
