/** What a run that has ended has made, and what of it failed. */
import {
  formatPartitions,
  partitionOf,
  setOfPartitions,
  unpartitioned,
  type ErrorRecord,
  type PartitionsDefinition,
  type RunStatus,
} from "@iroko/core";
import type { FailedCheck, MadePartition, RunDetail, Step } from "@iroko/core/client";
import { formatTable } from "../terminal/table.ts";
import { renderErrorRecord } from "../terminal/render-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { formatBytes, formatCount, formatSeconds, plural } from "../terminal/units.ts";
import { allSteps, type Runs } from "./runs.ts";
import { stepTitle } from "./step-name.ts";

/** The JSON of `materialize`, `backfill` and `observe`: fields are added, never taken away. */
export interface RunReport {
  readonly runId: string;
  readonly status: RunStatus;
  readonly steps: Readonly<Record<"planned" | "succeeded" | "failed" | "skipped" | "canceled", number>>;
  readonly seconds: number;
  readonly materializations: readonly ReportedMaterialization[];
  /** What was looked at of external assets. */
  readonly observations: readonly { readonly asset: string; readonly partitions: string }[];
  /** What was not made, and why: nothing had changed, another run made it, something above failed. */
  readonly skipped: readonly Skipped[];
  /** Checks that did not pass, those that block nothing too. */
  readonly failedChecks: readonly ReportedCheck[];
  readonly failures: readonly ReportedFailure[];
}

export interface Skipped {
  readonly asset: string;
  /** "" where unpartitioned. */
  readonly partitions: string;
  readonly reason: string;
}

/** Its partition is the key; null where unpartitioned. */
export interface ReportedCheck extends Pick<FailedCheck, "asset" | "name" | "severity" | "blocking" | "message"> {
  readonly partition: string | null;
}

/** Its partition is the key; null where unpartitioned. */
export interface ReportedMaterialization extends Pick<
  MadePartition,
  "asset" | "rows" | "bytes" | "sha256" | "version" | "dataVersion" | "metadata" | "checks" | "seconds"
> {
  readonly partition: string | null;
  /** Where readers find it; null where the asset stores nothing, and over a server, which does not tell. */
  readonly uri: string | null;
}

export interface ReportedFailure {
  readonly step: number;
  /** `cleaned@2026-11-02` */
  readonly name: string;
  readonly attempts: number;
  readonly error: ErrorRecord;
}

const failuresShown = 5;
const checksShown = 10;
const eventsRead = 1_000;

/** Of a run that has ended, and of what its plan left out. */
export async function reportRun(runs: Runs, run: RunDetail, leftOut: readonly Skipped[] = []): Promise<RunReport> {
  const { id, status, planned, succeeded, failed, skipped, canceled } = run;
  const stepsThat = (status: "failed" | "skipped" | "succeeded", count: number): Promise<readonly Step[]> =>
    count === 0 ? Promise.resolve([]) : allSteps(runs, id, status);
  const [observed, made, failedChecks, failures, passedOver, joined] = await Promise.all([
    run.trigger === "observe" ? runs.events(id, eventsRead) : [],
    runs.made(id),
    runs.failedChecks(id),
    stepsThat("failed", failed),
    stepsThat("skipped", skipped),
    stepsThat("succeeded", succeeded),
  ]);
  return {
    runId: id,
    status,
    steps: { planned, succeeded, failed, skipped, canceled },
    seconds: run.endedAt === null ? 0 : secondsBetween(run.createdAt, run.endedAt),
    materializations: made.map((row) => ({
      asset: row.asset,
      partition: row.partition || null,
      uri: row.uri,
      rows: row.rows,
      bytes: row.bytes,
      sha256: row.sha256,
      version: row.version,
      dataVersion: row.dataVersion,
      metadata: row.metadata,
      checks: row.checks,
      seconds: row.seconds,
    })),
    observations: observed.flatMap(({ type, asset, partitions }) =>
      type === "observation" && asset !== null ? [{ asset, partitions }] : [],
    ),
    skipped: [
      ...leftOut.map(({ asset, partitions, reason }) => ({ asset, partitions, reason })),
      ...[...joined, ...passedOver].flatMap((step) => {
        const reason = whyNotMade(step);
        return reason === undefined ? [] : step.assets.map((asset) => ({ asset, partitions: step.partitions, reason }));
      }),
    ],
    failedChecks: failedChecks.map(({ asset, name, partition, severity, blocking, message }) => ({
      asset,
      name,
      partition: partition || null,
      severity,
      blocking,
      message,
    })),
    failures: failures.map((step) => ({
      step: step.n,
      name: stepTitle(step),
      attempts: step.attempt,
      error: step.error ?? { code: "INTERNAL", message: "The step failed without an error." },
    })),
  };
}

const secondsBetween = (from: string, to: string): number =>
  Temporal.Instant.from(from).until(Temporal.Instant.from(to)).total("seconds");

