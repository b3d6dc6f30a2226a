import { listPools, type PoolRow } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { formatTable } from "../terminal/table.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { computes } = session.location.snapshot;
    const pools = await listPools(
      session.db,
      computes.flatMap((compute) => compute.pools),
    );
    if (options.json === true) terminal.data(JSON.stringify({ pools }, null, 2));
    else if (pools.length === 0) terminal.say("No asset names a pool, and none has a size.");
    else {
      terminal.data(
        formatTable<PoolRow>(
          [
            { title: "POOL", value: ({ name }) => name },
            { title: "SLOTS", value: ({ slots }) => slots ?? "no limit", align: "right" },
            { title: "RUNNING", value: ({ running }) => running, align: "right" },
          ],
          pools,
          { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
        ),
      );
    }
    return exitCodes.done;
  },
};

export default command;
