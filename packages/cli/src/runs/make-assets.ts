/** What `materialize` and `backfill` do: plan, submit, work, follow, report. */
import { partitionsText, type Moment, type Plan, type PlanRequest } from "@iroko/core";
import type { RunDetail } from "@iroko/core/client";
import {
  observationOf,
  planRequest,
  readMoment,
  requireConfig,
  submitRun,
  type RunRecord,
  type Submission,
} from "@iroko/core/engine";
import type { Command } from "commander";
import { auditedHere } from "../access/here.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { hasLiveWorker, type Session } from "../session.ts";
import { renderError, renderErrorRecord } from "../terminal/render-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { followRun } from "./follow-run.ts";
import { printReport, reportRun, type RunReport, type Skipped } from "./report-run.ts";
import { requestOf, type RequestOptions } from "./request-options.ts";
import { howToRun, type RunOptions } from "./run-options.ts";
import type { Runs } from "./runs.ts";
import { runsHere } from "./runs-here.ts";
import { partitionsText as partitionsOf } from "./step-name.ts";
import { describeRun, unfinishedRuns } from "./unfinished-runs.ts";
import { untilInterrupted } from "./until-interrupted.ts";

export interface DetachOptions {
  readonly json?: boolean;
  readonly detach?: boolean;
}

export type MakeOptions = RequestOptions & RunOptions & DetachOptions;

export function withDetachOption(command: Command): Command {
  return command.option("--detach", "submit the run, print its id, and leave it to the workers (with DATABASE_URL)");
}

export async function makeAssets(session: Session, options: MakeOptions): Promise<ExitCode> {
  const { db, location } = session;
  const request = requestOf(options);
  const now = await readMoment(db, location.snapshot, Temporal.Now.instant());
  // Whatever is wrong with the request or the store is told before anything runs.
  let plan = await session.asking(() => planRequest(db, location.snapshot, request, now));
  requireConfig(location.snapshot, plan, options.config);
  let observed = "nothing" as Awaited<ReturnType<typeof observeFirst>>;
  const exitCode = await makeRun(session, options, async () => {
    observed = await observeFirst(session, request, now);
    if (observed !== "nothing") plan = await session.asking(() => planRequest(db, location.snapshot, request, now));
    const partitions = partitionsText(request.partitions);
    const submission = {
      location,
      plan,
      selection: request.select,
      partitions,
      asOf: now,
      trigger: "cli",
      ...(options.config === undefined ? {} : { config: options.config }),
      ...howToRun(options),
    } as const;
    const subject = { operation: "runs.submit", target: `${request.select} ${partitions}`.trim() };
    return { run: await auditedHere(db, subject, (db) => submitRun(db, submission)), plan };
  });
  // What is stale is not known where a source could not be looked at.
  const isUnsure = observed === "failed" && request.partitions.kind === "stale";
  return isUnsure && exitCode === exitCodes.done ? exitCodes.failed : exitCode;
}

/** Submits a run as told, works on it and on what an earlier command left unfinished, and follows it to its end. */
export async function makeRun(
  session: Session,
  options: DetachOptions,
  submit: () => Promise<{ readonly run: string; readonly plan: Plan }>,
): Promise<ExitCode> {
  const { terminal } = session;
  if (options.detach === true && session.mode === "embedded") {
    throw new UsageError(
      "--detach leaves a run to workers, and this project has none: its database is embedded.",
      "Leave --detach out, or set DATABASE_URL.",
    );
  }
  await session.store();
  const resumed = await resumeUnfinished(session);
  if (options.detach !== true) await workHere(session);
  const { run, plan } = await submit();
  if (options.detach === true) return leaveRun(terminal, run, options);
  const leftOut = plan.skipped.map(({ asset, partitions, reason }) => ({
    asset,
    partitions: partitionsOf(session.location.snapshot, asset, partitions),
    reason,
  }));
  const exitCode = await finishRun(await holderHere(session), run, options, { steps: plan.stepCount, leftOut });
  if (exitCode !== exitCodes.interrupted) await finishResumed(session, resumed);
  return exitCode;
}

/** Prints a run's id, and leaves the run to the workers. */
export function leaveRun(terminal: Terminal, run: string, { json = false }: { readonly json?: boolean }): ExitCode {
  terminal.data(json ? JSON.stringify({ runId: run, status: "queued" }, null, 2) : run);
  terminal.say(`Submitted. To look at it: iroko runs show ${run}`);
  return exitCodes.done;
}

/** Who waits for a run. */
export interface RunHolder {
  readonly runs: Runs;
  readonly terminal: Terminal;
  /** What Ctrl-C does: here it cancels the run and waits for its end; a server's run it leaves alone. */
  readonly ctrlC: "cancels" | "leaves";
  /** Nobody here goes on with steps. */
  readonly lost?: AbortSignal;
}

export async function holderHere(session: Session): Promise<RunHolder> {
  const { db, terminal, lost } = session;
  return { runs: runsHere(db, await session.store()), terminal, ctrlC: "cancels", lost };
}

