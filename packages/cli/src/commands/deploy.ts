import {
  askMappings,
  currentLocation,
  definitionHashesOf,
  mappingEvaluator,
  registerLocation,
  stepsOfOtherCode,
} from "@iroko/core/engine";
import { auditedHere } from "../access/here.ts";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { isNew, openInstance } from "../instance.ts";
import { findProject, requireDefinitions, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import {
  definitionChanges,
  isUnchanged,
  type DefinitionChanges,
  type NameChanges,
} from "../runs/definition-changes.ts";
import { renderErrorRecord } from "../terminal/render-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";
import { findProblems } from "./check.ts";

interface DeployOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

const command: CliCommand<DeployOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .option("--dry-run", "say what would change, and register nothing")
      .addHelpText("after", "\nNothing runs by it: `iroko backfill --stale` makes what has become stale.");
  },
  async run({ options, terminal }) {
    const project = findProject(options);
    requireDefinitions(project);
    const { snapshot, problems } = await findProblems(project.module);
    if (snapshot === undefined || problems.length > 0) {
      for (const problem of problems) terminal.say(renderErrorRecord(problem, terminal));
      terminal.say(`${plural(problems.length, "mistake")}: nothing was deployed.`);
      if (options.json === true) terminal.data(JSON.stringify({ deployed: false, problems }, null, 2));
      return exitCodes.refused;
    }
    if (options.dryRun === true && isNew(project)) terminal.say("There is no database yet: everything would be added.");
    await using instance = await openInstance(project, terminal);
    const { db } = instance;
    const before = await currentLocation(db, project.location);
    const evaluator = mappingEvaluator({ module: project.module });
    let changes: DefinitionChanges;
    try {
      changes = await askMappings({ db, location: project.location, evaluator }, () =>
        definitionChanges(db, before?.snapshot, snapshot, Temporal.Now.instant()),
      );
    } finally {
      await evaluator.close();
    }
    const version =
      options.dryRun === true
        ? before?.version
        : (
            await auditedHere(db, { operation: "locations.deploy", target: project.location }, (db) =>
              db.transaction((tx) => registerLocation(tx, project.location, snapshot)),
            )
          ).version;
    const unfinished = await stepsOfOtherCode(db, project.location, definitionHashesOf(snapshot));
    if (options.json === true) {
      const { location } = project;
      const deployed = options.dryRun !== true;
      terminal.data(JSON.stringify({ location, version, deployed, ...changes, unfinished }, null, 2));
    } else {
      print(changes, terminal);
    }
    for (const { run, steps } of unfinished) {
      terminal.say(
        `${plural(steps, "step")} of run ${run}: planned with other code, for workers that have it; to make them by this code: iroko runs cancel ${run} && iroko runs retry ${run}`,
      );
    }
    terminal.say(
      options.dryRun === true
        ? "Nothing was registered."
        : `Location "${project.location}" has version ${version} of its definitions.`,
    );
    return exitCodes.done;
  },
};

export default command;

function print(changes: DefinitionChanges, terminal: Terminal): void {
  const { data, styleData } = terminal;
  if (isUnchanged(changes)) data("Nothing has changed.");
  for (const key of changes.added) data(`${styleData("green", "+")} ${key}`);
  for (const key of changes.removed) data(`${styleData("red", "-")} ${key}`);
  for (const { asset, renamedFrom, what } of changes.changed) {
    const told = renamedFrom === null ? what : [`renamed from ${renamedFrom}, whose history it keeps`, ...what];
    data(`${styleData("yellow", "~")} ${asset}: ${told.join(", ")}`);
  }
  printNames("job", changes.jobs, terminal);
  printNames("schedule", changes.schedules, terminal);
  for (const { asset, partitions, count, reasons, schemaChanged, breaking } of changes.stale) {
    data(`stale by it: ${partitions === "" ? asset : `${asset}@${partitions} (${count})`}: ${reasons.join("; ")}`);
    if (breaking === null && schemaChanged) data("  still readable: a new column reads as NULL");
    if (breaking !== null)
      data(
        `  ${styleData("red", "breaking")}: ${breaking}; what reads these fails with SCHEMA_OLD until they are made again`,
      );
  }
  if (changes.stale.length > 0) terminal.say("To make these again: iroko backfill --select '*' --stale");
}

function printNames(noun: string, { added, removed, changed }: NameChanges, { data, styleData }: Terminal): void {
  for (const name of added) data(`${styleData("green", "+")} ${noun} ${name}`);
  for (const name of removed) data(`${styleData("red", "-")} ${noun} ${name}`);
  for (const name of changed) data(`${styleData("yellow", "~")} ${noun} ${name}`);
}
