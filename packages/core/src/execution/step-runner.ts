/**
 * One attempt of a step, as its worker lives it: fetch the inputs, run the child, stage what it builds while it goes on
 * building, end in one transaction, publish.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { IrokoError, type ErrorRecord } from "../errors.ts";
import type { Json, MetadataValue } from "../definitions/metadata.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import {
  recordOutputs,
  rowsBefore,
  stagedOutputs,
  type ObservedRow,
  type StagedRow,
} from "../instance/asset-partitions.ts";
import type { CheckResultRow } from "../instance/checks.ts";
import { partitionColumns } from "../instance/columns.ts";
import type { Database } from "../instance/database.ts";
import { fence } from "../instance/step-claims.ts";
import type { StepEnd } from "../instance/step-ends.ts";
import { forgetUpload, recordUpload, uploadUnderWay } from "../instance/uploads.ts";
import { isParked, type Death } from "../planning/parking.ts";
import { judgeAttempt } from "../planning/verdict.ts";
import type { BuiltFile, BuiltFiles } from "./built-files.ts";
import type { Attempt } from "./claim.ts";
import type { ChildPool } from "./child/child-pool.ts";
import { oomKills, recentOomKills } from "./oom-kills.ts";
import { ownErrorRecord } from "./own-error.ts";
import { childDied, deathOf, stepParked } from "./step-deaths.ts";
import { failpoint } from "./failpoint.ts";
import { finishForRetry, nothingBrought, type Brought } from "./finish.ts";
import type { Finish } from "./finish-together.ts";
import { DeferredByGate, type GatedStore } from "./gated-store.ts";
import type { LogWriter } from "./log-writer.ts";
import type { ObjectCache } from "./object-cache.ts";
import { stableKey, stagedKey, type Storage } from "./object-keys.ts";
import { recordOfId } from "./pinned-inputs.ts";
import { toPartition, toPartitionRecord } from "./child/partition-record.ts";
import { publishPartition } from "./publish.ts";
import { requireReadable } from "./require-readable.ts";
import { assetOf } from "./step-definition.ts";
import type { BuiltOutput, CheckRecord, InputRecord, PartitionRecord, StepSpec } from "./step-protocol.ts";

export interface StepRunnerContext {
  readonly db: Database;
  readonly finish: Finish;
  readonly snapshot: Snapshot;
  readonly store: GatedStore;
  readonly cache: ObjectCache;
  readonly built: BuiltFiles;
  readonly children: ChildPool;
  readonly incarnation: number;
  /** Steps' folders are made in here. */
  readonly workFolder: string;
  readonly memoryBytes: number;
  readonly threads: number;
  readonly logs: LogWriter;
}

/** Why a step is aborted whose worker ends: it is not canceled, and whoever takes it over begins it anew. */
export class WorkerGone extends Error {}

/** What the step has brought so far, and what went wrong with bringing it. */
interface Harvest {
  /** `asset partition` of what earlier attempts have staged or built. */
  readonly done: Set<string>;
  /** What is built and not in the store yet. */
  readonly waiting: Set<Promise<BuiltFile>>;
  readonly late: StagedRow[];
  readonly checks: CheckResultRow[];
  readonly observed: ObservedRow[];
  staging: Promise<void>;
}

/**
 * Never throws for what the step did; a lost claim ends quietly.
 *
 * @param freed told once the step has brought all it will: another may have its slot while this one is committed
 */
