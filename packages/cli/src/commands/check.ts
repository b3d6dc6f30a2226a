import { bindSql } from "@iroko/assets";
import type { ErrorRecord, IrokoError, Snapshot } from "@iroko/core";
import { loadSnapshot } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, requireDefinitions, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { renderErrorRecord } from "../terminal/render-error.ts";
import { plural } from "../terminal/units.ts";

interface CheckOptions extends ProjectOptions {
  readonly json?: boolean;
}

const command: CliCommand<CheckOptions> = {
  server: "unasked",
  configure(command) {
    withProjectOptions(withJsonOption(command)).addHelpText(
      "after",
      "\nIt loads the definitions and binds every query in DuckDB, against empty tables of its inputs' schemas.",
    );
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    requireDefinitions(project);
    const { snapshot, problems } = await findProblems(project.module);
    if (options.json === true) terminal.data(JSON.stringify({ ok: problems.length === 0, problems }, null, 2));
    for (const problem of problems) terminal.say(renderErrorRecord(problem, terminal));
    if (problems.length > 0) {
      terminal.say(`${terminal.style(["red", "bold"], plural(problems.length, "mistake"))} in ${project.module}`);
      return exitCodes.refused;
    }
    terminal.say(`${terminal.style(["green", "bold"], "ok")} ${whatThereIs(snapshot!)}`);
    return exitCodes.done;
  },
};

export default command;

interface Findings {
  readonly snapshot?: Snapshot;
  readonly problems: readonly ErrorRecord[];
}

/** Every mistake at once: of the definitions, or, where these are right, of their queries. */
export async function findProblems(module: string): Promise<Findings> {
  let snapshot: Snapshot;
  try {
    snapshot = await loadSnapshot(module);
  } catch (error) {
    const { code, details } = error as IrokoError;
    if (code !== "DEFINITIONS_INVALID") throw error;
    return { problems: details?.["problems"] as readonly ErrorRecord[] };
  }
  return { snapshot, problems: await bindSql(snapshot) };
}

function whatThereIs({ assets, computes, jobs, schedules }: Snapshot): string {
  const queries = computes.filter(({ sql }) => sql !== undefined).length;
  return [
    plural(assets.length, "asset"),
    plural(jobs.length, "job"),
    plural(schedules.length, "schedule"),
    queries === 1 ? "1 query" : `${queries} queries`,
  ].join(", ");
}
