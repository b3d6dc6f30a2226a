import type { Run, Step } from "@iroko/core/client";
import { describeDeathOf } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { allSteps, openRuns, type Runs } from "../runs/runs.ts";
import { stepTitle } from "../runs/step-name.ts";
import { renderErrorRecord } from "../terminal/render-error.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";
import { stepsText, tookText } from "./runs-list.ts";

interface RunsShowOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly all?: boolean;
}

const stepsShown = 40;
const failuresShown = 5;

const command: CliCommand<RunsShowOptions> = {
  server: "answers",
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("--all", `every step, not only the first ${stepsShown}`);
  },
  async run({ args, options, terminal }) {
    await using runs = await openRuns(options, terminal);
    const run = await runs.find(args[0]!);
    if (options.json === true) {
      terminal.data(JSON.stringify(await wholeRun(runs, run), null, 2));
      return exitCodes.done;
    }
    printRun(run, terminal);
    const steps = options.all === true ? await allSteps(runs, run.id) : await runs.steps(run.id, { limit: stepsShown });
    if (steps.length > 0) terminal.data(stepsTable(steps, terminal));
    const hidden = run.planned - steps.length;
    if (hidden > 0 && steps.length === stepsShown) terminal.say(`… and more: iroko runs show ${run.id} --all`);
    printDeaths(steps, terminal);
    if (run.failed > 0) await printFailures(runs, run, terminal);
    if (run.endedAt !== null && run.status !== "succeeded")
      terminal.say(`To retry what did not succeed: iroko runs retry ${run.id}`);
    return exitCodes.done;
  },
};

export default command;

async function wholeRun(runs: Runs, run: Run): Promise<Record<string, unknown>> {
  const [steps, made] = await Promise.all([allSteps(runs, run.id), runs.made(run.id)]);
  return {
    ...run,
    steps: steps.map(({ run: _run, partitions: _partitions, ...step }, index) => ({
      ...step,
      title: stepTitle(steps[index]!),
    })),
    materializations: made.map(({ uri: _uri, partition, ...row }) => ({ ...row, partition: partition || null })),
  };
}

function printRun(run: Run, terminal: Terminal): void {
  const facts: readonly (readonly [string, string | null])[] = [
    ["run", run.id],
    ["status", run.cancelRequestedAt !== null && run.endedAt === null ? `${run.status}, being canceled` : run.status],
    ["assets", run.selection],
    ["partitions", run.partitions || null],
    ["limit", run.maxConcurrency === null ? null : `${plural(run.maxConcurrency, "step")} at once`],
    ["priority", run.priority === 0 ? null : String(run.priority)],
    ["steps", stepsText(run)],
    ["by", run.triggerName === null ? run.trigger : `${run.trigger} ${run.triggerName}`],
    ["asked for", `${run.createdAt.slice(0, 19)}Z`],
    ["took", run.startedAt === null ? null : tookText(run)],
    ["retries", run.parent],
    ["canceled", run.cancelReason],
    ["code", `${run.location}, version ${run.snapshotVersion}`],
  ];
  for (const [name, value] of facts) {
    if (value !== null) terminal.data(`${terminal.styleData("dim", name.padEnd(11))}${value}`);
  }
  terminal.data("");
}

function stepsTable(steps: readonly Step[], terminal: Terminal): string {
  return formatTable<Step>(
    [
      { title: "#", value: ({ n }) => n, align: "right" },
      { title: "STATUS", value: ({ status }) => status },
      { title: "STEP", value: stepTitle },
      { title: "ATTEMPTS", value: ({ attempt }) => attempt || "", align: "right" },
      { title: "TOOK", value: tookText, align: "right" },
      { title: "WHY", value: ({ why }) => why, shrinks: true },
    ],
    steps,
    { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
  );
}

/** What processes and workers died of under the steps that are shown, and what a process said last. */
function printDeaths(steps: readonly Step[], terminal: Terminal): void {
  for (const step of steps.filter(({ deaths }) => deaths.length > 0)) {
    terminal.data(`\n${terminal.styleData("yellow", "interrupted")} ${stepTitle(step)}`);
    for (const death of step.deaths) {
      terminal.data(`  ${describeDeathOf(death)}`);
      for (const line of death.lastLines ?? []) terminal.data(terminal.styleData("dim", `    ${line}`));
    }
  }
}

async function printFailures(runs: Runs, run: Run, terminal: Terminal): Promise<void> {
  for (const step of await runs.steps(run.id, { limit: failuresShown, status: "failed" })) {
    terminal.data(`\n${terminal.styleData(["red", "bold"], "failed")} ${stepTitle(step)}`);
    if (step.error !== null)
      terminal.data(renderErrorRecord(step.error, { style: terminal.styleData }).replaceAll(/^/gm, "  "));
    terminal.data(`  its log: iroko runs logs ${run.id} --step ${step.n}`);
  }
  if (run.failed > failuresShown) terminal.say(`… and ${run.failed - failuresShown} more failed`);
}
