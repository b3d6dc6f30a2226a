/**
 * Dead workers, seen by two signals and no wall clock: the lock of their session is gone, or their beat has stood still
 * for one TTL by the sweeper's own monotonic clock. Their steps go back to be claimed by others.
 */
import type { Database, Tx } from "../instance/database.ts";
import { appendEvents } from "../instance/events.ts";
import { takeBackSteps, type Claim } from "../instance/steps.ts";
import { freeQueueLocks, wakeSteps } from "../instance/wake-ups.ts";
import { listWorkers, removeWorkers, tryDuty } from "../instance/workers.ts";
import { endWaiting } from "./cancel-run.ts";

export interface DeadWorker {
  readonly id: string;
  readonly cause: "killed" | "frozen" | "left" | "restarted";
  /** Its last beat that was seen: one that has beaten since is not dead. */
  readonly beat?: number;
}

export interface Sweeper {
  /** Returns the workers that were found dead. */
  sweep(): Promise<readonly string[]>;
}

/** A sweeper that has not looked for so long, or could not, has not seen a beat stand still. */
const longestGapMs = 3_000;

/** @param monotonicMs never goes back; `performance.now` */
export function sweeper(db: Database, monotonicMs: () => number): Sweeper {
  const beats = new Map<string, { readonly beat: number; readonly since: number }>();
  let lastLook = monotonicMs();
  return {
    async sweep() {
      const workers = await listWorkers(db);
      const now = monotonicMs();
      if (now - lastLook > longestGapMs) beats.clear();
      lastLook = now;
      const dead: DeadWorker[] = [];
      for (const { id, beat, ttlSeconds, lockGone } of workers) {
        const last = beats.get(id);
        if (last?.beat !== beat) beats.set(id, { beat, since: now });
        else if (now - last.since > ttlSeconds * 1000 && !lockGone) dead.push({ id, beat, cause: "frozen" });
        if (lockGone) dead.push({ id, beat, cause: "killed" });
      }
      for (const id of beats.keys()) if (!workers.some((worker) => worker.id === id)) beats.delete(id);
      if (dead.length === 0) return [];
      return db.transaction(async (tx) => ((await tryDuty(tx, "sweep")) ? await buryWorkers(tx, dead) : []));
    },
  };
}

/** Gives back the steps of workers that are gone. Returns those that are. */
export async function buryWorkers(tx: Tx, dead: readonly DeadWorker[]): Promise<readonly string[]> {
  const gone = await removeWorkers(tx, dead);
  await appendEvents(
    tx,
    gone.map(({ id }) => ({
      type: "worker_lost" as const,
      payload: { worker: id, cause: dead.find((one) => one.id === id)?.cause },
    })),
  );
  await giveBackLost(tx);
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
): Promise<void> {
  const steps = await takeBackSteps(tx, forgotten, because);
  await appendEvents(
    tx,
    steps.map((step) => ({
      type: "attempt_lost" as const,
      run: step.run,
      step: step.n,
      payload: { attempt: step.attempt },
    })),
  );
  for (const run of new Set(steps.filter(({ canceled }) => canceled).map((step) => step.run)))
    await endWaiting(tx, run);
  await wakeSteps(
    tx,
    steps.filter(({ canceled }) => !canceled).map(({ id }) => ({ step: id, at: null })),
  );
}
