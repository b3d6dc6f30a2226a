import type { Snapshot } from "@iroko/core";
import {
  describeDeathOf,
  listSteps,
  locationAt,
  materializationsOf,
  type Database,
  type RunRecord,
  type StepRecord,
} from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { openInstance } from "../instance.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { findRun } from "../runs/find-run.ts";
import { partitionKey } from "../runs/report-run.ts";
import { recordName } from "../runs/step-name.ts";
import { renderErrorRecord } from "../terminal/render-error.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";
import { runJson, stepsText, tookText } from "./runs-list.ts";

interface RunsShowOptions extends ProjectOptions {
  readonly json?: boolean;
  readonly all?: boolean;
}

const stepsShown = 40;
const failuresShown = 5;
const page = 1_000;

const command: CliCommand<RunsShowOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(command))
      .argument("<run>", "its id, or the first letters of it")
      .option("--all", `every step, not only the first ${stepsShown}`);
  },
  async run({ args, options, terminal }) {
    await using instance = await openInstance(findProject(options), terminal);
    const { db } = instance;
    const run = await findRun(db, args[0]!);
    const snapshot = (await locationAt(db, run.location, run.snapshotVersion))!.snapshot;
    if (options.json === true) {
      terminal.data(JSON.stringify(await wholeRun(db, run, snapshot), null, 2));
      return exitCodes.done;
    }
    printRun(run, terminal);
    const steps =
      options.all === true ? await allSteps(db, run.id) : await listSteps(db, run.id, { limit: stepsShown });
    if (steps.length > 0) terminal.data(stepsTable(steps, snapshot, terminal));
    const hidden = run.planned - steps.length;
    if (hidden > 0 && steps.length === stepsShown) terminal.say(`… and more: iroko runs show ${run.id} --all`);
    printDeaths(steps, snapshot, terminal);
    if (run.failed > 0) await printFailures(db, run, snapshot, terminal);
    if (run.endedAt !== null && run.status !== "succeeded")
      terminal.say(`To retry what did not succeed: iroko runs retry ${run.id}`);
    return exitCodes.done;
  },
};

export default command;

async function wholeRun(db: Database, run: RunRecord, snapshot: Snapshot): Promise<Record<string, unknown>> {
  const [steps, made] = await Promise.all([allSteps(db, run.id), materializationsOf(db, run.id)]);
  const assets = new Map(snapshot.assets.map((asset) => [asset.key, asset]));
  return {
    ...runJson(run),
    steps: steps.map((record) => {
      const { id: _, run: __, windows: ___, keys: ____, boxes: _____, ...step } = record;
      return { ...step, title: recordName(snapshot, record) };
    }),
    materializations: made.map(({ partition, n, ...row }) => ({
      step: n,
      ...row,
      partition: partitionKey(assets.get(row.asset), partition) || null,
    })),
  };
}

async function allSteps(db: Database, run: string): Promise<readonly StepRecord[]> {
  const steps: StepRecord[] = [];
  for (;;) {
    const last = steps.at(-1);
    const next = await listSteps(db, run, { limit: page, ...(last === undefined ? {} : { after: last.n }) });
    steps.push(...next);
    if (next.length < page) return steps;
  }
}

function printRun(run: RunRecord, terminal: Terminal): void {
  const facts: readonly (readonly [string, string | null])[] = [
    ["run", run.id],
    ["status", run.cancelRequestedAt !== null && run.endedAt === null ? `${run.status}, being canceled` : run.status],
    ["assets", run.selection],
    ["partitions", run.partitions || null],
    ["limit", run.maxConcurrency === null ? null : `${plural(run.maxConcurrency, "step")} at once`],
    ["priority", run.priority === 0 ? null : String(run.priority)],
    ["steps", stepsText(run)],
    ["by", run.triggerName === null ? run.trigger : `${run.trigger} ${run.triggerName}`],
    ["asked for", `${run.createdAt.toString().slice(0, 19)}Z`],
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

function stepsTable(steps: readonly StepRecord[], snapshot: Snapshot, terminal: Terminal): string {
  return formatTable<StepRecord>(
    [
      { title: "#", value: ({ n }) => n, align: "right" },
      { title: "STATUS", value: ({ status }) => status },
      { title: "STEP", value: (step) => recordName(snapshot, step) },
      { title: "ATTEMPTS", value: ({ attempt }) => attempt || "", align: "right" },
      { title: "TOOK", value: tookText, align: "right" },
      { title: "WHY", value: whyText, shrinks: true },
    ],
    steps,
    { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
  );
}

function whyText(step: StepRecord): string {
  switch (step.status) {
    case "failed":
      return step.error?.code ?? "";
    case "blocked":
      return `waits for ${step.waitingOn}`;
    case "ready":
    case "skipped":
      return step.deferredReason ?? "";
    case "succeeded":
      return step.outcome === null || step.outcome === "made" ? step.reason : step.outcome;
    case "running":
    case "canceled":
      return step.reason;
  }
}

/** What processes and workers died of under the steps that are shown, and what a process said last. */
function printDeaths(steps: readonly StepRecord[], snapshot: Snapshot, terminal: Terminal): void {
  for (const step of steps.filter(({ deaths }) => deaths.length > 0)) {
    terminal.data(`\n${terminal.styleData("yellow", "interrupted")} ${recordName(snapshot, step)}`);
    for (const death of step.deaths) {
      terminal.data(`  ${describeDeathOf(death)}`);
      for (const line of death.lastLines ?? []) terminal.data(terminal.styleData("dim", `    ${line}`));
    }
  }
}

async function printFailures(db: Database, run: RunRecord, snapshot: Snapshot, terminal: Terminal): Promise<void> {
  for (const step of await listSteps(db, run.id, { limit: failuresShown, statuses: ["failed"] })) {
    terminal.data(`\n${terminal.styleData(["red", "bold"], "failed")} ${recordName(snapshot, step)}`);
    if (step.error !== null)
      terminal.data(renderErrorRecord(step.error, { style: terminal.styleData }).replaceAll(/^/gm, "  "));
    terminal.data(`  its log: iroko runs logs ${run.id} --step ${step.n}`);
  }
  if (run.failed > failuresShown) terminal.say(`… and ${run.failed - failuresShown} more failed`);
}
