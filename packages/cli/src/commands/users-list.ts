import { listUsers, type UserRow } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { formatTable } from "../terminal/table.ts";
import { formatMinute } from "../terminal/units.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const users = await listUsers(instance.db, 10_000);
    if (options.json === true) terminal.data(JSON.stringify(users, null, 2));
    else if (users.length === 0) terminal.say("There are no users yet. Add one: iroko users add NAME --role admin");
    else {
      terminal.data(
        formatTable<UserRow>(
          [
            { title: "NAME", value: ({ name }) => name },
            { title: "ROLE", value: ({ role }) => role },
            { title: "ADDED (UTC)", value: ({ createdAt }) => formatMinute(createdAt) },
            { title: "CHANGED (UTC)", value: ({ changedAt }) => formatMinute(changedAt) },
            { title: "SEEN (UTC)", value: ({ lastSeenAt }) => formatMinute(lastSeenAt) },
          ],
          users,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    return exitCodes.done;
  },
};

export default command;
