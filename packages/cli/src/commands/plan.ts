import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openMaking } from "../runs/making.ts";
import { requestOf, withRequestOptions, type RequestOptions } from "../runs/request-options.ts";
import { showPlan, type ShowPlanOptions } from "../runs/show-plan.ts";

type PlanOptions = RequestOptions & ShowPlanOptions & ProjectOptions;

const command: CliCommand<PlanOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(withRequestOptions(command)))
      .option("--steps", "list the steps too, in the order in which they run")
      .addHelpText(
        "after",
        `
It looks at no source and makes nothing: what --stale knows of external assets is as of their last observation. The plan
is kept for a day under the id that is printed; iroko apply makes exactly that one.

Examples:
  iroko plan --select '*' --stale
  iroko plan --select '+daily_revenue_summary' --from 2026-11-01 --to 2026-11-07 --steps`,
      );
  },
  async run({ options, terminal }) {
    requestOf(options); // contradictions are told before anything is opened
    await using making = await openMaking(options, terminal);
    return await showPlan(making, options, terminal);
  },
};

export default command;
