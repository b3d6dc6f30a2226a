import { describePlan, type Plan, type PlanDescription, type Snapshot } from "@iroko/core";
import { planRequest, readMoment } from "@iroko/core/engine";
import type { CliCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findProject, type ProjectOptions } from "../project.ts";
import { withJsonOption, withProjectOptions } from "../project-options.ts";
import { requestOf, withRequestOptions, type RequestOptions } from "../runs/request-options.ts";
import { stepName } from "../runs/step-name.ts";
import { sayUnfinished } from "../runs/unfinished-runs.ts";
import { openSession } from "../session.ts";
import { formatTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";

interface PlanOptions extends RequestOptions, ProjectOptions {
  readonly json?: boolean;
  readonly steps?: boolean;
}

const command: CliCommand<PlanOptions> = {
  configure(command) {
    withProjectOptions(withJsonOption(withRequestOptions(command)))
      .option("--steps", "list the steps too, in the order in which they run")
      .addHelpText(
        "after",
        `
It looks at no source and makes nothing: what --stale knows of external assets is as of their last observation.

Examples:
  iroko plan --select '*' --stale
  iroko plan --select '+daily_revenue_summary' --from 2026-11-01 --to 2026-11-07 --steps`,
      );
  },
  async run({ options, terminal }) {
    const request = requestOf(options);
    await using session = await openSession(findProject(options), terminal);
    const { snapshot } = session.location;
    const plan = await planRequest(
      session.db,
      snapshot,
      request,
      await readMoment(session.db, snapshot, Temporal.Now.instant()),
    );
    const description = describePlan(plan, snapshot);
    const steps = options.steps === true ? listSteps(plan, snapshot) : undefined;
    if (options.json === true) {
      terminal.data(JSON.stringify({ ...description, ...(steps === undefined ? {} : { order: steps }) }, null, 2));
      return exitCodes.done;
    }
    printPlan(description, terminal);
    if (steps !== undefined && steps.length > 0) printSteps(steps, terminal);
    await sayUnfinished(session);
    return exitCodes.done;
  },
};

export default command;

interface ListedStep {
  readonly step: number;
  readonly name: string;
  readonly kind: string;
  /** Steps that it waits for. */
  readonly after: readonly number[];
  readonly reason: string;
}

function listSteps({ steps, edges }: Plan, snapshot: Snapshot): readonly ListedStep[] {
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

function printPlan({ assets, checks, skipped, steps, materializations }: PlanDescription, terminal: Terminal): void {
  const { columns: width } = terminal;
  const style = (text: string): string => terminal.styleData("bold", text);
  if (assets.length > 0) {
    terminal.data(
      formatTable<PlanDescription["assets"][number]>(
        [
          { title: "ASSET", value: ({ asset }) => asset },
          { title: "PARTITIONS", value: ({ partitions }) => partitions || "-", shrinks: true },
          { title: "COUNT", value: ({ count }) => count, align: "right" },
          { title: "STEPS", value: (asset) => asset.steps, align: "right" },
          { title: "REASON", value: ({ reason }) => reason, shrinks: true },
        ],
        assets,
        { width, style },
      ),
    );
  }
  for (const check of checks) terminal.data(`check ${check.name}: ${plural(check.steps, "step")}`);
  for (const { asset, partitions, reason } of skipped) {
    terminal.data(`skipped ${partitions === "" ? asset : `${asset}@${partitions}`}: ${reason}`);
  }
  terminal.say(
    steps === 0
      ? "Nothing to do."
      : `${plural(materializations, "partition")} in ${plural(steps, "step")}. Nothing has been made: iroko backfill, with the same options, makes it.`,
  );
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