export async function runAttempt(
  context: StepRunnerContext,
  attempt: Attempt,
  signal: AbortSignal,
  freed: () => void,
): Promise<void> {
  failpoint("claim.committed");
  const { step } = attempt;
  const directory = join(context.workFolder, `${step.step}-${step.epoch}`);
  const log = context.logs.open(step.step, step.attempt);
  const harvest: Harvest = {
    done: new Set(),
    waiting: new Set(),
    late: [],
    checks: [],
    observed: [],
    staging: Promise.resolve(),
  };
  try {
    const spec = await prepare(context, attempt, directory, harvest, signal);
    if (spec === undefined) {
      await harvest.staging;
      return await succeed(context, attempt, harvest);
    }
    const killedBefore = recentOomKills();
    const { timeoutSeconds } = attempt.definition;
    const tooLong = timeoutSeconds === undefined ? undefined : AbortSignal.timeout(timeoutSeconds * 1000);
    const outcome = await context.children.run(spec, {
      signal: tooLong === undefined ? signal : AbortSignal.any([signal, tooLong]),
      onOutput: (stream, text) => log.write(stream, text),
      onMessage: (message) => {
        switch (message.type) {
          case "built":
            bring(context, attempt, message.output, harvest, signal);
            break;
          case "observed":
            harvest.observed.push(observedRow(message));
            break;
          case "checked":
            harvest.checks.push(checkRow(message.check));
            break;
          case "log":
            log.write(
              "log",
              `${JSON.stringify({ at: message.at, level: message.level, message: message.message, ...(message.fields === undefined ? {} : { fields: message.fields }) })}\n`,
            );
            break;
        }
      },
    });
    const staged = await harvest.staging.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (signal.reason instanceof WorkerGone) return;
    freed();
    // Before the end, so that a run that has ended has its whole log.
    await log.close();
    switch (outcome.kind) {
      case "canceled":
        if (!signal.aborted && timeoutSeconds !== undefined)
          return await failOrRetry(context, attempt, stepTimeout(timeoutSeconds), harvest);
        return void (await context.finish({ attempt, end: { status: "canceled" }, brought: nothingBrought }));
      case "failed":
        return await failOrRetry(context, attempt, outcome.error, harvest);
      case "died":
        return await outlive(context, attempt, deathOf(outcome, step.attempt, oomKills() - killedBefore), harvest);
      case "done":
        if (staged !== undefined) return await putOffOrRetry(context, attempt, staged, harvest);
        return await succeed(context, attempt, harvest);
    }
  } catch (error) {
    if (signal.reason instanceof WorkerGone) return;
    // What earlier attempts have left may be on its way.
    await harvest.staging.catch(() => {});
    if (signal.aborted) await context.finish({ attempt, end: { status: "canceled" }, brought: nothingBrought });
    else await putOffOrRetry(context, attempt, error, harvest);
  } finally {
    await log.close();
    // Most steps of most graphs are small: those that wrote nothing here cost no call to the disk.
    if (existsSync(directory)) await rm(directory, { recursive: true, force: true });
  }
}

/** What the child is to do; undefined when earlier attempts have staged all of it. */
async function prepare(
  context: StepRunnerContext,
  attempt: Attempt,
  directory: string,
  harvest: Harvest,
  signal: AbortSignal,
): Promise<StepSpec | undefined> {
  const { step, definition, partitions } = attempt;
  const staged = step.attempt > 1 ? await stagedOutputs(context.db, step.step) : [];
  for (const { checks } of staged) harvest.checks.push(...(checks as readonly CheckRecord[]).map(checkRow));
  const { done } = harvest;
  for (const { asset, partition } of staged) done.add(`${asset} ${partition}`);
  for (const built of step.attempt > 1 ? await context.built.adopt(context.db, step.step) : []) {
    const name = `${built.output.asset} ${built.output.partition.id}`;
    if (done.has(name)) continue;
    done.add(name);
    stageNext(context, attempt, built, harvest, signal);
  }
  const left = partitions.filter(
    ({ id }) => step.kind !== "materialize" || step.assets.some((asset) => !done.has(`${asset} ${id}`)),
  );
  if (left.length === 0 && partitions.length > 0) return undefined;
  const ids = left.map(({ id }) => id);
  await requireReadable(context.db, context.snapshot, attempt.inputs, ids);
  const inputs = await fetchInputs(context, attempt, ids, directory, signal);
  const history: Record<string, { partition: PartitionRecord; rows: number }[]> = {};
  const first = left[0]?.window?.start;
  if (first !== undefined) {
    for (const asset of step.assets) {
      const wanted = Math.max(0, ...(assetOf(context.snapshot, asset)?.checks.map((check) => check.history) ?? []));
      if (wanted === 0) continue;
      const rows = await rowsBefore(context.db, asset, first, wanted);
      history[asset] = rows
        .toReversed()
        .map((row) => ({ partition: recordOfId(definition.partitions, row.partition), rows: row.rows }));
    }
  }
  return {
    runId: step.run,
    n: step.n,
    kind: step.kind as StepSpec["kind"],
    name: step.name,
    assets: step.assets.filter((asset) => left.length === 0 || left.some(({ id }) => !done.has(`${asset} ${id}`))),
    partitions: left.map(toPartitionRecord),
    attempt: step.attempt,
    config: (step.config[step.name] ?? {}) as Json,
    inputs,
    history,
    directory,
    memoryBytes: context.memoryBytes,
    threads: context.threads,
  };
}

