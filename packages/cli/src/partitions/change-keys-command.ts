import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { plural } from "../terminal/units.ts";
import { openDynamicPartitions } from "./dynamic-partitions.ts";

export interface ChangeKeysOptions extends ProjectOptions {
  readonly json?: boolean;
}

const verbs = {
  add: { done: "added", idle: "were there already" },
  remove: { done: "removed", idle: "were removed before" },
} as const;

/** `partitions add` and `partitions remove`. */
export function changeKeysCommand(verb: "add" | "remove"): CliCommand<ChangeKeysOptions> {
  const { done, idle } = verbs[verb];
  return {
    server: "answers",
    configure(command) {
      withProjectOptions(withJsonOption(command))
        .argument("<partitions>", "the name of dynamic partitions, or an asset that has them")
        .argument("<key...>", `the keys to ${verb}; after -- where one begins with a dash`);
      if (verb === "remove") {
        command.addHelpText(
          "after",
          "\nWhat is made of a removed partition stays: its files, its history. It is not planned any more.",
        );
      }
    },
    async run({ args, options, terminal }) {
      await using subject = await openDynamicPartitions(options, terminal);
      const keys = [...new Set(args.slice(1))];
      const { partitions: name, keys: changed } = await subject.change(verb, args[0]!, keys);
      if (options.json === true) {
        terminal.data(JSON.stringify({ partitions: name, [done]: changed }, null, 2));
        return exitCodes.done;
      }
      const rest = keys.length - changed.length;
      terminal.say(
        `${plural(changed.length, "partition")} of "${name}" ${done}${rest > 0 ? `; ${rest} ${idle}` : ""}.`,
      );
      return exitCodes.done;
    },
  };
}
