import type { CliCommand } from "../command.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { openSession } from "../session.ts";
import { makeAssets, type MakeOptions } from "./make-assets.ts";
import { requestOf, withRequestOptions } from "./request-options.ts";

const notes = [
  "",
  "Ctrl-C cancels the run and waits for its end; what it has made by then stays made. With --detach the run is the",
  "workers' own: iroko runs show, iroko runs cancel.",
];

/** `materialize` and `backfill` are one thing by two names: a backfill is a run. */
export function makeCommand(examples: readonly string[]): CliCommand<MakeOptions & ProjectOptions> {
  return {
    configure(command) {
      withProjectOptions(withJsonOption(withRequestOptions(command)))
        .option("--detach", "submit the run, print its id, and leave it to the workers (with DATABASE_URL)")
        .addHelpText("after", ["", "Examples:", ...examples.map((example) => `  ${example}`), ...notes].join("\n"));
    },
    async run({ options, terminal }) {
      requestOf(options); // contradictions are told before anything is opened
      await using session = await openSession(findProject(options), terminal);
      return await makeAssets(session, options);
    },
  };
}
