import type { ApiToken } from "@iroko/core/client";
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
    const rows = await access.tokens();
    printList(
      {
        rows,
        columns: [
          { title: "ID", value: ({ id }) => id },
          { title: "NAME", value: ({ name }) => name, shrinks: true },
          { title: "ROLE", value: ({ role }) => role },
          { title: "STATE", value: stateOf },
          { title: "MADE BY", value: ({ madeBy }) => madeBy },
          { title: "EXPIRES (UTC)", value: ({ expiresAt }) => formatMinute(expiresAt) },
          { title: "USED (UTC)", value: ({ lastUsedAt }) => formatMinute(lastUsedAt) },
        ],
        none: "There are no tokens yet. Make one: iroko tokens create NAME",
        json: options.json === true ? rows : undefined,
      },
      terminal,
    );
    return exitCodes.done;
  },
};

export default command;

function stateOf({ revokedAt, expired }: ApiToken): string {
  return revokedAt !== null ? "revoked" : expired ? "expired" : "good";
}
