/**
 * The end of attempts, in one transaction: the steps, their outputs' pointers, what waits for them, the runs' counts, who is
 * admitted next. Each is refused as a whole unless its claim still holds. Locks in the order of the whole engine: steps by id,
 * asset partitions by key, the runs, queue jobs.
 */
import type { Snapshot } from "../definitions/snapshot.ts";
import {
  commitOutputs,
  recordObservations,
  releasePartitions,
  stagedOutputs,
  type CommitFacts,
  type CommittedRow,
  type ObservedRow,
  type StagedRow,
} from "../instance/asset-partitions.ts";
import { recordCheckResults, type CheckResultRow } from "../instance/checks.ts";
import { setOfColumns } from "../instance/columns.ts";
import { sent, type Database, type Tx } from "../instance/database.ts";
import { recordDecisions, type NewDecision } from "../instance/decisions.ts";
import { appendEvents, type NewEvent } from "../instance/events.ts";
import { lockPools } from "../instance/pools.ts";
import { countEnded, type EndedSteps } from "../instance/runs.ts";
import { releaseBehind } from "../instance/step-claims.ts";
import {
  cancelWaiting,
  endSteps,
  markSuperseded,
  retryStep,
  type StepEnd,
  type StepRetry,
} from "../instance/step-ends.ts";
import { dependantsOf, releaseDependants, skipBatch, skipSteps, skipUnreachable } from "../instance/steps-below.ts";
import { wakeSkipping, wakeSteps } from "../instance/wake-ups.ts";
import { readsWhatThereIs } from "../graph/joins.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import { upstreamOf } from "../partitions/map-partitions.ts";
import { MappingQuestion } from "../partitions/mapping-relation.ts";
import type { PartitionSet } from "../partitions/partition-set.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { emptySetOf, intersect, isEmptySet, subtract } from "../partitions/set-algebra.ts";
import { admit } from "./admit.ts";
import type { Attempt } from "./claim.ts";
import { failpoint } from "./failpoint.ts";
import { withStoredMappings } from "./mapping/stored-mappings.ts";
import { inputVersions } from "./pinned-inputs.ts";
import { momentOfRun } from "./read-moment.ts";
import { stepDefinition } from "./step-definition.ts";

/** Every commit is looked at again once, after this long. */
export const verifyAfterSeconds = 600;

/** What an attempt brought, besides how it ended. */
export interface Brought {
  /** Outputs not recorded as staged before: those that store nothing. */
  readonly outputs: readonly StagedRow[];
  readonly checks: readonly CheckResultRow[];
  readonly observed: readonly ObservedRow[];
}

export const nothingBrought: Brought = { outputs: [], checks: [], observed: [] };

/** How an attempt ended, and with what. */
export interface Ending {
  readonly attempt: Attempt;
  readonly end: StepEnd;
  readonly brought: Brought;
}

/** undefined: the claim no longer held, and nothing was changed. */
export type Finished = { readonly committed: readonly CommittedRow[] } | undefined;

/**
 * Ends steps of one location for good: succeeded, failed (what was staged whole is committed all the same) or canceled.
 * Each is refused by itself where its claim no longer holds.
 */
export async function finishSteps(
  db: Database,
  endings: readonly Ending[],
  snapshot: Snapshot,
): Promise<readonly Finished[]> {
  let holding = endings;
  while (holding.length > 0) {
    const trying = holding;
    try {
      const committed = await db.transaction((tx) => finishIn(tx, trying, snapshot));
      return endings.map((ending) => (trying.includes(ending) ? { committed: committed(ending) } : undefined));
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      holding = trying.filter(({ attempt }) => error.held.includes(attempt.step.step));
    }
  }
  return endings.map(() => undefined);
}

/** Not all claims still hold: nothing of the transaction is kept. */
class Fenced extends Error {
  readonly held: readonly number[];
  constructor(held: readonly number[]) {
    super("claims no longer hold");
    this.held = held;
  }
}

