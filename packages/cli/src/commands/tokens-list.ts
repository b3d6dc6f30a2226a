import { listTokens, type TokenRow } from "@iroko/core/engine";
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
    const tokens = await listTokens(instance.db, 10_000);
    if (options.json === true) terminal.data(JSON.stringify(tokens, null, 2));
    else if (tokens.length === 0) terminal.say("There are no tokens yet. Make one: iroko tokens create NAME");
    else {
      terminal.data(
        formatTable<TokenRow>(
          [
            { title: "ID", value: ({ id }) => id },
            { title: "NAME", value: ({ name }) => name, shrinks: true },
            { title: "ROLE", value: ({ role }) => role },
            { title: "STATE", value: stateOf },
            { title: "MADE BY", value: ({ madeBy }) => madeBy },
            { title: "EXPIRES (UTC)", value: ({ expiresAt }) => formatMinute(expiresAt) },
            { title: "USED (UTC)", value: ({ lastUsedAt }) => formatMinute(lastUsedAt) },
          ],
          tokens,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    return exitCodes.done;
  },
};

export default command;

function stateOf({ revokedAt, expired }: TokenRow): string {
  return revokedAt !== null ? "revoked" : expired ? "expired" : "good";
}
