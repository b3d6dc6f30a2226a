/** What a command needs to make assets: the project, its instance, its registered definitions, its store, a worker. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { objectCache, openStore } from "@iroko/assets";
import { IrokoError, type Snapshot } from "@iroko/core";
import {
  askMappings,
  bootId,
  claimStore,
  currentLocation,
  listWorkers,
  loadSnapshot,
  mappingEvaluator,
  readEventDays,
  registerLocation,
  requireClock,
  startWorker,
  type Location,
  type Store,
  type Worker,
  type WorkerOptions,
  type WorkerRow,
} from "@iroko/core/engine";
import { isNew, openInstance, type Instance } from "./instance.ts";
import { requireDefinitions, type Project } from "./project.ts";
import type { Terminal } from "./terminal/terminal.ts";

export interface Session extends Instance {
  readonly project: Project;
  readonly terminal: Terminal;
  /** Embedded: the definitions as they are now. Deployed: those that were deployed last. */
  readonly location: Location;
  /** Opened and probed once: unreachable, denied or without its bucket is told here, before a run starts. */
  readonly store: () => Promise<Store>;
  /** Does what plans or judges, with the mapping functions of the definitions answered: by this process where it is embedded. */
  readonly asking: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Steps are run in this process from then on; drained when the session ends. */
  readonly startWorker: (options?: SessionWorkerOptions) => Promise<Worker>;
  /** Aborted when a worker of this process had to stop, with the reason: nobody here goes on with steps. */
  readonly lost: AbortSignal;
}

export type SessionWorkerOptions = Partial<
  Pick<WorkerOptions, "slots" | "memoryBytes" | "log" | "ttlSeconds" | "untilReplaced">
>;

const cacheBytes = 10 * 2 ** 30;

export async function openSession(project: Project, terminal: Terminal): Promise<Session> {
  const { instance, location } = await openLocation(project, terminal);
  await requireClock(instance.db).catch(async (error: unknown) => {
    await instance[Symbol.asyncDispose]();
    throw error;
  });
  let opened: Promise<Store> | undefined;
  const workers: Worker[] = [];
  const lost = new AbortController();
  const evaluator = instance.mode === "embedded" ? mappingEvaluator({ module: project.module }) : undefined;
  const store = (): Promise<Store> => (opened ??= openOwn(project, instance, terminal));
  return {
    ...instance,
    project,
    terminal,
    location,
    store,
    lost: lost.signal,
    asking: (work) => askMappings({ db: instance.db, location: location.name, evaluator }, work),
    async startWorker(options = {}) {
      const worker = await startWorker(workerOptions(project, instance, await store(), location.name, options));
      workers.push(worker);
      worker.stopped.catch((reason: unknown) => lost.abort(reason));
      if (worker.snapshot.hash !== location.snapshot.hash) throw definitionsMoved(instance, location);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers.map((worker) => worker.drain(0)), evaluator?.close()]);
      await opened?.then(
        (store) => store.close(),
        () => {},
      );
      await instance[Symbol.asyncDispose]();
    },
  };
}

/** Whether steps of the session's location are run by somebody else. */
export async function hasLiveWorker({ db, location }: Session): Promise<boolean> {
  const workers = await listWorkers(db);
  return workers.some((worker) => worker.location === location.name && !worker.draining && isAlive(worker));
}

/** A row outlives its worker when Postgres stopped before anybody swept; of our own machine's the process tells. */
function isAlive({ lockGone, host, pid, bootId: boot }: WorkerRow): boolean {
  if (lockGone || host !== hostname()) return !lockGone;
  if (boot !== bootId()) return false; // since the machine was started again, its process id is anybody's
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // another user's
  }
}

/** What a worker of this project needs; `iroko worker` starts it without a session. */
export function workerOptions(
  project: Project,
  { databaseUrl }: Pick<Instance, "databaseUrl">,
  store: Store,
  location: string,
  options: SessionWorkerOptions = {},
): WorkerOptions {
  mkdirSync(project.home, { recursive: true });
  return {
    databaseUrl,
    location,
    module: project.module,
    store,
    cache: objectCache({ directory: join(project.home, "cache"), maxBytes: cacheBytes }),
    workFolder: workFolderOf(project, store),
    slots: availableParallelism(),
    eventDays: readEventDays(process.env["IROKO_EVENT_DAYS"]),
    ...options,
  };
}

/** Opens the project's store and looks what it can do. */
export async function openProbed({ storeUri }: Project, terminal: Terminal): Promise<Store> {
  const store = await openStore(storeUri, { log: (message) => terminal.say(message) });
  try {
    // What a store does not enforce is said wherever it is used, not only to those who ask the doctor.
    for (const note of (await store.probe()).notes) terminal.say(note);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** The project's store, where it is this instance's. */
export async function openOwn(project: Project, { db }: Pick<Instance, "db">, terminal: Terminal): Promise<Store> {
  const store = await openProbed(project, terminal);
  try {
    await claimStore(db, store);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** On the store's own file system, where that is not the home's: a built file is linked into the store, not copied. */
function workFolderOf({ home }: Project, store: Store): string {
  const folder = store.kind === "local" ? fileURLToPath(store.uri) : undefined;
  if (folder === undefined || !existsSync(folder) || statSync(folder).dev === statSync(home).dev) {
    return join(home, "work");
  }
  return join(folder, "_work");
}

interface OpenedLocation {
  readonly instance: Instance;
  readonly location: Location;
}

/** The definitions are loaded, in a process of theirs, while the database starts. */
async function openLocation(project: Project, terminal: Terminal): Promise<OpenedLocation> {
  if (project.databaseUrl !== undefined) return await openDeployedLocation(project, terminal);
  requireDefinitions(project);
  const loading = loadSnapshot(project.module);
  loading.catch(() => {});
  // Wrong definitions leave no new database behind.
  if (isNew(project)) await loading;
  const instance = await openInstance(project, terminal);
  try {
    return { instance, location: await register(instance, project, await loading) };
  } catch (error) {
    await instance[Symbol.asyncDispose]();
    throw error;
  }
}

async function openDeployedLocation(project: Project, terminal: Terminal): Promise<OpenedLocation> {
  const instance = await openInstance(project, terminal);
  try {
    const deployed = await currentLocation(instance.db, project.location);
    if (deployed !== undefined) return { instance, location: deployed };
    throw new IrokoError(
      "LOCATION_NOT_FOUND",
      `Nothing has been deployed as "${project.location}" to the database of DATABASE_URL.`,
      { hint: "Run: iroko deploy. Or name another code location with --location." },
    );
  } catch (error) {
    await instance[Symbol.asyncDispose]();
    throw error;
  }
}

async function register({ db }: Instance, { location }: Project, snapshot: Snapshot): Promise<Location> {
  const { version } = await db.transaction((tx) => registerLocation(tx, location, snapshot));
  return { name: location, version, snapshot };
}

function definitionsMoved({ mode }: Instance, { name, version }: Location): IrokoError {
  return mode === "embedded"
    ? new IrokoError("CODE_MOVED", "The definitions were changed while they were being loaded.", {
        hint: "Run the command again.",
      })
    : new IrokoError("CODE_MOVED", `The definitions here are not those deployed as "${name}", version ${version}.`, {
        hint: "Deploy these with `iroko deploy`, or start a worker from the code that was deployed.",
      });
}
