/**
 * The worker of `iroko dev`, replaced whenever the definitions are saved. The new one is there before the old one claims
 * nothing more; what the old one runs, it runs to its end.
 */
import type { Logger } from "@iroko/core";
import { registerLocation, startWorker, type Drained, type Store, type Worker } from "@iroko/core/engine";
import type { Instance } from "../instance.ts";
import type { Project } from "../project.ts";
import { workerOptions } from "../session.ts";
import { renderError } from "../terminal/render-error.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { plural } from "../terminal/units.ts";

export interface DevWorkers {
  /** Loads the definitions as they are now; wrong ones are told, and those before go on. Calls while it loads become one. */
  reload(): Promise<void>;
  /** Loads nothing more, and drains every worker. Asked again, the earlier deadline counts. */
  stop(deadlineSeconds: number): Promise<Drained>;
}

export interface DevWorkersOptions {
  readonly project: Project;
  readonly instance: Instance;
  readonly store: Store;
  readonly terminal: Terminal;
  readonly log: Logger;
}

const untilItsEndSeconds = 7 * 86_400;

export function devWorkers({ project, instance, store, terminal, log }: DevWorkersOptions): DevWorkers {
  const workers = new Set<Worker>();
  let current: Worker | undefined;
  let isStopped = false;
  let loading: Promise<void> | undefined;
  let isWanted = false;

  const replace = async (): Promise<void> => {
    let next: Worker;
    try {
      next = await startWorker(workerOptions(project, instance, store, project.location, { log }));
    } catch (error) {
      terminal.say(renderError(error, terminal));
      terminal.say(current === undefined ? "Waiting until that is mended." : "The definitions from before go on.");
      return;
    }
    workers.add(next);
    void watchOver(next);
    // Registered once a worker has the code: no step is planned that nobody could run.
    const { version, changed } = await instance.db.transaction((tx) =>
      registerLocation(tx, project.location, next.snapshot),
    );
    const before = current;
    current = next;
    void before?.drain(untilItsEndSeconds).catch((error: unknown) => log.warn(String(error)));
    const { assets, schedules } = next.snapshot;
    const what = `${plural(assets.length, "asset")}, ${plural(schedules.length, "schedule")}`;
    terminal.say(
      before === undefined
        ? `Ready: ${what}.`
        : `Reloaded: ${what}${changed ? `, now version ${version}` : "; only code behind them has changed"}.`,
    );
  };

  /** A worker that had to stop, since others had taken its place, is replaced. */
  const watchOver = async (worker: Worker): Promise<void> => {
    try {
      await worker.stopped;
    } catch (error) {
      terminal.say(renderError(error, terminal));
      if (current !== worker || isStopped) return;
      current = undefined;
      void reload();
    } finally {
      workers.delete(worker);
    }
  };

  const reload = (): Promise<void> => {
    isWanted = true;
    loading ??= (async () => {
      while (isWanted && !isStopped) {
        isWanted = false;
        await replace();
      }
    })().finally(() => (loading = undefined));
    return loading;
  };

  return {
    reload,
    async stop(deadlineSeconds) {
      isStopped = true;
      await loading;
      const drained = await Promise.all([...workers].map((worker) => worker.drain(deadlineSeconds)));
      return {
        ended: drained.reduce((sum, { ended }) => sum + ended, 0),
        handedOver: drained.flatMap(({ handedOver }) => handedOver),
        leftBehind: drained.flatMap(({ leftBehind }) => leftBehind),
      };
    },
  };
}
