import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openPools } from "../pools/pools.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { printList } from "../terminal/print-list.ts";

const command: CliCommand<ProjectOptions & { readonly json?: boolean }> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command));
  },
  async run({ options, terminal }) {
    await using subject = await openPools(options, terminal);
    const pools = await subject.list();
    printList(
      {
        rows: pools,
        columns: [
          { title: "POOL", value: ({ name }) => name },
          { title: "SLOTS", value: ({ slots }) => slots ?? "no limit", align: "right" },
          { title: "RUNNING", value: ({ running }) => running, align: "right" },
        ],
        none: "No asset names a pool, and none has a size.",
        json: options.json === true ? { pools } : undefined,
      },
      terminal,
    );
    return exitCodes.done;
  },
};

export default command;
