import { dynamicNameOf, listDynamicKeys, type Database, type DynamicKeyRow } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { formatTable } from "../terminal/table.ts";
import { plural } from "../terminal/units.ts";

const page = 10_000;

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  configure(command) {
    withProjectOptions(withJsonOption(command)).argument(
      "<partitions>",
      "the name of dynamic partitions, or an asset that has them",
    );
  },
  async run({ args, options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { db, location } = session;
    const name = dynamicNameOf(location.snapshot, args[0]!);
    const keys = await allKeys(db, name);
    if (options.json === true) {
      const rows = keys.map(({ key, addedAt }) => ({ key, addedAt: addedAt.toString() }));
      terminal.data(JSON.stringify({ partitions: name, keys: rows }, null, 2));
      return exitCodes.done;
    }
    if (keys.length > 0) {
      terminal.data(
        formatTable<DynamicKeyRow>(
          [
            { title: "KEY", value: ({ key }) => key },
            { title: "ADDED", value: ({ addedAt }) => `${addedAt.toString().slice(0, 19)}Z` },
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

async function allKeys(db: Database, name: string): Promise<readonly DynamicKeyRow[]> {
  const keys: DynamicKeyRow[] = [];
  for (;;) {
    const after = keys.at(-1)?.key;
    const next = await listDynamicKeys(db, name, { limit: page, ...(after === undefined ? {} : { after }) });
    keys.push(...next);
    if (next.length < page) return keys;
  }
}