/** Returns what each has committed. */
async function finishIn(
  tx: Tx,
  endings: readonly Ending[],
  snapshot: Snapshot,
): Promise<(ending: Ending) => readonly CommittedRow[]> {
  // Sent at once, in the order of the locks; whether the claims held decides if all of it is kept.
  sent(lockPools(tx, [...new Set(endings.flatMap(({ attempt }) => attempt.step.pools))]));
  const ending = endSteps(
    tx,
    endings.map(({ attempt: { step }, end }) => ({ step: step.step, epoch: step.epoch, worker: step.worker, end })),
  );
  const notGiven = new Map<string, number[]>();
  for (const each of endings) {
    if (each.end.outcome !== "made") continue;
    const { run } = each.attempt.step;
    const skipped = await skipWhereNotGiven(tx, each, snapshot);
    if (skipped.length > 0) notGiven.set(run, [...(notGiven.get(run) ?? []), ...skipped]);
  }
  const of = <Row>(rows: (brought: Brought) => readonly Row[]) =>
    endings.flatMap(({ attempt: { step }, brought }) =>
      rows(brought).map((row) => ({ ...row, run: step.run, step: step.step, epoch: step.epoch })),
    );
  const [held, gates, , committed] = await Promise.all([
    ending,
    releaseDependants(
      tx,
      endings.map(({ attempt: { step }, end }) => ({ run: step.run, n: step.n, well: end.status === "succeeded" })),
    ),
    releaseBehind(
      tx,
      endings.map(({ attempt }) => attempt.step.step),
    ),
    commitOutputs(
      tx,
      endings.filter(({ attempt }) => attempt.step.kind === "materialize").map(factsOf),
      verifyAfterSeconds,
    ),
    recordObservations(
      tx,
      of(({ observed }) => observed),
    ),
    recordCheckResults(
      tx,
      of(({ checks }) => checks),
    ),
  ]);
  if (held.length < endings.length) throw new Fenced(held);
  const byStep = Map.groupBy(committed, ({ step }) => step);
  const made = ({ attempt }: Ending): readonly CommittedRow[] => byStep.get(attempt.step.step) ?? [];

  const counts: (readonly [run: string, ended: EndedSteps])[] = [];
  for (const run of [...new Set(endings.map(({ attempt }) => attempt.step.run))].toSorted()) {
    const ended = endings.filter(({ attempt }) => attempt.step.run === run);
    const endedAs = (status: StepEnd["status"]) => ended.filter(({ end }) => end.status === status);
    const unwell = ended.filter(({ end }) => end.status !== "succeeded").map(({ attempt }) => attempt.step.n);
    const below = await skipBelow(tx, run, unwell, notGiven.get(run) ?? []);
    counts.push([
      run,
      {
        succeeded: gates.filter((gate) => gate.run === run).length + below.gates + endedAs("succeeded").length,
        failed: endedAs("failed").length,
        canceled: endedAs("canceled").length,
        skipped: below.skipped,
        ...sumOf(ended.flatMap(made)),
      },
    ]);
  }
  sent(
    markSuperseded(
      tx,
      endings
        .filter((each) => each.end.status === "succeeded" && isSuperseded(made(each)))
        .map(({ attempt }) => attempt.step.step),
    ),
    appendEvents(
      tx,
      endings.flatMap((each) => eventsOf(each, made(each))),
    ),
    recordDecisions(
      tx,
      endings.flatMap((each) => decisionsOf(each, made(each))),
    ),
    // Waits for no step's lock; the runs', which all their steps want, are held for the commit alone.
    ...[...new Set(endings.map(({ attempt }) => attempt.step.location))].map((location) => admit(tx, location)),
    ...counts.map(([run, ended]) => countEnded(tx, run, ended)),
    ...counts.map(([run, { skipped = 0 }]) => (skipped >= skipBatch ? wakeSkipping(tx, run) : undefined)),
  );
  failpoint("finish.written");
  return made;
}

const sumOf = (committed: readonly CommittedRow[]): Pick<EndedSteps, "rows" | "bytes"> => ({
  rows: committed.reduce((sum, { rows }) => sum + rows, 0),
  bytes: committed.reduce((sum, { bytes }) => sum + bytes, 0),
});

const isSuperseded = (committed: readonly CommittedRow[]): boolean =>
  committed.length > 0 && committed.every(({ version }) => version === null);

function factsOf({ attempt: { step, definition, inputs, partitions }, end, brought }: Ending): CommitFacts {
  return {
    step: step.step,
    epoch: step.epoch,
    run: step.run,
    writeSeq: step.writeSeq,
    codeVersion: definition.codeVersion,
    definitionHash: definition.definitionHash,
    inputs: new Map(partitions.map(({ id }) => [id, inputVersions(inputs, id)])),
    outputs: brought.outputs,
    ...(end.status === "succeeded" ? {} : { notMade: { status: end.status, ...(end.error && { error: end.error }) } }),
  };
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
  const asEnded = skipped.map((n) => ({ run, n, well: false }));
  return { skipped: skipped.length, gates: (await releaseDependants(tx, asEnded)).length };
}

