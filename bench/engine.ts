/** An instance for benchmarks of the engine: a project of its own on a real PostgreSQL with fsync, and workers here. */
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectCache, openStore } from "@iroko/assets";
import { planRun } from "@iroko/core";
import {
  loadSnapshot,
  migrate,
  openDatabase,
  readPlanningState,
  registerLocation,
  runProgress,
  startWorker,
  submitRun,
  type Database,
  type RunProgress,
  type Worker,
} from "@iroko/core/engine";
import { endWithUs } from "../test/support/end-with-us.ts";
import { openEmbeddedPostgres } from "../packages/cli/src/embedded/open-embedded-postgres.ts";

export interface BenchEngine extends AsyncDisposable {
  readonly db: Database;
  readonly databaseUrl: string;
  startWorker(slots: number): Promise<Worker>;
  submit(
    select: string,
    partitions?: string,
    options?: { readonly now?: Temporal.Instant; readonly priority?: number },
  ): Promise<string>;
  /** Once a run has ended, as the engine tells it: to look again and again would be part of what is measured. */
  ended(run: string): Promise<RunProgress>;
  /** Milliseconds of processor time so far. Linux only; elsewhere zeros. */
  processorTime(): ProcessorTime;
}

export interface ProcessorTime {
  readonly postgres: number;
  /** This process: the workers, and the little that the benchmark does itself. */
  readonly worker: number;
  readonly children: number;
}

/** Before a run is looked at though nobody has told of its end. */
const longestSilenceMs = 2_000;

export async function openEngine(
  definitions: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchEngine> {
  const folder = mkdtempSync(join(tmpdir(), "iroko-bench-"));
  chmodSync(folder, 0o755); // as a project's folder is, so that root's server user can enter it
  await symlink(join(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  const module = join(folder, "iroko.config.ts");
  await writeFile(module, definitions);
  await mkdir(join(folder, "store"));
  const postgres = await openEmbeddedPostgres({ home: join(folder, "home"), say: () => {}, settings });
  const pidFile = join(postgres.dataDir, "postmaster.pid");
  endWithUs(pidFile);
  const postmaster = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  const db = openDatabase(postgres.databaseUrl);
  await migrate(db);
  const snapshot = await loadSnapshot(module);
  const { version } = await db.transaction((tx) => registerLocation(tx, "bench", snapshot));
  const location = { name: "bench", version, snapshot };
  const workers: Worker[] = [];
  const bell = await db.session();
  await bell.query("listen iroko_run");
  return {
    db,
    databaseUrl: postgres.databaseUrl,
    async startWorker(slots) {
      const worker = await startWorker({
        databaseUrl: postgres.databaseUrl,
        location: "bench",
        module,
        store: await openStore(join(folder, "store")),
        cache: objectCache({ directory: join(folder, "cache"), maxBytes: 2 ** 30 }),
        workFolder: join(folder, "work"),
        slots,
      });
      workers.push(worker);
      return worker;
    },
    async submit(select, partitions, { now = Temporal.Now.instant(), priority = 0 } = {}) {
      const request = {
        select,
        partitions:
          partitions === undefined ? { kind: "unspecified" as const } : { kind: "text" as const, text: partitions },
      };
      const state = await readPlanningState(db, snapshot, request, now);
      const plan = planRun({ snapshot, request, state, now });
      return submitRun(db, {
        location,
        plan,
        selection: select,
        partitions: partitions ?? "",
        asOf: now,
        trigger: "cli",
        priority,
      });
    },
    async ended(run) {
      for (;;) {
        const told = once(bell, "notification", { signal: AbortSignal.timeout(longestSilenceMs) }).catch(() => {});
        const progress = await runProgress(db, run);
        if (progress && !["queued", "running"].includes(progress.status)) {
          if (progress.status !== "succeeded") throw new Error(`the run ${progress.status}`);
          return progress;
        }
        await told;
      }
    },
    processorTime() {
      const { user, system } = process.cpuUsage();
      return {
        postgres: timeOfTree(postmaster),
        worker: (user + system) / 1000,
        children: timeOfTree(process.pid) - timeOf(process.pid)[0] - timeOfTree(postmaster),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.drain(5)));
      await bell.end();
      await db.close();
      await postgres.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The least value of which at least this part of all is no greater. */
export const quantile = (values: readonly number[], part = 0.5): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

const tickMs = 10;

/** A process's own time, and that of its children that have ended. */
function timeOf(pid: number): readonly [own: number, ended: number] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .map(Number);
    return [((fields[11] ?? 0) + (fields[12] ?? 0)) * tickMs, ((fields[13] ?? 0) + (fields[14] ?? 0)) * tickMs];
  } catch {
    return [0, 0];
  }
}

function timeOfTree(pid: number): number {
  const [own, ended] = timeOf(pid);
  return own + ended + childrenOf(pid).reduce((sum, child) => sum + timeOfTree(child), 0);
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
