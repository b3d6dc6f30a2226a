/**
 * The end of an attempt, in one transaction: the step, its outputs' pointers, what waits for it, the run's counts, who is
 * admitted next. Refused as a whole unless the claim still holds. Locks in the order of the whole engine: steps by id,
 * asset partitions by key, the run, queue jobs.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import {
  commitOutputs,
  recordObservations,
  recordOutputs,
  releasePartitions,
  stagedOutputs,
  type CommittedRow,
  type ObservedRow,
  type StagedRow,
} from "../instance/asset-partitions.ts";
import { recordCheckResults, type CheckResultRow } from "../instance/checks.ts";
import { sent, type Database, type Tx } from "../instance/database.ts";
import { appendEvents, type NewEvent } from "../instance/events.ts";
import { lockPools } from "../instance/pools.ts";
import { countEnded } from "../instance/runs.ts";
import {
  cancelWaiting,
  dependantsOf,
  endStep,
  markSuperseded,
  releaseBehind,
  releaseDependants,
  retryStep,
  skipSteps,
  skipBatch,
  skipUnreachable,
  type StepEnd,
  type StepRetry,
} from "../instance/steps.ts";
import { addWakeUps, stepTask } from "../instance/wake-ups.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { admit } from "./admit.ts";
import type { Attempt } from "./claim.ts";
import { inputVersions } from "./pinned-inputs.ts";
import { stepDefinition } from "./step-definition.ts";

/** Every commit is looked at again once, after this long. */
const verifyAfterSeconds = 600;

/** What an attempt brought, besides how it ended. */
export interface Brought {
  /** Outputs not recorded as staged before: those that store nothing. */
  readonly outputs: readonly StagedRow[];
  readonly checks: readonly CheckResultRow[];
  readonly observed: readonly ObservedRow[];
}

export const nothingBrought: Brought = { outputs: [], checks: [], observed: [] };

/** undefined: the claim no longer held, and nothing was changed. */
export type Finished = { readonly committed: readonly CommittedRow[] } | undefined;

/** Ends the step for good: succeeded, failed (what was staged whole is committed all the same) or canceled. */
export async function finishStep(
  db: Database,
  attempt: Attempt,
  snapshot: Snapshot,
  end: StepEnd,
  brought: Brought,
): Promise<Finished> {
  const { step } = attempt;
  return unlessFenced(
    db.transaction(async (tx) => {
      // Sent at once, in the order of the locks; whether the claim held decides if all of it is kept.
      const locked = lockPools(tx, step.pools);
      const ended = endStep(tx, step, end);
      const notGiven = end.outcome === "made" ? await skipWhereNotGiven(tx, attempt, snapshot, brought) : [];
      const [held, gates, , , committed] = await Promise.all([
        ended,
        releaseDependants(tx, step.run, [step.n], end.status === "succeeded" ? "all" : "weak"),
        releaseBehind(tx, step.step),
        recordOutputs(tx, step, brought.outputs),
        step.kind === "materialize" ? commit(tx, attempt, end) : [],
        recordObservations(tx, step.run, step.step, brought.observed),
        recordCheckResults(tx, step.run, step.step, brought.checks),
        locked,
      ]);
      if (!held) throw new Fenced();
      const below = await skipBelow(tx, step.run, end.status === "succeeded" ? [] : [step.n], notGiven);
      const superseded = committed.length > 0 && committed.every(({ version }) => version === null);
      sent(
        superseded && end.status === "succeeded" ? markSuperseded(tx, step.step) : undefined,
        appendEvents(tx, eventsOf(attempt, end, brought, committed)),
        // Waits for no step's lock; the run's, which all its steps want, is held for the commit alone.
        admit(tx, step.location),
        countEnded(tx, step.run, {
          succeeded: gates + below.gates + (end.status === "succeeded" ? 1 : 0),
          failed: end.status === "failed" ? 1 : 0,
          canceled: end.status === "canceled" ? 1 : 0,
          skipped: below.skipped,
        }),
        below.skipped >= skipBatch ? addWakeUps(tx, [{ task: "skip", payload: { run: step.run } }]) : undefined,
      );
      return { committed };
    }),
  );
}

/** The claim no longer holds: nothing of the transaction is kept. */
class Fenced extends Error {}

async function unlessFenced<Result>(finished: Promise<Result>): Promise<Result | undefined> {
  try {
    return await finished;
  } catch (error) {
    if (error instanceof Fenced) return undefined;
    throw error;
  }
}

function commit(
  tx: Tx,
  { step, definition, inputs, partitions }: Attempt,
  end: StepEnd,
): Promise<readonly CommittedRow[]> {
  return commitOutputs(
    tx,
    {
      claim: step,
      run: step.run,
      writeSeq: step.writeSeq,
      codeVersion: definition.codeVersion,
      definitionHash: definition.definitionHash,
      inputs: Object.fromEntries(partitions.map(({ id }) => [id, inputVersions(inputs, id)])),
    },
    end.status === "succeeded" ? undefined : { status: end.status, ...(end.error && { error: end.error }) },
    verifyAfterSeconds,
  );
}