async function fetchInputs(
  context: StepRunnerContext,
  attempt: Attempt,
  wanted: readonly string[],
  directory: string,
  signal: AbortSignal,
): Promise<Record<string, readonly InputRecord[]>> {
  const { step, inputs } = attempt;
  const store = context.store.for({ run: step.run, step: step.n, purpose: "input" });
  const files = new Map<number, string>();
  const fileOf = async (place: number): Promise<string | undefined> => {
    const object = inputs.objects[place];
    if (object?.objectKey === undefined) return undefined;
    const known = files.get(place) ?? store.localFile(object.objectKey);
    if (known !== undefined) return known;
    await mkdir(directory, { recursive: true });
    const { file } = await context.cache.fetch(store, object.objectKey, object.etag ?? "", signal, directory);
    files.set(place, file);
    return file;
  };
  const records: Record<string, InputRecord[]> = {};
  for (const id of wanted) {
    records[id] = [];
    for (const use of inputs.uses[id] ?? []) {
      const objects: InputRecord["objects"][number][] = [];
      for (const place of use.objects) {
        const object = inputs.objects[place];
        const file = await fileOf(place);
        if (object === undefined || file === undefined) continue;
        const { partition, version, rows, bytes, schemaHash, dataVersion, metadata } = object;
        objects.push({ partition, version, file, rows, bytes, schemaHash, dataVersion, metadata });
      }
      if (use.role === "dependency" || objects.length > 0) {
        records[id].push({ role: use.role, name: use.name, asset: use.asset, objects });
      }
    }
  }
  return records;
}

/** Where readers will find it. The child that made it knows nothing of the store. */
function publishedAt({ store }: StepRunnerContext, storage: Storage, { partition }: BuiltOutput): MetadataValue {
  return { type: "path", value: store.uriOf(stableKey(storage, partition)) };
}

/** An output that the child has told: it goes to the store, or straight to the end where it stores nothing. */
function bring(
  context: StepRunnerContext,
  attempt: Attempt,
  output: BuiltOutput,
  harvest: Harvest,
  signal: AbortSignal,
): void {
  // Made once more only because another output of its partition was missing.
  if (harvest.done.has(`${output.asset} ${output.partition.id}`)) return;
  const { file } = output;
  const storage = assetOf(context.snapshot, output.asset)?.storage;
  if (file === undefined || storage === undefined) {
    harvest.checks.push(...output.checks.map(checkRow));
    harvest.late.push(stagedRow(context, output));
    return;
  }
  const objectKey = stagedKey(storage, output.partition, attempt.step);
  stageNext(context, attempt, { output: { ...output, file }, objectKey, adopted: false }, harvest, signal);
}

/**
 * Stages after all others: on a narrow link two uploads at once only make both late. What waits for an upload is kept at
 * once; a store on this machine takes a file in no time, and only where it does not, the file is kept for the next attempt.
 */
function stageNext(
  context: StepRunnerContext,
  attempt: Attempt,
  built: BuiltFile,
  harvest: Harvest,
  signal: AbortSignal,
): void {
  const { store, db } = context;
  const here = store.kind === "local" ? Promise.resolve(built) : context.built.keep(db, attempt.step, built);
  here.catch(() => {});
  harvest.waiting.add(here);
  harvest.checks.push(...built.output.checks.map(checkRow));
  const stageAfter = async (others: Promise<void>): Promise<void> => {
    await others;
    await stage(context, attempt, await here, signal);
    harvest.waiting.delete(here);
  };
  harvest.staging = stageAfter(harvest.staging);
  harvest.staging.catch(() => {});
}

