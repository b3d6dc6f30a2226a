/**
 * Claiming steps: from "look now" to everything that their attempts need to know, in one transaction. Each step is
 * claimed by itself, with an epoch and a place in the order of writes of its own; that several are taken at once only
 * spares transactions.
 */
import { compareInstants } from "../partitions/compare-instants.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import {
  currentVersions,
  markBusy,
  pinnableVersions,
  type PartitionRow,
  type PinnableRow,
} from "../instance/asset-partitions.ts";
import { partitionColumns, setOfColumns } from "../instance/columns.ts";
import { sent, type Database, type Tx } from "../instance/database.ts";
import { roomInPools } from "../instance/pools.ts";
import { markRunsStarted } from "../instance/runs.ts";
import {
  lockClaimable,
  putBehind,
  startSteps,
  withdrawSteps,
  type ClaimableStep,
  type ClaimedStep,
} from "../instance/step-claims.ts";
import { dropWakeUps, replaceWakeUps } from "../instance/wake-ups.ts";
import { isParked } from "../planning/parking.ts";
import { MappingQuestion } from "../partitions/mapping-relation.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { partitionsIn } from "../partitions/partitions-in.ts";
import { failpoint } from "./failpoint.ts";
import { inputVersions, noInputs, pinInputsOf, type LookUpCurrent, type PinnedInputs } from "./pinned-inputs.ts";
import { momentOfRun } from "./read-moment.ts";
import { stepParked } from "./step-deaths.ts";
import { assetOf, stepDefinition, type StepDefinition } from "./step-definition.ts";

export interface Attempt {
  readonly step: ClaimedStep<PinnedInputs>;
  readonly definition: StepDefinition;
  readonly partitions: readonly Partition[];
  readonly inputs: PinnedInputs;
}

export type Claimed =
  | { readonly kind: "run"; readonly attempt: Attempt }
  /** Another run has made it meanwhile from the same inputs by the same code, or nothing it reads has changed. */
  | { readonly kind: "nothingToDo"; readonly attempt: Attempt; readonly outcome: "joined" | "unchanged" }
  /** Its inputs cannot be pinned: the step fails by itself, not its claim. */
  | { readonly kind: "unfit"; readonly attempt: Attempt; readonly error: unknown };

export interface Claimant {
  readonly worker: string;
  readonly location: string;
  readonly snapshot: Snapshot;
  readonly definitionHashes: readonly string[];
  /** As built files name it. */
  readonly machine?: string;
  /** Answers a mapping function that a step's inputs are found by, where nobody has asked it before. */
  readonly answer: (question: MappingQuestion) => Promise<void>;
}

/** Partitions of these steps are being made by others. */
class HeldByOthers extends Error {
  readonly held: readonly { readonly step: number; readonly holder: number }[];
  constructor(held: HeldByOthers["held"]) {
    super(held.map(({ step, holder }) => `${step} is held by ${holder}`).join(", "));
    this.held = held;
  }
}

/** Steps count in pools, which are to be locked before them. */
class NeedsPools extends Error {
  readonly pools: readonly string[];
  constructor(pools: readonly string[]) {
    super(`in pools ${pools.join(", ")}`);
    this.pools = pools;
  }
}

/** The inputs of a step are found by a mapping function that is to be asked first, outside the transaction's locks. */
class NeedsAnswer extends Error {
  readonly step: number;
  readonly question: MappingQuestion;
  constructor(step: number, question: MappingQuestion) {
    super(question.message);
    this.step = step;
    this.question = question;
  }
}

const claimTries = 8;
/** Of one claim: each step may have some, and each is asked once. */
const mostQuestions = 100;

/**
 * Claims the best admitted steps that there are, at most so many. Fewer: there were no more.
 *
 * @param woken queue jobs that have been spent on this look
 */
export async function claimSteps(
  db: Database,
  by: Claimant,
  limit: number,
  woken: readonly number[],
): Promise<readonly Claimed[]> {
  let pools: readonly string[] = [];
  const unanswered = new Map<number, Unfit>();
  let questions = 0;
  for (let tries = 0; tries < claimTries; tries += 1) {
    try {
      const locked = pools;
      return await db.transaction((tx) => claimIn(tx, by, limit, woken, locked, unanswered));
    } catch (error) {
      if (error instanceof NeedsPools) pools = [...new Set([...pools, ...error.pools])];
      else if (error instanceof NeedsAnswer) {
        const { step, question } = error;
        // One that fails fails the step, not its claim.
        await by.answer(question).catch((failure: unknown) => unanswered.set(step, new Unfit(failure)));
        questions += 1;
        if (questions <= mostQuestions) tries -= 1;
      } else if (!(error instanceof HeldByOthers)) throw error;
      // A holder that has ended meanwhile leaves nothing to stand behind: then the claim is tried again.
      else for (const { step, holder } of error.held) await putBehind(db, step, holder);
    }
  }
  return [];
}

