/** What `plan` does: plan, keep the plan under an id, and print it. */
import { assetGraph, wholePlan, type Moment, type Plan, type Snapshot } from "@iroko/core";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";
import type { Making } from "./making.ts";
import { printPlan } from "./print-plan.ts";
import type { RequestOptions } from "./request-options.ts";
import { stepName } from "./step-name.ts";

export interface ShowPlanOptions {
  readonly json?: boolean;
  readonly steps?: boolean;
}

export async function showPlan(
  making: Making,
  options: RequestOptions & ShowPlanOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { id, report, steps } = await making.plan(options);
  if (options.json === true) {
    terminal.data(JSON.stringify({ id, ...report, ...(steps === undefined ? {} : { order: steps }) }, null, 2));
    return exitCodes.done;
  }
  printPlan(report, terminal);
  if (steps !== undefined && steps.length > 0) printSteps(steps, terminal);
  terminal.say(
    report.steps === 0
      ? "Nothing to do."
      : `${report.materializations === 0 ? "" : `${plural(report.materializations, "partition")} in `}${plural(report.steps, "step")}. Nothing has been made: iroko apply ${id} makes it.`,
  );
  await making.sayUnfinished();
  return exitCodes.done;
}

export interface ListedStep {
  readonly step: number;
  readonly name: string;
  readonly kind: string;
  /** Steps that it waits for. */
  readonly after: readonly number[];
  readonly reason: string;
}

export function listSteps(plan: Plan, snapshot: Snapshot, moment: Moment): readonly ListedStep[] {
  const { steps, edges } = wholePlan(assetGraph(snapshot), plan, moment);
  const above = Map.groupBy(edges, ({ to }) => to);
  const gates = new Set(steps.filter(({ kind }) => kind === "gate").map(({ n }) => n));
  const waitsFor = (n: number): number[] =>
    (above.get(n) ?? []).flatMap(({ from }) => (gates.has(from) ? waitsFor(from) : [from]));
  return steps
    .filter(({ kind }) => kind !== "gate")
    .map((step) => ({
      step: step.n,
      name: stepName(snapshot, step),
      kind: step.kind,
      after: waitsFor(step.n),
      reason: step.onlyIfChanged === true ? `${step.reason}, if its inputs turn out changed` : step.reason,
    }));
}

function printSteps(steps: readonly ListedStep[], terminal: Terminal): void {
  terminal.data("");
  terminal.data(
    formatTable<ListedStep>(
      [
        { title: "STEP", value: ({ step }) => String(step), align: "right" },
        { title: "MAKES", value: ({ name }) => name },
        { title: "AFTER", value: ({ after }) => after.join(" ") || "-", shrinks: true },
        { title: "REASON", value: ({ reason }) => reason, shrinks: true },
      ],
      steps,
      { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
    ),
  );
}