function stagedRow(context: StepRunnerContext, output: BuiltOutput): StagedRow {
  const storage = assetOf(context.snapshot, output.asset)?.storage;
  return {
    asset: output.asset,
    partition: output.partition.id,
    objectKey: null,
    etag: null,
    sha256: null,
    rows: output.staged.rows,
    bytes: output.staged.bytes,
    dataVersion: output.staged.dataVersion,
    schemaHash: output.schemaHash === "" ? null : output.schemaHash,
    sourceVersions: sourceVersionsOf(context.snapshot, output),
    metadata:
      storage === undefined
        ? output.metadata
        : { ...output.metadata, output_path: publishedAt(context, storage, output) },
    checks: output.checks,
    seconds: output.seconds,
  };
}

/** Puts a built file into the store, from where an earlier attempt got to, and keeps the record of it. */
async function stage(
  context: StepRunnerContext,
  attempt: Attempt,
  { output, objectKey, adopted }: BuiltFile,
  signal: AbortSignal,
): Promise<void> {
  const { db } = context;
  const { step } = attempt;
  const store = context.store.for({ run: step.run, step: step.n });
  const { sha256, bytes } = output.staged;
  const resume = adopted ? await uploadUnderWay(db, objectKey) : undefined;
  failpoint("stage.built");
  const file = { path: output.file, bytes, sha256 };
  const { etag } = await store.stage(objectKey, file, {
    signal,
    again: adopted,
    ...(resume === undefined ? {} : { resume }),
    onPart: (progress) => recordUpload(db, objectKey, step.step, progress),
  });
  failpoint("stage.put");
  await db.transaction(async (tx) => {
    if (!(await fence(tx, step))) return;
    const row = stagedRow(context, output);
    await recordOutputs(tx, [{ ...row, objectKey, etag, sha256, step: step.step, epoch: step.epoch }]);
    await forgetUpload(tx, objectKey);
  });
  failpoint("stage.recorded");
}

/** As input versions: an external asset's partition is the output's own, or its only one. */
function sourceVersionsOf(snapshot: Snapshot, { partition, sourceVersions }: BuiltOutput): StagedRow["sourceVersions"] {
  return Object.fromEntries(
    Object.entries(sourceVersions).map(([asset, version]) => {
      const unpartitioned = assetOf(snapshot, asset)?.partitions.kind === "none";
      return [asset, { [unpartitioned ? "" : partition.id]: version }];
    }),
  );
}

async function succeed(context: StepRunnerContext, attempt: Attempt, harvest: Harvest): Promise<void> {
  const failed = harvest.checks.find(
    (check) => attempt.step.kind === "check" && !check.passed && check.blocking && check.severity === "error",
  );
  if (failed !== undefined) return await fail(context, attempt, checkFailed(failed), harvest);
  await finishAndPublish(context, attempt, { status: "succeeded", outcome: "made" }, harvest);
}

/** What the worker's own part of the attempt threw: the gate's deferral is no failure. */
async function putOffOrRetry(
  context: StepRunnerContext,
  attempt: Attempt,
  error: unknown,
  harvest: Harvest,
): Promise<void> {
  const record = ownErrorRecord(error);
  const pause = whyNotItsFault(attempt, error, record);
  if (pause === undefined) return await failOrRetry(context, attempt, record, harvest);
  await keepWaiting(context, attempt, harvest);
  await finishForRetry(context.db, attempt, { ...pause, error: record, counts: false });
}

const longestStoreWaitSeconds = 30;

/** What the step waits for without having failed: the network's window, or a store that does not answer. */
function whyNotItsFault(
  { step }: Attempt,
  error: unknown,
  { code, message }: ErrorRecord,
): { readonly delaySeconds: number; readonly reason: string } | undefined {
  if (error instanceof DeferredByGate) {
    const delaySeconds = Math.max(0, Temporal.Now.instant().until(error.until).total("seconds"));
    return { delaySeconds, reason: error.reason };
  }
  if (code !== "STORE_UNREACHABLE") return undefined;
  // Those that wait together must not come back together.
  const most = Math.min(longestStoreWaitSeconds, 2 * (step.retryDelay ?? 1));
  return { delaySeconds: most * (0.5 + Math.random() / 2), reason: `waits for the store: ${message}` };
}