/** undefined: it was made. */
function whyNotMade({ status, outcome, deferredReason }: Step): string | undefined {
  if (status === "skipped") return deferredReason ?? "what it needs was not made";
  if (outcome === "joined") return "another run made it meanwhile";
  return outcome === "unchanged" ? "its inputs have not changed" : undefined;
}

type Definitions = ReadonlyMap<string, PartitionsDefinition>;

/** The last lines of a command: a table on stdout, how it went and what failed on stderr. */
export function printReport(report: RunReport, definitions: Definitions, terminal: Terminal): void {
  if (report.materializations.length > 0) terminal.data(materializationTable(report, definitions, terminal));
  for (const { asset, partitions } of report.observations) {
    terminal.data(`observed ${partitions === "" ? asset : `${asset}@${partitions}`}`);
  }
  for (const { asset, partitions, reason } of report.skipped.slice(0, 20)) {
    terminal.say(
      `${terminal.style("dim", "skipped")} ${partitions === "" ? asset : `${asset}@${partitions}`}: ${reason}`,
    );
  }
  const more = report.skipped.length - 20;
  if (more > 0) terminal.say(`… and ${formatCount(more)} more skipped`);
  // Those that block are told as failures of their steps.
  const passedOver = report.failedChecks.filter(({ severity, blocking }) => severity === "warn" || !blocking);
  for (const { asset, name, partition, message } of passedOver.slice(0, checksShown)) {
    const where = partition === null ? asset : `${asset}@${partition}`;
    const check = `${terminal.style("yellow", "warning")} check ${name} of ${where} did not pass`;
    terminal.say(message === null ? check : `${check}: ${message}`);
  }
  const otherChecks = passedOver.length - checksShown;
  if (otherChecks > 0) terminal.say(`… and ${formatCount(otherChecks)} more: iroko assets show ASSET`);
  for (const failure of report.failures.slice(0, failuresShown)) printFailure(report.runId, failure, terminal);
  const others = report.failures.length - failuresShown;
  if (others > 0) {
    terminal.say(`… and ${formatCount(others)} more failed: iroko runs show ${report.runId}`);
  }
  if (report.failures.length > 0) terminal.say(`To retry what did not succeed: iroko runs retry ${report.runId}`);
  terminal.say(lastLine(report, terminal));
}

function printFailure(run: string, { step, name, attempts, error }: ReportedFailure, terminal: Terminal): void {
  const tries = attempts > 1 ? ` after ${attempts} attempts` : "";
  terminal.say(`${terminal.style(["red", "bold"], "failed")} ${name}${tries}`);
  terminal.say(renderErrorRecord(error, terminal).replaceAll(/^/gm, "  "));
  terminal.say(`  its log: iroko runs logs ${run} --step ${step}`);
}

function lastLine({ runId, status, steps, seconds }: RunReport, { style }: Terminal): string {
  const parts = [`${formatCount(steps.succeeded)} of ${plural(steps.planned, "step")} done`];
  for (const outcome of ["failed", "skipped", "canceled"] as const) {
    if (steps[outcome] > 0) parts.push(`${formatCount(steps[outcome])} ${outcome}`);
  }
  const colour = status === "succeeded" ? "green" : status === "failed" ? "red" : "yellow";
  return `${style([colour, "bold"], `${status}:`)} ${parts.join(", ")} in ${formatSeconds(seconds)} (run ${runId})`;
}

interface AssetRow {
  readonly asset: string;
  readonly partitions: string;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number;
}

function materializationTable({ materializations }: RunReport, definitions: Definitions, terminal: Terminal): string {
  const rows = Array.from(
    Map.groupBy(materializations, ({ asset }) => asset),
    ([asset, list]): AssetRow => {
      const definition = definitions.get(asset) ?? unpartitioned;
      const partitions = list.map(({ partition }) => partitionOf(definition, partition ?? ""));
      const sum = (field: "rows" | "bytes" | "seconds"): number => list.reduce((total, row) => total + row[field], 0);
      return {
        asset,
        partitions: formatPartitions(definition, setOfPartitions(definition, partitions)),
        rows: sum("rows"),
        bytes: sum("bytes"),
        seconds: sum("seconds"),
      };
    },
  );
  return formatTable<AssetRow>(
    [
      { title: "ASSET", value: ({ asset }) => asset },
      { title: "PARTITIONS", value: ({ partitions }) => partitions || "-", shrinks: true },
      { title: "ROWS", value: (row) => row.rows, align: "right" },
      { title: "BYTES", value: ({ bytes }) => formatBytes(bytes), align: "right" },
      { title: "TIME", value: ({ seconds }) => formatSeconds(seconds), align: "right" },
    ],
    rows,
    { width: terminal.columns, style: (text) => terminal.styleData("bold", text) },
  );
}
