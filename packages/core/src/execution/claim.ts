/** Claiming a step: from a wake-up to everything that its attempt needs to know, in one transaction. */
import type { Snapshot } from "../definitions/snapshot.ts";
import { currentVersions, markBusy, type PartitionRow } from "../instance/asset-partitions.ts";
import { partitionColumns, setOfColumns } from "../instance/columns.ts";
import { sent, type Database, type Tx } from "../instance/database.ts";
import { fullPools } from "../instance/pools.ts";
import { markRunStarted } from "../instance/runs.ts";
import { claimStep, pinInputs, putBehind, withdrawStep, type ClaimedStep } from "../instance/steps.ts";
import type { Partition } from "../partitions/partitions-definition.ts";
import { partitionsIn } from "../partitions/partitions-in.ts";
import { inputVersions, noInputs, pinInputsOf, type PinnedInputs } from "./pinned-inputs.ts";
import { momentOfRun } from "./read-moment.ts";
import { assetOf, stepDefinition, type StepDefinition } from "./step-definition.ts";

export interface Attempt {
  readonly step: ClaimedStep<PinnedInputs>;
  readonly definition: StepDefinition;
  readonly partitions: readonly Partition[];
  readonly inputs: PinnedInputs;
}

export type ClaimResult =
  /** It was only a wake-up: somebody else has it, it is deferred, a pool is full, its code is elsewhere. */
  | { readonly kind: "missed" }
  | { readonly kind: "run"; readonly attempt: Attempt }
  /** Another run has made it meanwhile from the same inputs by the same code, or nothing it reads has changed. */
  | { readonly kind: "nothingToDo"; readonly attempt: Attempt; readonly outcome: "joined" | "unchanged" }
  /** Its inputs cannot be pinned: the step fails by itself, not its claim. */
  | { readonly kind: "unfit"; readonly attempt: Attempt; readonly error: unknown };

/** A partition of the step is being made by another one. */
class HeldByAnother extends Error {
  readonly holder: number;
  constructor(holder: number) {
    super(`held by step ${holder}`);
    this.holder = holder;
  }
}

/** The step counts in pools, which are to be locked before it. */
class NeedsPools extends Error {
  readonly pools: readonly string[];
  constructor(pools: readonly string[]) {
    super(`in pools ${pools.join(", ")}`);
    this.pools = pools;
  }
}

export interface Claimant {
  readonly worker: string;
  readonly snapshot: Snapshot;
  readonly definitionHashes: readonly string[];
}

export async function claim(db: Database, step: number, by: Claimant): Promise<ClaimResult> {
  let pools: readonly string[] = [];
  // A holder that ends between the two transactions leaves nothing to stand behind: then the claim is tried again.
  for (let tries = 0; tries < 4; tries += 1) {
    try {
      const locked = pools;
      return await db.transaction((tx) => claimIn(tx, step, by, locked));
    } catch (error) {
      if (error instanceof NeedsPools) pools = error.pools;
      else if (!(error instanceof HeldByAnother)) throw error;
      else if (await putBehind(db, step, error.holder)) return { kind: "missed" };
    }
  }
  return { kind: "missed" };
}

async function claimIn(tx: Tx, id: number, by: Claimant, pools: readonly string[]): Promise<ClaimResult> {
  if ((await fullPools(tx, pools)).length > 0) {
    await withdrawStep(tx, id);
    return { kind: "missed" };
  }
  const step = await claimStep<PinnedInputs>(tx, id, by.worker, by.definitionHashes);
  if (step === undefined) return { kind: "missed" };
  if (step.pools.some((pool) => !pools.includes(pool))) throw new NeedsPools(step.pools);
  const definition = stepDefinition(by.snapshot, step.kind, step.name);
  if (definition === undefined)
    throw new Error(`step ${id} was claimed by its definition's hash, but "${step.name}" is not in the snapshot`);

  const partitions = [...partitionsIn(definition.partitions, setOfColumns(step))];
  const rows = step.kind === "materialize" ? partitionRows(step.assets, partitions) : [];
  const busy = rows.length > 0 ? markBusy(tx, step.step, rows) : undefined;
  const attempt = { step, definition, partitions };
  const pinned = step.inputs ?? pinAsPlanned(tx, by.snapshot, step, definition, partitions);
  const [holder, inputs] = await Promise.all([
    busy,
    Promise.resolve(pinned).catch((error: unknown) => new Unfit(error)),
  ]);
  if (holder !== undefined) throw new HeldByAnother(holder);
  const started = step.runStatus === "queued" ? markRunStarted(tx, step.run) : undefined;
  if (inputs instanceof Unfit) {
    sent(started);
    return { kind: "unfit", attempt: { ...attempt, inputs: noInputs }, error: inputs.error };
  }
  sent(step.inputs === null && Object.keys(inputs.uses).length > 0 ? pinInputs(tx, step, inputs) : undefined, started);
  const outcome = await whyNothingToDo(tx, step, definition, rows, inputs);
  return outcome === undefined
    ? { kind: "run", attempt: { ...attempt, inputs } }
    : { kind: "nothingToDo", attempt: { ...attempt, inputs }, outcome };
}

/** With the clock and the keys of dynamic partitions that the run was planned with. */
async function pinAsPlanned(
  tx: Tx,
  snapshot: Snapshot,
  step: ClaimedStep<PinnedInputs>,
  definition: StepDefinition,
  partitions: readonly Partition[],
): Promise<PinnedInputs> {
  const upstream = [...definition.deps, ...definition.compares].flatMap(({ asset }) => assetOf(snapshot, asset) ?? []);
  const now = await momentOfRun(tx, { assets: [definition, ...upstream] }, step);
  return pinInputsOf(tx, snapshot, definition, { assets: step.assets, partitions, now });
}

class Unfit {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

async function whyNothingToDo(
  tx: Tx,
  step: ClaimedStep<PinnedInputs>,
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
  return current.every((row) => Temporal.Instant.compare(row.madeAt, step.readyAt) > 0) ? "joined" : undefined;
}

function equalVersions(a: Readonly<Record<string, Readonly<Record<string, string>>>>, b: typeof a): boolean {
  const flat = (versions: typeof a) =>
    Object.entries(versions).flatMap(([asset, of]) =>
      Object.entries(of).map(([partition, version]) => `${asset} ${partition} ${version}`),
    );
  const [left, right] = [flat(a).toSorted(), flat(b).toSorted()];
  return left.length === right.length && left.every((entry, index) => entry === right[index]);
}

function partitionRows(assets: readonly string[], partitions: readonly Partition[]): readonly PartitionRow[] {
  return assets.flatMap((asset) => partitions.map((partition) => ({ asset, ...partitionColumns(partition) })));
}