/** Follows a run to its end and reports it. */
export async function finishRun(
  { runs, terminal, ctrlC, lost }: RunHolder,
  run: string,
  { json = false }: { readonly json?: boolean },
  planned?: { readonly steps: number; readonly leftOut: readonly Skipped[] },
): Promise<ExitCode> {
  const left = new AbortController();
  const signal = lost === undefined ? left.signal : AbortSignal.any([left.signal, lost]);
  let progress: RunDetail | undefined;
  try {
    const isInterrupted = await untilInterrupted(
      terminal,
      async () => {
        progress = await followRun(run, { runs, terminal, signal });
      },
      async () => {
        if (ctrlC === "leaves") return left.abort();
        terminal.say(`Canceling run ${run} … (Ctrl-C again leaves it at once)`);
        await runs.cancel(run, "Ctrl-C");
      },
    );
    const report = await reportRun(runs, progress!, planned?.leftOut);
    if (json) terminal.data(JSON.stringify(report, null, 2));
    else if (planned?.steps === 0) sayNothingToDo(terminal, report);
    else {
      const made = [...new Set(report.materializations.map(({ asset }) => asset))];
      printReport(report, await runs.definitionsOf(progress!, made), terminal);
    }
    if (isInterrupted && report.status !== "succeeded") return exitCodes.interrupted;
    return report.status === "succeeded" ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (left.signal.aborted) {
      terminal.say(`Run ${run} goes on without this command. To look at it: iroko runs show ${run}`);
      terminal.say(`To follow what it prints: iroko runs logs ${run} --follow. To end it: iroko runs cancel ${run}`);
      return exitCodes.interrupted;
    }
    // The run is there and can be gone on with: this is no longer a refusal.
    terminal.say(renderError(error, terminal));
    terminal.say(`Run ${run} was left as it is. To look at it: iroko runs show ${run}`);
    return exitCodes.failed;
  }
}

function sayNothingToDo(terminal: Terminal, { skipped }: RunReport): void {
  for (const { asset, partitions, reason } of skipped) {
    terminal.say(
      `${terminal.style("dim", "skipped")} ${partitions === "" ? asset : `${asset}@${partitions}`}: ${reason}`,
    );
  }
  terminal.say(terminal.style(["green", "bold"], "nothing to do"));
}

/** A worker in this process: always where the instance is embedded, else only where no other one is live. */
export async function workHere(session: Session): Promise<void> {
  if (session.mode === "embedded" || !(await hasLiveWorker(session))) await session.startWorker();
}

/**
 * Looks at the sources that the plan depends on. For `--stale` at all of them; else only at those without partitions,
 * which is cheap.
 */
async function observeFirst(
  session: Session,
  request: PlanRequest,
  now: Moment,
): Promise<"nothing" | "observed" | "failed"> {
  if (request.checks === "only") return "nothing";
  const isStale = request.partitions.kind === "stale";
  const wanted = { select: request.select, asOf: now, unpartitionedOnly: !isStale };
  const observation = observationOf(session.location, wanted);
  if (observation === undefined) return "nothing";
  const { terminal } = session;
  if (isStale) terminal.say(`Observing ${observation.plan.assets.map(({ asset }) => asset).join(", ")} …`);
  const run = await submitObservation(session, observation);
  const { runs } = await holderHere(session);
  const progress = await followRun(run, { runs, terminal, signal: session.lost });
  if (progress.status === "succeeded") return "observed";
  const report = await reportRun(runs, progress);
  for (const { name, error } of report.failures) {
    terminal.say(`${terminal.style("yellow", "not observed")} ${name}`);
    terminal.say(renderErrorRecord(error, terminal).replaceAll(/^/gm, "  "));
  }
  return "failed";
}

export async function submitObservation({ db }: Session, observation: Submission): Promise<string> {
  const subject = { operation: "runs.observe", target: observation.selection };
  return await auditedHere(db, subject, (db) => submitRun(db, observation));
}

export function sayNotObservable(terminal: Terminal, { json = false }: { readonly json?: boolean }): ExitCode {
  terminal.say("Nothing there can be observed: no external asset has an `observe` function.");
  if (json) terminal.data(JSON.stringify({ runId: null, status: "succeeded" }, null, 2));
  return exitCodes.done;
}

/** Says what an earlier command left unfinished, and which of it goes on now. */
async function resumeUnfinished(session: Session): Promise<readonly RunRecord[]> {
  const { terminal, location } = session;
  const runs = await unfinishedRuns(session);
  for (const run of runs) {
    const isSameCode = run.snapshotVersion === location.version;
    terminal.say(
      `${terminal.style("yellow", "unfinished")} ${describeRun(run)}: ${isSameCode ? "it goes on now" : "its code has changed since; what has not goes on, and iroko runs cancel ends it"}`,
    );
  }
  return runs.filter(({ snapshotVersion }) => snapshotVersion === location.version);
}

/** What an earlier command left unfinished goes on in this one's worker, and is waited for. */
async function finishResumed(session: Session, runs: readonly RunRecord[]): Promise<void> {
  const { db, terminal, lost } = session;
  for (const run of runs) {
    const controller = new AbortController();
    await untilInterrupted(
      terminal,
      async () => {
        const signal = AbortSignal.any([controller.signal, lost]);
        const progress = await followRun(run.id, { runs: runsHere(db), terminal, signal });
        terminal.say(`Run ${run.id}, which was left unfinished, has ${progress.status}.`);
      },
      () => {
        controller.abort();
        return Promise.resolve();
      },
    );
  }
}
