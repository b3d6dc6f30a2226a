/**
 * Wake-ups of one location, fetched by graphile-worker. It gives its whole pool up when it could not complete a job for some
 * minutes, as while Postgres is gone: a new one is begun then, and what the old one held is derived again.
 */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Runner, WorkerEvents } from "graphile-worker";
import type { Logger } from "../definitions/io-manager.ts";
import { openQueuePool, type Database } from "../instance/database.ts";
import { stepTask } from "../instance/wake-ups.ts";

export interface Queue {
  /** Fetches nothing more; ends once what runs has ended. */
  stop(): Promise<void>;
}

export interface QueueHandlers {
  /** Told by a queue job that a step waits for a slot. */
  readonly slot: (job: number) => Promise<void>;
  readonly skip: (payload: unknown) => Promise<void>;
  readonly expand: (payload: unknown) => Promise<void>;
  /** Whose locks are freed when this worker is gone; another one each time that the queue is begun anew. */
  readonly onQueueId: (queueId: string) => Promise<void>;
  readonly log?: Logger | undefined;
}

const againMs = 1_000;

export async function openQueue(
  db: Database,
  location: string,
  slots: number,
  handlers: QueueHandlers,
): Promise<Queue> {
  const { Logger: QueueLogger, run: runQueue } = await import("graphile-worker"); // only a worker needs it
  const pool = openQueuePool(db.url, slots + 3);
  const opened = Promise.withResolvers<void>();
  let isOpen = false;
  let stopped = false;
  let runner: Runner | undefined;

  async function begin(): Promise<Runner> {
    const events: WorkerEvents = new EventEmitter();
    const known = new Promise<string>((resolve) =>
      events.on("pool:create", ({ workerPool }) => resolve(workerPool.id)),
    );
    const begun = await runQueue({
      pgPool: pool,
      events,
      noHandleSignals: true,
      taskList: {
        [stepTask(location)]: (_, { job }) => handlers.slot(Number(job.id)),
        skip: handlers.skip,
        expand: handlers.expand,
      },
      logger: new QueueLogger(() => () => {}),
      preset: { worker: { concurrentJobs: slots, pollInterval: 1000, completeJobBatchDelay: 0 } },
    });
    begun.promise.catch(() => {});
    try {
      await handlers.onQueueId(await known);
    } catch (error) {
      await begun.stop().catch(() => {});
      throw error;
    }
    return begun;
  }

  const loop = (async () => {
    while (!stopped) {
      try {
        runner = await begin();
        isOpen = true;
        opened.resolve();
        if (stopped) await runner.stop().catch(() => {});
        await runner.promise;
      } catch (error) {
        if (!isOpen) {
          opened.reject(error);
          return;
        }
      }
      if (stopped) return;
      handlers.log?.warn("the queue had given up; it is begun anew");
      await sleep(againMs, undefined, { ref: false });
    }
  })();

  try {
    await opened.promise;
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    async stop() {
      stopped = true;
      await runner?.stop().catch(() => {});
      await loop;
      await pool.end();
    },
  };
}