async function claimIn(
  tx: Tx,
  by: Claimant,
  limit: number,
  woken: readonly number[],
  pools: readonly string[],
  unanswered: ReadonlyMap<number, Unfit>,
): Promise<readonly Claimed[]> {
  const wanted = withoutRivals((await lockFitting(tx, by, limit, pools)).map((step) => wantedBy(step, by.snapshot)));
  if (wanted.length === 0) return [];
  failpoint("claim.locked");
  const wakeUps = wanted.flatMap(({ step }) => step.wakeUp ?? []);
  // This look has spent the wake-ups of steps that it leaves: they get those of steps that it takes.
  const spent = woken.filter((job) => !wakeUps.includes(job)).slice(0, wakeUps.length);
  const handedOn = wakeUps.slice(wakeUps.length - spent.length);
  sent(replaceWakeUps(tx, spent, handedOn));

  const busy = markBusy(
    tx,
    wanted.flatMap(({ step, rows }) => rows.map((row) => ({ ...row, step: step.step }))),
  );
  const lookUp = lookUpTogether(tx);
  const pinned = wanted.map(async (one): Promise<PinnedInputs | Unfit> => {
    const { step, deaths } = one.step;
    if (isParked(deaths)) return new Unfit(stepParked(deaths));
    try {
      return unanswered.get(step) ?? (await pinAsPlanned(tx, lookUp, by.snapshot, one));
    } catch (error) {
      if (error instanceof MappingQuestion) throw new NeedsAnswer(step, error);
      return new Unfit(error);
    }
  });
  const [held, inputs] = await Promise.all([busy, Promise.all(pinned)]);
  if (held.length > 0) throw new HeldByOthers(held);

  const starting = startSteps(
    tx,
    by.worker,
    wanted.map(({ step }, index) => ({ step: step.step, inputs: step.inputs === null ? kept(inputs[index]) : null })),
  );
  sent(
    markRunsStarted(tx, [...new Set(wanted.flatMap(({ step }) => (step.runStatus === "queued" ? step.run : [])))]),
    dropWakeUps(
      tx,
      wakeUps.filter((job) => !handedOn.includes(job)),
    ),
  );
  const claims = new Map((await starting).map((claim) => [claim.step, claim]));
  return Promise.all(
    wanted.map(async ({ step, definition, partitions, rows }, index): Promise<Claimed> => {
      const attempt = { step: { ...step, ...claims.get(step.step)! }, definition, partitions, inputs: noInputs };
      const pins = inputs[index] ?? noInputs;
      if (pins instanceof Unfit) return { kind: "unfit", attempt, error: pins.error };
      const outcome = await whyNothingToDo(tx, step, definition, rows, pins);
      if (outcome !== undefined) return { kind: "nothingToDo", attempt: { ...attempt, inputs: pins }, outcome };
      return { kind: "run", attempt: { ...attempt, inputs: pins } };
    }),
  );
}

/** Locks the best steps of which each finds room in its pools; those that find none are withdrawn. */
async function lockFitting(
  tx: Tx,
  by: Claimant,
  limit: number,
  pools: readonly string[],
): Promise<readonly ClaimableStep<PinnedInputs>[]> {
  const room = await roomInPools(tx, pools);
  const fitting: ClaimableStep<PinnedInputs>[] = [];
  for (;;) {
    const known = fitting.map(({ step }) => step);
    const found = await lockClaimable<PinnedInputs>(tx, by, known, limit - fitting.length);
    const needed = found.flatMap((step) => step.pools);
    if (needed.some((pool) => !pools.includes(pool))) throw new NeedsPools(needed);
    const withdrawn: number[] = [];
    for (const step of found) {
      if (step.isSuspect && fitting.length > 0) continue; // behind another one, or one that has found its pool full
      // A pool that nobody has given a size has no limit.
      if (step.pools.some((pool) => (room.get(pool) ?? 1) <= 0)) withdrawn.push(step.step);
      else {
        for (const pool of step.pools) if (room.has(pool)) room.set(pool, room.get(pool)! - 1);
        fitting.push(step);
        if (step.isSuspect) return fitting;
      }
    }
    if (withdrawn.length === 0) return fitting;
    await withdrawSteps(tx, withdrawn);
  }
}

