import { v7 as uuidv7 } from "uuid";
import { IrokoError } from "../errors.ts";
import type { Database } from "../instance/database.ts";
import { beginWith, neverInserted } from "../instance/expansion.ts";
import { appendEvents } from "../instance/events.ts";
import { currentLocation } from "../instance/locations.ts";
import { getRun, insertRun, type RunRecord } from "../instance/runs.ts";
import { copySteps } from "../instance/repeated-steps.ts";
import { wakeExpanding } from "../instance/wake-ups.ts";
import { shellQuote } from "../shell-quote.ts";
import { admit } from "./admit.ts";
import { runNotFound } from "./cancel-run.ts";
import { partsOf, repetitionOf, type RetryOptions, type RetryPart } from "./repetition.ts";

/**
 * Runs again what did not succeed in a run that has ended, with its partitions, inputs, config, limit and clock, by the code
 * of now: a retry is what one asks for after mending it. From the start, what has succeeded is made again, too. Of a
 * selection, only what is in it: the rest of what that reads is there as it is. Returns the new run's id.
 *
 * @throws {IrokoError} RUN_NOT_FOUND; RUN_NOT_ENDED while it still runs; RUN_SUCCEEDED when nothing is left to retry;
 * RETRY_SELECTION when nothing of what is asked for is; of the selection and the partitions, as planning
 * @throws {MappingQuestion} as `planRequest`
 */
export async function retryRun(db: Database, id: string, options: RetryOptions = {}): Promise<string> {
  const { fromStart = false } = options;
  const parts = partsOf(options);
  const isWhole = parts.length === 0;
  return db.transaction(async (tx) => {
    const run = await getRun(tx, id);
    if (run === undefined) throw runNotFound(id);
    if (run.endedAt === null) {
      throw new IrokoError("RUN_NOT_ENDED", `Run ${id} is still ${run.status}.`, {
        hint: `Cancel it first (iroko runs cancel ${id}) or wait for its end.`,
      });
    }
    if (run.status === "succeeded" && !fromStart) {
      throw new IrokoError("RUN_SUCCEEDED", `Run ${id} has succeeded: there is nothing to retry.`, {
        hint: `To make it again: iroko runs retry ${id} ${[...selectionOptions(options), "--from-start"].join(" ")}`,
      });
    }
    const current = await currentLocation(tx, run.location);
    if (current === undefined) throw new Error(`run ${id} is of location "${run.location}", which has no snapshot`);
    const again = uuidv7();
    // A run that was canceled while its plan was being expanded: the rest is expanded now, as it was planned.
    const never = await neverInserted(tx, id);
    if (never.steps > 0 && !isWhole) throw neverExpanded(id, never.steps);
    await insertRun(
      tx,
      {
        id: again,
        location: run.location,
        snapshotVersion: current.version,
        trigger: "retry",
        ...toldOf(run, parts),
        plan: run.plan,
        tags: run.tags,
        config: run.config,
        priority: run.priority,
        maxConcurrency: run.maxConcurrency,
        parent: id,
        asOf: run.asOf,
        keysRevision: run.keysRevision,
        planVersion: never.planVersion,
      },
      fromStart ? run.planned : run.planned - run.succeeded,
      { expandFrom: never.from, isOfPlan: never.steps > 0 },
    );
    const steps = await copySteps(tx, id, again, await repetitionOf(tx, run, again, current.snapshot, options));
    if (steps === 0 && never.steps === 0) throw isWhole ? nothingOfNow(id) : nothingToRetry(id, options);
    await beginWith(tx, again, steps, never.steps);
    if (never.steps > 0) await wakeExpanding(tx, again);
    await appendEvents(tx, [
      { type: "run_submitted", run: again, payload: { steps: steps + never.steps, trigger: "retry", parent: id } },
    ]);
    await admit(tx, run.location);
    return again;
  });
}

/** As people read it. Several parts with partitions of their own are told one by one: together they would be a product. */
function toldOf(run: RunRecord, parts: readonly RetryPart[]): Pick<RunRecord, "selection" | "partitions"> {
  const [first] = parts;
  if (first === undefined) return { selection: run.selection, partitions: run.partitions };
  const selection = [...new Set(parts.map(({ select }) => select))].join(" or ");
  const sets = new Set(parts.map(({ partitions }) => partitions));
  if (sets.size > 1) return { selection, partitions: parts.map(partText).join("; ") };
  return {
    selection: first.select === "*" ? run.selection : selection,
    partitions: first.partitions ?? run.partitions,
  };
}

const partText = ({ select, partitions }: RetryPart): string =>
  partitions === undefined ? select : `${partitions} of ${select}`;

const selectionOptions = ({ select, partitions, only = [] }: RetryOptions): readonly string[] => [
  ...(select === undefined ? [] : ["--select", shellQuote(select)]),
  ...(partitions === undefined ? [] : ["--partitions", shellQuote(partitions)]),
  ...(only.length === 0 ? [] : ["--only", ...only.map((part) => shellQuote(atText(part)))]),
];

const atText = ({ select, partitions }: RetryPart): string =>
  partitions === undefined ? select : `${select}@${partitions}`;

function nothingToRetry(id: string, options: RetryOptions): IrokoError {
  const { fromStart = false } = options;
  const what = fromStart ? "has no step" : "has no step that did not succeed";
  const of = partsOf(options)
    .map(
      ({ select, partitions }) =>
        `the selection "${select}"${partitions === undefined ? "" : ` and the partitions "${partitions}"`}`,
    )
    .join(", or of ");
  return new IrokoError("RETRY_SELECTION", `Run ${id} ${what} of ${of}.`, {
    hint: fromStart
      ? `Look at what it has: iroko runs show ${id} --all`
      : `To make again what has succeeded: iroko runs retry ${id} ${[...selectionOptions(options), "--from-start"].join(" ")}`,
  });
}

function nothingOfNow(id: string): IrokoError {
  return new IrokoError("RETRY_SELECTION", `What is left of run ${id} is in the code of now no more.`, {
    hint: `Look at what it has: iroko runs show ${id} --all`,
  });
}

function neverExpanded(id: string, steps: number): IrokoError {
  return new IrokoError(
    "RETRY_SELECTION",
    `Run ${id} was canceled before its last ${steps} steps were there to select.`,
    {
      hint: `Retry all of it: iroko runs retry ${id}`,
    },
  );
}
