import { cancelRun, getRun } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { findRun } from "../runs/find-run.ts";

interface RunsCancelOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly reason: string;
}

const command: CliCommand<RunsCancelOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("--reason <text>", "kept with the run", "iroko runs cancel");
  },
  async run({ args, options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const { id } = await findRun(instance.db, args[0]!);
    await auditedHere(instance.db, { operation: "runs.cancel", target: id }, (db) => cancelRun(db, id, options.reason));
    const run = (await getRun(instance.db, id))!;
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
