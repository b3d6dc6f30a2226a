import type { CliCommand } from "../command.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { withDetachOption, type MakeOptions } from "./make-assets.ts";
import { openMaking } from "./making.ts";
import { showPlan } from "./show-plan.ts";
import { requestOf, withRequestOptions } from "./request-options.ts";
import { withRunOptions } from "./run-options.ts";

const notes = [
  "",
  "Ctrl-C cancels the run and waits for its end; what it has made by then stays made. With --detach the run is the",
  "workers' own: iroko runs show, iroko runs cancel. Over a server it always is: Ctrl-C only stops following it.",
];

export type MakeCommandOptions = MakeOptions & ProjectOptions & { readonly planOnly?: boolean };

/** `materialize` and `backfill` are one thing by two names: a backfill is a run. */
export function makeCommand(examples: readonly string[]): CliCommand<MakeCommandOptions> {
  return {
    server: "answers",
    configure(command) {
      withDetachOption(withProjectOptions(withJsonOption(withRunOptions(withRequestOptions(command)))))
        .option("--plan-only", "show the plan and make nothing, as iroko plan does")
        .addHelpText("after", ["", "Examples:", ...examples.map((example) => `  ${example}`), ...notes].join("\n"));
    },
    async run({ options, terminal }) {
      requestOf(options); // contradictions are told before anything is opened
      await using making = await openMaking(options, terminal);
      return await (options.planOnly === true ? showPlan(making, options, terminal) : making.materialize(options));
    },
  };
}
