import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openRuns } from "../runs/runs.ts";

interface RunsCancelOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly reason: string;
}

const command: CliCommand<RunsCancelOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("--reason <text>", "kept with the run", "iroko runs cancel");
  },
  async run({ args, options, terminal }) {
    await using runs = await openRuns(options, terminal);
    const { id } = await runs.find(args[0]!);
    await runs.cancel(id, options.reason);
    const run = await runs.get(id);
    if (options.json === true) terminal.data(JSON.stringify({ runId: id, status: run.status }, null, 2));
    terminal.say(
      run.endedAt === null
        ? `Run ${id} is being canceled: its workers interrupt what runs.`
        : `Run ${id} is ${run.status}.`,
    );
    return exitCodes.done;
  },
};

export default command;