/** Skips what can no longer run below a step that did not succeed, or below those skipped for an output not given. */
async function skipBelow(
  tx: Tx,
  run: string,
  ended: readonly number[],
  notGiven: readonly number[],
): Promise<{ readonly skipped: number; readonly gates: number }> {
  if (ended.length + notGiven.length === 0) return { skipped: 0, gates: 0 };
  const unreachable = await skipUnreachable(tx, run, skipBatch, [...ended, ...notGiven]);
  const skipped = [...notGiven, ...unreachable];
  return { skipped: skipped.length, gates: await releaseDependants(tx, run, skipped, "weak") };
}

/** Gives the step back for another try; what it has staged is kept for that. False: the claim no longer held. */
export async function finishForRetry(db: Database, attempt: Attempt, retry: StepRetry): Promise<boolean> {
  const { step } = attempt;
  return db.transaction(async (tx) => {
    await lockPools(tx, step.pools);
    const at = await retryStep(tx, step, retry);
    if (at === undefined) return false;
    await releaseBehind(tx, step.step);
    // Its run may be waiting for just this step to be canceled.
    const canceled = await cancelWaiting(tx, step.run);
    await releasePartitions(tx, step);
    await appendEvents(tx, [
      {
        type: "attempt_failed",
        run: step.run,
        step: step.n,
        payload: { attempt: step.attempt, error: retry.error, retryAt: at.toString() },
      },
    ]);
    if (canceled > 0) await countEnded(tx, step.run, { canceled });
    else await addWakeUps(tx, [{ task: stepTask(step.location), payload: { step: step.step }, at }]);
    await admit(tx, step.location);
    return true;
  });
}

/** An optional output that was not given: what reads it is skipped, with that reason. Returns what was. */
async function skipWhereNotGiven(
  tx: Tx,
  { step, definition }: Attempt,
  snapshot: Snapshot,
  brought: Brought,
): Promise<readonly number[]> {
  const optional = definition.outputs.filter((output) => output.optional && step.assets.includes(output.asset));
  if (optional.length === 0) return [];
  const staged = [...(await stagedOutputs(tx, step.step)), ...brought.outputs];
  const given = new Set(staged.map((row) => row.asset));
  const missing = optional.map((output) => output.asset).filter((asset) => !given.has(asset));
  if (missing.length === 0) return [];
  const dependants = await dependantsOf(tx, step.run, step.n);
  const needing = dependants.filter(({ kind, name }) =>
    stepDefinition(snapshot, kind, name)?.deps.some((dep) => !dep.weak && missing.includes(dep.asset)),
  );
  const numbers = needing.map(({ n }) => n);
  return skipSteps(tx, step.run, numbers, `${missing.join(", ")} was not given`);
}

function eventsOf(
  attempt: Attempt,
  end: StepEnd,
  brought: Brought,
  committed: readonly CommittedRow[],
): readonly NewEvent[] {
  const { step, definition, partitions } = attempt;
  const base = { run: step.run, step: step.n };
  const events: NewEvent[] = [];
  const byId = new Map(partitions.map((partition) => [partition.id as string, partition]));
  for (const asset of new Set(committed.map((row) => row.asset))) {
    const made = committed.filter((row) => row.asset === asset);
    events.push({
      ...base,
      type: "materialization",
      asset,
      partitions: setOfPartitions(
        definition.partitions,
        made.flatMap((row) => byId.get(row.partition) ?? []),
      ),
      payload: {
        versions: Object.fromEntries(made.map((row) => [row.partition, row.version])),
        attempt: step.attempt,
        ...(made.some((row) => row.version === null) ? { superseded: true } : {}),
      },
    });
  }
  for (const asset of new Set(brought.observed.map((row) => row.asset))) {
    events.push({
      ...base,
      type: "observation",
      asset,
      partitions: setOfPartitions(
        definition.partitions,
        brought.observed.flatMap((row) => (row.asset === asset ? (byId.get(row.partition) ?? []) : [])),
      ),
    });
  }
  const failed = brought.checks.filter((check) => !check.passed);
  if (failed.length > 0) events.push({ ...base, type: "check", payload: { failed } });
  if (end.outcome === "joined" || end.outcome === "unchanged") {
    events.push({
      ...base,
      type: "joined",
      partitions: setOfPartitions(definition.partitions, partitions),
      payload: { outcome: end.outcome },
    });
  }
  if (end.status === "failed")
    events.push({ ...base, type: "step_failed", payload: { attempt: step.attempt, error: end.error } });
  if (end.status === "canceled") events.push({ ...base, type: "step_canceled", payload: { attempt: step.attempt } });
  return events;
}
