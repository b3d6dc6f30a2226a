import { addDynamicKeys, dynamicNameOf, removeDynamicKeys } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { plural } from "../terminal/units.ts";

export interface ChangeKeysOptions extends ProjectOptions {
  readonly json?: boolean;
}

const verbs = {
  add: { change: addDynamicKeys, done: "added", idle: "were there already" },
  remove: { change: removeDynamicKeys, done: "removed", idle: "were removed before" },
} as const;

/** `partitions add` and `partitions remove`. */
export function changeKeysCommand(verb: "add" | "remove"): CliCommand<ChangeKeysOptions> {
  const { change, done, idle } = verbs[verb];
  return {
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
      await using session = await openSession(findProject(options), terminal);
      const { db, location } = session;
      const name = dynamicNameOf(location.snapshot, args[0]!);
      const keys = [...new Set(args.slice(1))];
      const subject = { operation: `dynamicPartitions.${verb}`, target: `${name} ${keys.join(" ")}` };
      const changed = await auditedHere(db, subject, (db) => db.transaction((tx) => change(tx, name, keys)));
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