/** What this attempt could not put anywhere is there for the next; what cannot be kept either is made again. */
async function keepWaiting(context: StepRunnerContext, { step }: Attempt, { waiting }: Harvest): Promise<void> {
  await Promise.allSettled([...waiting].map(async (here) => context.built.keep(context.db, step, await here)));
}

/** Its child died under it: tried again, until it has happened too often. */
async function outlive(context: StepRunnerContext, attempt: Attempt, death: Death, harvest: Harvest): Promise<void> {
  const deaths = [...attempt.step.deaths, death];
  if (isParked(deaths)) await fail(context, attempt, stepParked(deaths).toRecord(), harvest);
  else await failOrRetry(context, attempt, childDied(death).toRecord(), harvest, death);
}

async function failOrRetry(
  context: StepRunnerContext,
  attempt: Attempt,
  record: ErrorRecord,
  harvest: Harvest,
  death?: Death,
): Promise<void> {
  const { step, definition } = attempt;
  const verdict = judgeAttempt(
    definition.retry,
    {
      attempt: step.attempt - step.lostAttempts,
      ...(step.retryDelay === null ? {} : { previousDelaySeconds: step.retryDelay }),
    },
    record,
    Temporal.Now.instant(),
    Math.random(),
  );
  if (verdict.next === "failed") return await fail(context, attempt, record, harvest);
  await keepWaiting(context, attempt, harvest);
  await finishForRetry(context.db, attempt, {
    delaySeconds: verdict.delaySeconds,
    reason: verdict.reason,
    error: record,
    counts: true,
    ...(death === undefined ? {} : { death }),
  });
}

async function fail(context: StepRunnerContext, attempt: Attempt, error: ErrorRecord, harvest: Harvest): Promise<void> {
  await finishAndPublish(context, attempt, { status: "failed", error }, harvest);
}

async function finishAndPublish(
  context: StepRunnerContext,
  attempt: Attempt,
  end: StepEnd,
  harvest: Harvest,
): Promise<void> {
  const finished = await context.finish({ attempt, end, brought: brought(harvest) });
  failpoint("finish.committed");
  for (const { asset, partition, version } of finished?.committed ?? []) {
    // What cannot be published now is due all the same: the reconciler sees it.
    if (version !== null) await publishPartition(context, asset, partition).catch(() => {});
  }
}

function brought(harvest: Harvest): Brought {
  // Of a check that an attempt has made again, the latest result.
  const checks = new Map(harvest.checks.map((check) => [`${check.asset} ${check.name} ${check.partition}`, check]));
  return { outputs: harvest.late, checks: [...checks.values()], observed: harvest.observed };
}

function checkRow(check: CheckRecord): CheckResultRow {
  return {
    asset: check.asset,
    name: check.name,
    partition: check.partition.id,
    passed: check.passed,
    severity: check.severity,
    blocking: check.blocking,
    message: check.message ?? null,
    violations: check.violations ?? null,
    sample: check.sample ?? null,
    metadata: check.metadata ?? null,
  };
}

function observedRow(message: {
  readonly asset: string;
  readonly partition: PartitionRecord;
  readonly dataVersion: string;
  readonly metadata: unknown;
}): ObservedRow {
  const { asset, partition, dataVersion, metadata } = message;
  return { asset, ...partitionColumns(toPartition(partition)), dataVersion, metadata };
}

function stepTimeout(seconds: number): ErrorRecord {
  return new IrokoError("STEP_TIMEOUT", `The step had not ended after ${seconds} s, and was ended.`, {
    hint: "Its last lines stand in the step's log. Does it need longer? Raise its timeoutSeconds.",
    details: { timeoutSeconds: seconds },
  }).toRecord();
}

function checkFailed(check: CheckResultRow): ErrorRecord {
  return new IrokoError(
    "CHECK_FAILED",
    `Check "${check.name}" on ${check.asset} failed${check.message === null ? "" : `: ${check.message}`}.`,
    {
      hint: `Look at what broke it: iroko assets show ${check.asset}`,
      details: { asset: check.asset, check: check.name, violations: check.violations, sample: check.sample },
    },
  ).toRecord();
}
