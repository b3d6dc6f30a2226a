/**
 * A worker: a process that claims steps of one code location and runs them in its children. It holds nothing that
 * matters: killed at any moment, others take its steps over.
 */
import { rm } from "node:fs/promises";
import { availableParallelism, hostname, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import type { Logger } from "../definitions/io-manager.ts";
import type { Snapshot } from "../definitions/snapshot.ts";
import { openDatabase, type Database } from "../instance/database.ts";
import { instanceFacts } from "../instance/locations.ts";
import { stepsOfWorker, type Claim } from "../instance/step-claims.ts";
import type { StepEnd } from "../instance/step-ends.ts";
import { recordTransfers } from "../instance/transfers.ts";
import { setDraining, setQueueIds, workerSessionName } from "../instance/workers.ts";
import { formatPartitions } from "../partitions/format-partitions.ts";
import type { MappingQuestion } from "../partitions/mapping-relation.ts";
import { setOfPartitions } from "../partitions/partitions-in.ts";
import { builtFiles } from "./built-files.ts";
import { bootId } from "./boot-id.ts";
import { childPool } from "./child/child-pool.ts";
import { ownControlGroups } from "./child/control-groups.ts";
import { claimAhead } from "./claim-ahead.ts";
import { claimSteps, type Attempt, type Claimed } from "./claim.ts";
import { claimStore } from "./claim-store.ts";
import { nothingBrought } from "./finish.ts";
import { expander } from "./expand-run.ts";
import { finishTogether } from "./finish-together.ts";
import { gatedStore } from "./gated-store.ts";
import { handOver } from "./hand-over.ts";
import { keepAlive } from "./keep-alive.ts";
import { logWriter } from "./log-writer.ts";
import { lookAfterStore } from "./look-after-store.ts";
import { openGate, type NetworkGate } from "./network-gate.ts";
import { openQueue } from "./open-queue.ts";
import type { ObjectCache } from "./object-cache.ts";
import { patientDatabase } from "./patient-database.ts";
import { ownIdentity } from "./process-identity.ts";
import { reconcile, skipRun } from "./reconcile.ts";
import { answerMapping, answerWaiting } from "./mapping/answer-mapping.ts";
import { mappingEvaluator, type MappingEvaluator } from "./mapping/mapping-evaluator.ts";
import { mappingsOf } from "./mapping/stored-mappings.ts";
import { repeat } from "./repeat.ts";
import { replacementOf } from "./replacement.ts";
import { definitionHashesOf } from "./step-definition.ts";
import { runAttempt, WorkerGone, type StepRunnerContext } from "./step-runner.ts";
import type { Store } from "./store.ts";
import { giveBackLost, sweeper } from "./sweep.ts";
import { ownErrorRecord } from "./own-error.ts";
import { tidier } from "./tidy.ts";
import { underWay } from "./under-way.ts";

export interface WorkerOptions {
  readonly databaseUrl: string;
  readonly location: string;
  /** The definitions module, an absolute path. */
  readonly module: string;
  readonly store: Store;
  readonly cache: ObjectCache;
  readonly gate?: NetworkGate;
  /** A folder of the worker's own, on the store's file system where the store is local. */
  readonly workFolder: string;
  /** Steps at once; default: the processors. */
  readonly slots?: number;
  /** For all steps together; default: 704 MiB a slot, at most half of the machine's. */
  readonly memoryBytes?: number;
  /** How long a beat may stand still before others take over; 5 s beside the database, 15 s or more over a bad link. */
  readonly ttlSeconds?: number;
  /** How long events are kept: 180. */
  readonly eventDays?: number;
  /** Stops by itself once other code has been deployed, a live worker has it, and nothing is left that only this one can run. */
  readonly untilReplaced?: boolean;
  readonly log?: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Worker {
  readonly id: string;
  readonly snapshot: Snapshot;
  /** Ends when the worker has stopped; rejects when it had to: others had taken its place, or its code was gone from the disk. */
  readonly stopped: Promise<void>;
  /**
   * Claims nothing more, lets running steps end within the deadline, hands the rest over, stops: seconds after the deadline
   * at the latest, whether Postgres and the store answer or not. Asked again, the earlier deadline counts.
   */
  drain(deadlineSeconds?: number): Promise<Drained>;
}

/** What became of the steps that ran when a worker was told to stop. */
export interface Drained {
  /** So many ended by themselves. */
  readonly ended: number;
  /** Others begin these anew. */
  readonly handedOver: readonly NamedStep[];
  /** Postgres did not answer: others take these back once they see that the worker is gone. */
  readonly leftBehind: readonly NamedStep[];
}

export interface NamedStep {
  readonly run: string;
  readonly name: string;
  /** As a person writes them; empty where there are none. */
  readonly partitions: string;
}

/** A step spills to disk beyond its share of this: two million rows are made in it. */
const slotMemoryBytes = 704 * 2 ** 20;
const defaultTtlSeconds = 5;
/** Steps a slot may have left behind that are still being committed and published. */
const mostEndingPerSlot = 4;
const sweepEveryMs = 1_000;
const reconcileEveryMs = 5_000;
const lookForReplacementEveryMs = 2_000;
const lookAfterStoreEveryMs = 5_000;
/** Not that long for any of what a worker does on its way out: the database, the store or a disk may never answer. */
const longestGoodbyeMs = 3_000;
export const defaultDrainSeconds = 30;
const tidyEveryMs = 60_000;

type WorkerContext = Omit<StepRunnerContext, "finish">;

/** @throws {IrokoError} what loading the definitions, reaching Postgres or the store throws */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const id = uuidv7();
  const slots = options.slots ?? availableParallelism();
  const memoryBytes = Math.floor((options.memoryBytes ?? Math.min(totalmem() / 2, slots * slotMemoryBytes)) / slots);
  const codeLost = Promise.withResolvers<unknown>();
  const children = childPool({
    module: options.module,
    slots,
    memory: { groups: ownControlGroups(), slotBytes: memoryBytes },
    onCodeLost: codeLost.resolve,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  // Named as the worker's session is: while one of them is left, nobody takes it for killed.
  const db = openDatabase(options.databaseUrl, {
    connections: slots + 4,
    applicationName: workerSessionName(id),
    // As long as its silence: frozen in a claim, it would keep the sweeper itself waiting.
    idleInTransactionSeconds: options.ttlSeconds ?? defaultTtlSeconds,
    byIndex: true,
  });
  try {
    const [snapshot, { id: instance, incarnation }] = await Promise.all([
      children.describe(),
      instanceFacts(db),
      claimStore(db, options.store),
    ]);
    // An embedded and a deployed instance of one project may share the folder.
    const workFolder = join(options.workFolder, instance);
    const store = gatedStore(options.store, options.gate ?? openGate, (transfer) => recordTransfers(db, [transfer]));
    const context: WorkerContext = {
      db,
      snapshot,
      store,
      cache: options.cache,
      built: await builtFiles(workFolder),
      children,
      incarnation,
      workFolder: join(workFolder, id),
      memoryBytes,
      threads: availableParallelism(),
      logs: logWriter(db),
    };
    return await start(id, slots, options, context, codeLost.promise);
  } catch (error) {
    await children.close({ graceSeconds: 0 });
    await db.close();
    throw error;
  }
}

/** @param codeLost resolves once no child of the worker's code is left, and none can be had */
async function start(
  id: string,
  slots: number,
  options: WorkerOptions,
  context: WorkerContext,
  codeLost: Promise<unknown>,
): Promise<Worker> {
  const { db, snapshot, children } = context;
  const ending = Promise.withResolvers<void>();
  ending.promise.catch(() => {});
  /** What is claimed here, by its fencing token; until all of it is over. */
  const held = new Map<string, { readonly attempt: Attempt; readonly controller: AbortController }>();
  const definitionHashes = definitionHashesOf(snapshot);
  const gone = new AbortController();
  const patient = patientDatabase(db, gone.signal);
  const leaving = new AbortController();
  // A slot that came back empty-handed for want of a database would tell the queue, which then gives its whole pool up.
  const patientUntilLeaving = patientDatabase(db, leaving.signal);
  const evaluator = mappingEvaluator(options);
  const mappings = answering(db, evaluator, options.location, snapshot);
  const { location } = options;
  const { machine } = context.built;
  const by = { worker: id, location, snapshot, machine, answer: mappings.answer };
  const replacement = replacementOf(db, { id, location, hashes: definitionHashes });
  const claims = claimAhead({
    slots,
    async claim(limit, woken) {
      const found = await claimSteps(
        patientUntilLeaving,
        { ...by, definitionHashes: replacement.claimable },
        limit,
        woken,
      ).catch((error: unknown) => {
        // A wake-up that throws would be tried again hours later; the reconciler is sooner.
        options.log?.warn("a claim failed; what it was for is derived again", { error: String(error) });
        return [];
      });
      for (const { attempt } of found) held.set(tokenOf(attempt.step), { attempt, controller: new AbortController() });
      return found;
    },
    async giveBack(claimed) {
      const steps = claimed.map(({ attempt }) => attempt.step);
      for (const step of steps) held.delete(tokenOf(step));
      await db.transaction((tx) => giveBackLost(tx, steps, "its worker had no slot for it"));
    },
  });
  const host = hostname();
  let isDraining = false;
  /** Its row is being removed: that it is missing then is no news. */
  let isGone = false;
  let isSaidToDrain = false;
  let endedInDrain = 0;
  /** Until Postgres has heard it: others count on a worker that does not drain. */
  const sayDraining = async (): Promise<void> => {
    if (!isDraining || isSaidToDrain) return;
    await setDraining(db, id);
    isSaidToDrain = true;
  };
  /** Compares what is held here with what the tables say: what is to be canceled, what a lost answer has made of a claim. */
  const lookAround = async (): Promise<void> => {
    const mine = await stepsOfWorker(db, id);
    await claims.settled(); // of a claim whose answer is on its way, the tables may know before
    for (const step of mine) if (step.canceled) held.get(tokenOf(step))?.controller.abort();
    const forgotten = mine.filter((step) => !held.has(tokenOf(step)));
    if (forgotten.length > 0) await db.transaction((tx) => giveBackLost(tx, forgotten));
  };

  const life = await keepAlive(db, {
    worker: {
      id,
      location: options.location,
      ttlSeconds: options.ttlSeconds ?? defaultTtlSeconds,
      host,
      pid: process.pid,
      bootId: bootId(),
      identity: ownIdentity(),
      slots,
      snapshot: snapshot.hash,
      definitionHashes,
    },
    onBeat: async () => void (await Promise.all([lookAround(), mappings.answerOthers(), sayDraining()])),
    onCancel: () => void lookAround().catch(() => {}),
    // Others have taken the steps, or will: nothing here may go on, nor wait for a database that may not answer.
    onLost: (reason) => {
      if (isGone) return;
      ending.reject(reason);
      void stop(0);
    },
    bounds: ownControlGroups().unavailable ?? "",
    log: options.log,
  });

  const finish = underWay(finishTogether(patient, snapshot));
  /** From a claim to its end; `freed` once its slot may have another. */
  const run = async (claimed: Claimed, freed: () => void): Promise<void> => {
    const { attempt } = claimed;
    const token = tokenOf(attempt.step);
    const { signal } = held.get(token)?.controller ?? new AbortController();
    try {
      if (claimed.kind === "run") {
        return await runAttempt({ ...context, db: patient, finish: finish.call }, attempt, signal, freed);
      }
      freed();
      const end: StepEnd =
        claimed.kind === "nothingToDo"
          ? { status: "succeeded", outcome: claimed.outcome }
          : { status: "failed", error: ownErrorRecord(claimed.error) };
      await finish.call({ attempt, end, brought: nothingBrought });
    } catch (error) {
      options.log?.warn("a step was lost; it is derived again", { step: attempt.step.step, error: String(error) });
    } finally {
      if (isDraining && !(signal.reason instanceof WorkerGone)) endedInDrain += 1;
      held.delete(token);
      freed();
    }
  };

  const ends = underWay(run);
  /** A slot that was woken runs one step after the other until none is left to claim. */
  const slot = async (job: number): Promise<void> => {
    let woken: number | undefined = job;
    for (;;) {
      let claimed = await claims.next(woken);
      woken = undefined;
      if (claimed === undefined && finish.count > 0) {
        // What is being finished may let others in.
        await finish.all();
        claimed = await claims.next();
      }
      if (claimed === undefined) return;
      const startedAt = performance.now();
      const freed = Promise.withResolvers<void>();
      void ends.call(claimed, freed.resolve);
      await freed.promise;
      claims.took(performance.now() - startedAt);
      if (ends.count >= mostEndingPerSlot * slots) await ends.any();
    }
  };

  const expansions = expander(db, options.log);
  const queue = await openQueue(db, options.location, slots, {
    slot,
    skip: (payload) => skipRun(db, (payload as { readonly run: string }).run),
    // It goes on beside the steps, and takes no slot.
    expand: (payload) => Promise.resolve(expansions.look((payload as { readonly run: string }).run)),
    onQueueId: (queueId) => setQueueIds(db, id, [queueId]),
    log: options.log,
  });
  const deaths = sweeper(db, () => performance.now(), { host, bootId: bootId() });
  const publishing = {
    db,
    store: context.store,
    snapshot,
    incarnation: context.incarnation,
    location: options.location,
    built: context.built,
    scratch: join(context.workFolder, "verify"),
  };
  const tidy = tidier({ ...context, eventDays: options.eventDays });
  const leaveWhereReplaced = async (): Promise<void> => {
    if (options.untilReplaced !== true || !(await replacement.look()) || held.size > 0 || isDraining) return;
    options.log?.info("other code was deployed and a worker has it; nothing is left for this one, which stops");
    void stop(defaultDrainSeconds).then(() => ending.resolve());
  };
  const loops = [
    repeat(sweepEveryMs, () => deaths.sweep(), options.log),
    repeat(lookForReplacementEveryMs, leaveWhereReplaced, options.log),
    repeat(tidyEveryMs, () => tidy(gone.signal), options.log),
    repeat(
      reconcileEveryMs,
      () => {
        expansions.look();
        return reconcile(db, options.location);
      },
      options.log,
    ),
  ];
  const storeLoop = repeat(lookAfterStoreEveryMs, () => lookAfterStore(publishing, gone.signal), options.log);

  let stopping: Promise<Drained> | undefined;
  const overdue = Promise.withResolvers<void>();
  const leave = async (): Promise<Drained> => {
    isDraining = true;
    leaving.abort();
    void sayDraining().catch(() => {}); // said again at each beat
    const idle = Promise.all([claims.close(), queue.stop()])
      .catch(() => {})
      .then(() => ends.all());
    await Promise.race([idle, overdue.promise]);
    // What still runs ends here without a word, and is handed over for another worker to begin it.
    gone.abort();
    for (const { controller } of held.values()) controller.abort(new WorkerGone());
    const running = [...held.values()].map(({ attempt }) => attempt);
    await within(longestGoodbyeMs, Promise.all([children.close({ graceSeconds: 0 }), evaluator.close()]));
    isGone = true;
    const given = await within(
      longestGoodbyeMs,
      db.transaction((tx) => handOver(tx, { id, host })),
    );
    const loopsEnd = [expansions, storeLoop, ...loops].map((loop) => loop.stop());
    await within(longestGoodbyeMs, Promise.all([idle, life.stop(), context.logs.close(), ...loopsEnd]));
    await rm(context.workFolder, { recursive: true, force: true }).catch(() => {});
    await within(longestGoodbyeMs, db.close());
    if (given === undefined) return { ended: endedInDrain, handedOver: [], leftBehind: running.map(nameStep) };
    const handedOver = running.filter(({ step }) => given.some(({ id: one }) => one === step.step)).map(nameStep);
    // What was being committed at the deadline has ended, where it was not there to be handed over.
    return { ended: endedInDrain + running.length - handedOver.length, handedOver, leftBehind: [] };
  };
  const stop = (deadlineSeconds: number): Promise<Drained> => {
    // Each call may shorten the time that the first one gave.
    setTimeout(overdue.resolve, deadlineSeconds * 1000).unref();
    return (stopping ??= leave());
  };
  // What waits for a child is handed over to whoever has its code.
  const stopWithoutCode = async (): Promise<void> => {
    const why = await codeLost;
    await stop(0);
    ending.reject(why);
  };
  void stopWithoutCode();
  return {
    id,
    snapshot,
    stopped: ending.promise,
    async drain(deadlineSeconds = defaultDrainSeconds) {
      const drained = await stop(deadlineSeconds);
      ending.resolve();
      return drained;
    },
  };
}

/** undefined: it had not ended by then, or has failed. */
async function within<Answer>(milliseconds: number, work: Promise<Answer>): Promise<Answer | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(milliseconds, undefined, { signal: timer.signal })]);
  } catch {
    return undefined;
  } finally {
    timer.abort();
  }
}

function nameStep({ step, definition, partitions }: Attempt): NamedStep {
  const set = setOfPartitions(definition.partitions, partitions);
  return { run: step.run, name: step.name, partitions: formatPartitions(definition.partitions, set) };
}

/** What the mapping functions of the worker's own code are asked: by its steps, and by those who have no code. */
function answering(
  db: Database,
  evaluator: MappingEvaluator,
  location: string,
  snapshot: Snapshot,
): { readonly answer: (question: MappingQuestion) => Promise<void>; readonly answerOthers: () => Promise<void> } {
  const mappings = mappingsOf([...snapshot.computes, ...snapshot.checks]);
  let busy: Promise<void> | undefined;
  return {
    answer: ({ mapping, set }) => answerMapping(db, evaluator, mapping.hash, set),
    answerOthers: () =>
      (busy ??= answerWaiting(db, evaluator, location, mappings).finally(() => {
        busy = undefined;
      })),
  };
}

const tokenOf = ({ step, epoch }: Claim): string => `${step} ${epoch}`;
