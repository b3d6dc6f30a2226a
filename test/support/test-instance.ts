/** A real instance for tests of the engine: a database, a local store, a project, workers in this process. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { objectCache, openStore } from "@iroko/assets";
import type { PlanRequest } from "@iroko/core";
import {
  loadSnapshot,
  openDatabase,
  planRequest,
  readMoment,
  registerLocation,
  runProgress,
  startWorker,
  submitRun,
  type Database,
  type Location,
  type RunProgress,
  type Store,
  type Submission,
  type Worker,
  type WorkerOptions,
} from "@iroko/core/engine";
import { createMigratedDatabase, type TestDatabase } from "./database.ts";
import { tempProject, type TempProject } from "./temp-project.ts";
import { waitFor } from "./wait-for.ts";

export interface TestInstance extends AsyncDisposable {
  readonly db: Database;
  readonly databaseUrl: string;
  readonly project: TempProject;
  readonly store: Store;
  /** Registers the project's definitions as they are now, in another module where one is named. */
  deploy(module?: string): Promise<Location>;
  startWorker(options?: Partial<WorkerOptions>): Promise<Worker>;
  /** Plans and submits; returns the run's id. */
  submit(
    request: PlanRequest,
    now?: Temporal.Instant,
    how?: Pick<Submission, "priority" | "maxConcurrency" | "tags">,
  ): Promise<string>;
  /** Waits for a run to end and to be published. */
  ended(run: string, seconds?: number): Promise<RunProgress>;
}

export const location = "test";

export interface TestInstanceOptions {
  /** Instead of one on the server that all tests share. */
  readonly database?: Pick<TestDatabase, "url" | "drop">;
  /** A store's address instead of a local folder. */
  readonly store?: string;
}

export async function testInstance(
  files: Readonly<Record<string, string>>,
  options: TestInstanceOptions = {},
): Promise<TestInstance> {
  const [project, database] = await Promise.all([tempProject(files), options.database ?? createMigratedDatabase()]);
  const db = openDatabase(database.url);
  const storeFolder = join(project.folder, "store");
  await mkdir(storeFolder);
  const store = await openStore(options.store ?? storeFolder);
  const cache = objectCache({ directory: join(project.folder, "cache"), maxBytes: 2 ** 30 });
  const workers: Worker[] = [];
  let deployed: Location | undefined;

  const deploy = async (module = "iroko.config.ts"): Promise<Location> => {
    const snapshot = await loadSnapshot(project.file(module));
    const { version } = await db.transaction((tx) => registerLocation(tx, location, snapshot));
    return (deployed = { name: location, version, snapshot });
  };

  return {
    db,
    databaseUrl: database.url,
    project,
    store,
    deploy,
    async startWorker(options = {}) {
      const worker = await startWorker({
        databaseUrl: database.url,
        location,
        module: project.file("iroko.config.ts"),
        store,
        cache,
        workFolder: join(project.folder, "work"),
        memoryBytes: 2 ** 30,
        ...options,
      });
      workers.push(worker);
      return worker;
    },
    async submit(request, now = Temporal.Now.instant(), how = {}) {
      const at = deployed ?? (await deploy());
      const moment = await readMoment(db, at.snapshot, now);
      const plan = await planRequest(db, at.snapshot, request, moment);
      return submitRun(db, {
        location: at,
        plan,
        selection: request.select,
        partitions: JSON.stringify(request.partitions),
        asOf: moment,
        trigger: "cli",
        ...how,
      });
    },
    ended: (run, seconds = 30) =>
      waitFor(
        `run ${run} to end`,
        async () => {
          const progress = await runProgress(db, run);
          return (
            progress &&
            progress.unpublished === 0 &&
            ["succeeded", "failed", "canceled"].includes(progress.status) &&
            progress
          );
        },
        { seconds, everyMilliseconds: 20 },
      ),
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.drain(0)));
      await db.close();
      await database.drop();
      await project[Symbol.asyncDispose]();
    },
  };
}