interface Wanted {
  readonly step: ClaimableStep<PinnedInputs>;
  readonly definition: StepDefinition;
  readonly partitions: readonly Partition[];
  /** What is to be marked as being made. */
  readonly rows: readonly PartitionRow[];
}

function wantedBy(step: ClaimableStep<PinnedInputs>, snapshot: Snapshot): Wanted {
  const definition = stepDefinition(snapshot, step.kind, step.name);
  if (definition === undefined)
    throw new Error(`step ${step.step} is claimed by its definition's hash, but "${step.name}" is not in the snapshot`);
  const partitions = [...partitionsIn(definition.partitions, setOfColumns(step))];
  const rows =
    step.kind === "materialize"
      ? step.assets.flatMap((asset) => partitions.map((partition) => ({ asset, ...partitionColumns(partition) })))
      : [];
  return { step, definition, partitions, rows };
}

/** Of those that make the same partition, the first; the next look finds the others a busy partition. */
function withoutRivals(wanted: readonly Wanted[]): readonly Wanted[] {
  const taken = new Set<string>();
  return wanted.filter(({ rows }) => {
    const names = rows.map(({ asset, partition }) => `${asset} ${partition}`);
    if (names.some((name) => taken.has(name))) return false;
    for (const name of names) taken.add(name);
    return true;
  });
}

/** What it has pinned before; else what is current, by the clock and the keys that the run was planned with. */
async function pinAsPlanned(
  tx: Tx,
  lookUp: LookUpCurrent,
  snapshot: Snapshot,
  { step, definition, partitions }: Wanted,
): Promise<PinnedInputs> {
  if (step.inputs !== null) return step.inputs;
  const upstream = [...definition.deps, ...definition.compares].flatMap(({ asset }) => assetOf(snapshot, asset) ?? []);
  const now = await momentOfRun(tx, { assets: [definition, ...upstream] }, step);
  return pinInputsOf(tx, lookUp, snapshot, definition, { assets: step.assets, partitions, now });
}

/** Asked for several steps in one tick, it asks Postgres once. */
function lookUpTogether(tx: Tx): LookUpCurrent {
  let asked: { readonly asset: string; readonly partition: string }[] = [];
  let answer: Promise<ReadonlyMap<string, PinnableRow>> | undefined;
  const ask = async (): Promise<ReadonlyMap<string, PinnableRow>> => {
    await Promise.resolve(); // for those that still ask in this tick
    const distinct = new Map(asked.map((pair) => [`${pair.asset} ${pair.partition}`, pair]));
    [asked, answer] = [[], undefined];
    const rows = await pinnableVersions(tx, [...distinct.values()]);
    return new Map(rows.map((row) => [`${row.asset} ${row.partition}`, row]));
  };
  return (wanted) => {
    asked.push(...wanted);
    return (answer ??= ask());
  };
}

class Unfit {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What is written down of a first claim's inputs. */
function kept(inputs: PinnedInputs | Unfit | undefined): PinnedInputs | null {
  return inputs === undefined || inputs instanceof Unfit || Object.keys(inputs.uses).length === 0 ? null : inputs;
}

async function whyNothingToDo(
  tx: Tx,
  step: ClaimableStep<PinnedInputs>,
  definition: StepDefinition,
  rows: readonly PartitionRow[],
  inputs: PinnedInputs,
): Promise<"joined" | "unchanged" | undefined> {
  if (rows.length === 0 || !(step.waited || step.onlyIfChanged)) return undefined;
  const current = await currentVersions(tx, rows);
  if (current.length < rows.length) return undefined;
  const same = current.every(
    (row) =>
      row.codeVersion === definition.codeVersion &&
      row.definitionHash === definition.definitionHash &&
      equalVersions(row.inputs ?? {}, inputVersions(inputs, row.partition)),
  );
  if (!same) return undefined;
  if (step.onlyIfChanged) return "unchanged";
  return current.every((row) => compareInstants(row.madeAt, step.readyAt) > 0) ? "joined" : undefined;
}

function equalVersions(a: Readonly<Record<string, Readonly<Record<string, string>>>>, b: typeof a): boolean {
  const flat = (versions: typeof a) =>
    Object.entries(versions).flatMap(([asset, of]) =>
      Object.entries(of).map(([partition, version]) => `${asset} ${partition} ${version}`),
    );
  const [left, right] = [flat(a).toSorted(), flat(b).toSorted()];
  return left.length === right.length && left.every((entry, index) => entry === right[index]);
}
