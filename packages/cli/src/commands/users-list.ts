import { openAccess } from "../access/access.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { printList } from "../terminal/print-list.ts";
import { formatMinute } from "../terminal/units.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using access = await openAccess(options, terminal);
    const rows = await access.users();
    printList(
      {
        rows,
        columns: [
          { title: "NAME", value: ({ name }) => name },
          { title: "ROLE", value: ({ role }) => role },
          { title: "ADDED (UTC)", value: ({ createdAt }) => formatMinute(createdAt) },
          { title: "CHANGED (UTC)", value: ({ changedAt }) => formatMinute(changedAt) },
          { title: "SEEN (UTC)", value: ({ lastSeenAt }) => formatMinute(lastSeenAt) },
        ],
        none: "There are no users yet. Add one: iroko users add NAME --role admin",
        json: options.json === true ? rows : undefined,
      },
      terminal,
    );
    return exitCodes.done;
  },
};

export default command;
