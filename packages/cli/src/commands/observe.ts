import { planObservation } from "@iroko/core";
import { readMoment } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { finishRun, holderHere, submitObservation, workHere } from "../runs/make-assets.ts";
import { openSession } from "../session.ts";

interface ObserveOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly select: string;
}

const everything = "* or is:external";

const command: CliCommand<ObserveOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command)).option(
      "-s, --select <selection>",
      "the external assets, or assets that read them",
      everything,
    );
  },
  async run({ options: { select, json = false, ...options }, terminal }) {
    await using session = await openSession(findProject(options), terminal);
    const { snapshot } = session.location;
    const now = await readMoment(session.db, snapshot, Temporal.Now.instant());
    const plan = planObservation({ snapshot, select, now });
    if (plan.stepCount === 0) {
      terminal.say("Nothing there can be observed: no external asset has an `observe` function.");
      if (json) terminal.data(JSON.stringify({ runId: null, status: "succeeded" }, null, 2));
      return exitCodes.done;
    }
    await workHere(session);
    const run = await submitObservation(session, plan, select, now);
    return await finishRun(await holderHere(session), run, { json });
  },
};

export default command;