/** Gives the step back for another try; what it has staged is kept for that. False: the claim no longer held. */
export async function finishForRetry(db: Database, attempt: Attempt, retry: StepRetry): Promise<boolean> {
  const { step } = attempt;
  return db.transaction(async (tx) => {
    await lockPools(tx, step.pools);
    const retried = await retryStep(tx, step, retry);
    if (retried === undefined) return false;
    const { at, startedAt } = retried;
    await releaseBehind(tx, [step.step]);
    // Its run may be waiting for just this step to be canceled.
    const { canceled } = await cancelWaiting(tx, step.run);
    await releasePartitions(tx, step);
    await appendEvents(tx, [
      {
        type: "attempt_failed",
        run: step.run,
        step: step.n,
        payload: {
          attempt: step.attempt,
          startedAt,
          error: retry.error,
          retryAt: at.toString(),
          because: retry.reason,
          counts: retry.counts,
        },
      },
    ]);
    if (canceled > 0) await countEnded(tx, step.run, { canceled });
    else await wakeSteps(tx, [{ step: step.step, at }]);
    await admit(tx, step.location);
    return true;
  });
}

/** Optional outputs that were not given, of some partitions or of all: what reads those is skipped. Returns what was. */
async function skipWhereNotGiven(
  tx: Tx,
  { attempt: { step, definition, partitions }, brought }: Ending,
  snapshot: Snapshot,
): Promise<readonly number[]> {
  const optional = definition.outputs.filter((output) => output.optional && step.assets.includes(output.asset));
  if (optional.length === 0) return [];
  const staged = [...(await stagedOutputs(tx, step.step)), ...brought.outputs];
  const given = new Set(staged.map((row) => `${row.asset} ${row.partition}`));
  const notGiven = new Map<string, PartitionSet>();
  for (const { asset } of optional) {
    const missing = partitions.filter(({ id }) => !given.has(`${asset} ${id}`));
    if (missing.length > 0) notGiven.set(asset, setOfPartitions(definition.partitions, missing));
  }
  if (notGiven.size === 0) return [];
  const byReason = new Map<string, number[]>();
  for (const { n, kind, name, ...columns } of await dependantsOf(tx, step.run, step.n)) {
    const dependant = stepDefinition(snapshot, kind, name);
    const deps = dependant?.deps.filter((dep) => !dep.weak && notGiven.has(dep.asset)) ?? [];
    if (!dependant || deps.length === 0) continue;
    const moment = await momentOfRun(tx, { assets: [dependant, definition] }, step);
    const reasons = await Promise.all(
      deps.map(async ({ asset, mapping }) => {
        const sides = { upstream: definition.partitions, downstream: dependant.partitions };
        const read = await withStoredMappings(
          tx,
          moment,
          (now) => upstreamOf(mapping, { ...sides, set: setOfColumns(columns), now }).set,
        ).catch((error: unknown) => {
          if (error instanceof MappingQuestion) return emptySetOf(definition.partitions); // its claim asks
          throw error;
        });
        const missing = intersect(read, notGiven.get(asset)!);
        // What reads what there is may find others, made now or before: its claim sees.
        const lacks = readsWhatThereIs(mapping) ? isEmptySet(subtract(read, missing)) : !isEmptySet(missing);
        if (!lacks || isEmptySet(missing)) return [];
        const names = partitions.length === 1 ? "" : formatPartitions(definition.partitions, missing);
        return [names === "" ? asset : `${asset}@${names}`];
      }),
    );
    const reason = reasons.flat().join(", ");
    if (reason !== "") byReason.set(reason, [...(byReason.get(reason) ?? []), n]);
  }
  const skipped: number[] = [];
  for (const [reason, numbers] of byReason) {
    skipped.push(...(await skipSteps(tx, step.run, numbers, `${reason} was not given`)));
  }
  return skipped;
}

const whyOtherwise = {
  joined: "another run had made it meanwhile, from the same inputs by the same code",
  superseded: "a step that read newer inputs had made it first: this version is kept, but is not current",
} as const;

/** Rare ones only: an ordinary step leaves its outcome on itself. */
function decisionsOf({ attempt, end }: Ending, committed: readonly CommittedRow[]): readonly NewDecision[] {
  const outcome = end.status === "succeeded" && isSuperseded(committed) ? "superseded" : end.outcome;
  if (outcome !== "joined" && outcome !== "superseded") return [];
  const { step, definition, partitions } = attempt;
  const decided = { subject: "step", outcome, reason: whyOtherwise[outcome], run: step.run };
  return step.assets.map((asset) => ({
    ...decided,
    asset,
    partitions: setOfPartitions(definition.partitions, partitions),
  }));
}

function eventsOf({ attempt, end, brought }: Ending, committed: readonly CommittedRow[]): readonly NewEvent[] {
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
