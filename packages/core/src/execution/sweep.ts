/**
 * Dead workers, seen by two signals and no wall clock: their session is gone, and either Postgres has not restarted since it
 * began or their process is gone from this very machine; or their beat has stood still for one TTL by the sweeper's own
 * monotonic clock. Their steps go back to be claimed by others.
 */
import type { Database, Tx } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";
import { takeBackSteps, type StepGivenBack, type WorkerDeath } from "../instance/lost-steps.ts";
import type { Claim } from "../instance/step-claims.ts";
import { freeQueueLocks, wakeSteps } from "../instance/wake-ups.ts";
import { listWorkers, removeWorkers, tryDuty, type WorkerRow } from "../instance/workers.ts";
import { endWaiting } from "./cancel-run.ts";
import { oomKills } from "./oom-kills.ts";
import { isProcessGone, ownIdentity } from "./process-identity.ts";

export interface DeadWorker {
  readonly id: string;
  readonly death: Omit<WorkerDeath, "worker">;
  /** Its last beat that was seen: one that has beaten since is not dead. */
  readonly beat?: number;
}

export interface Sweeper {
  /** Returns the workers that were found dead. */
  sweep(): Promise<readonly string[]>;
}

/** A sweeper that has not looked for so long, or could not, has not seen a beat stand still. */
const longestGapMs = 3_000;

/** What a sweeper knows of its own machine: of another one, it cannot tell whether that has restarted. */
export interface Machine {
  readonly host: string;
  readonly bootId: string;
}

/** @param monotonicMs never goes back; `performance.now` */
export function sweeper(db: Database, monotonicMs: () => number, machine: Machine): Sweeper {
  const beats = new Map<string, { readonly beat: number; readonly since: number }>();
  const here = ownIdentity();
  let lastLook = monotonicMs();
  // As of the last look and of the one before: a death may be seen a look later than what caused it.
  let killedBefore = [oomKills(), oomKills()];
  return {
    async sweep() {
      const workers = await listWorkers(db);
      const now = monotonicMs();
      if (now - lastLook > longestGapMs) beats.clear();
      lastLook = now;
      const dead: DeadWorker[] = [];
      const killed = oomKills();
      for (const worker of workers) {
        const { id, beat, ttlSeconds, pid, identity, sessionGone, lockGone } = worker;
        const last = beats.get(id);
        if (last?.beat !== beat) beats.set(id, { beat, since: now });
        const isStill = last?.beat === beat && now - last.since > ttlSeconds * 1000;
        const isGone = lockGone || (sessionGone && identity !== null && isProcessGone(pid, identity, here));
        if (isGone || isStill) dead.push({ id, beat, death: explain(worker, machine, killed - killedBefore[0]!) });
      }
      killedBefore = [killedBefore[1]!, killed];
      for (const id of beats.keys()) if (!workers.some((worker) => worker.id === id)) beats.delete(id);
      if (dead.length === 0) return [];
      return db.transaction(async (tx) => ((await tryDuty(tx, "sweep")) ? await buryWorkers(tx, dead) : []));
    },
  };
}

function explain(worker: WorkerRow, machine: Machine, killed: number): DeadWorker["death"] {
  const { host, bootId, lockGone, postgresRestarted, draining } = worker;
  const isHere = host === machine.host;
  if (isHere && bootId !== machine.bootId) return { host, cause: "machine restarted" };
  if (postgresRestarted) return { host, cause: "Postgres restarted" };
  // It was told to stop, and ended before it could hand over: Postgres was away, or whoever stopped it lost patience.
  if (draining) return { host, cause: "drained" };
  if (!lockGone) return { host, cause: "frozen" };
  if (!isHere) return { host, cause: "killed" };
  return { host, cause: killed > 0 ? "out of memory" : "killed", unexplained: true, oomKills: killed };
}

/** Gives back the steps of workers that are gone. Returns those that are. */
export async function buryWorkers(tx: Tx, dead: readonly DeadWorker[]): Promise<readonly string[]> {
  const gone = await removeWorkers(tx, dead);
  const deaths = dead
    .filter((one) => gone.some(({ id }) => id === one.id))
    .map(({ id, death }): WorkerDeath => ({ worker: id, ...death }));
  await appendEvents(
    tx,
    deaths.map((death) => ({ type: "worker_lost" as const, payload: death })),
  );
  await giveBackLost(tx, [], undefined, deaths);
  await freeQueueLocks(
    tx,
    gone.flatMap(({ queueIds }) => queueIds),
  );
  return gone.map(({ id }) => id);
}

/** Gives back, with fresh wake-ups, what runs nowhere; nothing counts against the steps. Whose run is canceled ends. */
export async function giveBackLost(
  tx: Tx,
  forgotten: readonly Claim[] = [],
  because = "its worker was lost",
  deaths: readonly WorkerDeath[] = [],
): Promise<readonly StepGivenBack[]> {
  const steps = await takeBackSteps(tx, forgotten, because, deaths);
  await appendEvents(
    tx,
    steps.map((step) => ({
      type: "attempt_lost" as const,
      run: step.run,
      step: step.n,
      payload: {
        attempt: step.attempt,
        startedAt: step.startedAt,
        ...(step.death === null ? { because } : step.death),
      },
    })),
  );
  for (const run of new Set(steps.filter(({ canceled }) => canceled).map((step) => step.run)))
    await endWaiting(tx, run);
  await wakeSteps(
    tx,
    steps.filter(({ canceled }) => !canceled).map(({ id }) => ({ step: id, at: null })),
  );
  return steps;
}
