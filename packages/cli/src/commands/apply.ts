import { IrokoError } from "@iroko/core";
import { applyPlan, requireApplicable } from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { makeRun, withDetachOption, type DetachOptions } from "../runs/make-assets.ts";
import { howToRun, withRunOptions, type RunOptions } from "../runs/run-options.ts";
import { openSession } from "../session.ts";
import { UsageError } from "../usage-error.ts";

interface ApplyOptions extends ProjectOptions, RunOptions, DetachOptions {
  readonly json?: boolean;
}

const command: CliCommand<ApplyOptions> = {
  configure(command) {
    withDetachOption(
      withProjectOptions(withJsonOption(withRunOptions(command.argument("<plan>", "its id, as iroko plan prints it")))),
    ).addHelpText(
      "after",
      `
It makes exactly what the plan says, once. It refuses, and makes nothing, when the definitions or the partitions that the
plan makes or reads have moved since: then it says what moved, and how to make a new plan. No source is observed first.

Examples:
  iroko plan --select '*' --stale
  iroko apply 7k3qv9xa`,
    );
  },
  async run({ args: [id = ""], options, terminal }) {
    if (!/^[0-9a-z]{1,40}$/i.test(id.trim()))
      throw new UsageError(`${JSON.stringify(id)} is no plan's id.`, "iroko plan prints it.");
    await using session = await openSession(findProject(options), terminal);
    const { db, location } = session;
    // Whatever is wrong with it is told before anything runs.
    const stored = await session.asking(() => requireApplicable(db, id));
    if (stored.location !== location.name) {
      throw new IrokoError(
        "PLAN_UNKNOWN",
        `Plan ${stored.id} is of the code location "${stored.location}", not "${location.name}".`,
        {
          hint: `Name it with --location ${stored.location}, in its project.`,
        },
      );
    }
    return await makeRun(session, options, async () =>
      session.asking(() =>
        auditedHere(db, { operation: "plans.apply", target: id }, (db) => applyPlan(db, id, "cli", howToRun(options))),
      ),
    );
  },
};

export default command;
