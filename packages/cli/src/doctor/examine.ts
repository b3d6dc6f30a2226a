/** Looks at everything that a project stands on, one thing after the other, and says what to do about what is wrong. */
import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { IrokoError } from "@iroko/core";
import {
  currentLocation,
  listRuns,
  listSteps,
  loadSnapshot,
  openDatabase,
  runProgress,
  schemaVersion,
  type Database,
} from "@iroko/core/engine";
import { isNew, openInstance } from "../instance.ts";
import type { Project } from "../project.ts";
import { openProbed } from "../session.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { formatBytes, plural } from "../terminal/units.ts";
import { clocks } from "./clocks.ts";
import { workers } from "./workers.ts";

export interface Finding {
  readonly about:
    | "node"
    | "disk"
    | "definitions"
    | "store"
    | "database"
    | "schema"
    | "clock"
    | "deployed"
    | "workers"
    | "runs"
    | "strict"
    | "server";
  /** Which of the invariants does not hold. */
  readonly rule?: string;
  readonly verdict: "ok" | "note" | "wrong";
  readonly message: string;
  readonly remedy?: string;
}

const leastFreeBytes = 2 ** 30;

/** A further look at a database whose schema is right. */
export type Look = (db: Database) => AsyncGenerator<Finding, void, undefined>;

export async function* examine(
  project: Project,
  terminal: Terminal,
  look?: Look,
): AsyncGenerator<Finding, void, undefined> {
  yield { about: "node", verdict: "ok", message: `Node ${process.versions.node}` };
  yield disk(project);
  const hash = yield* definitions(project);
  yield* store(project, terminal);
  yield* database(project, terminal, hash, look);
}

function disk({ home }: Project): Finding {
  let folder = home;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const message = `${formatBytes(free)} free where ${home} is`;
  if (free >= leastFreeBytes) return { about: "disk", verdict: "ok", message };
  return {
    about: "disk",
    verdict: "wrong",
    message,
    remedy: "Make room, or set IROKO_HOME to a folder on a larger disk.",
  };
}

async function* definitions({ module }: Project): AsyncGenerator<Finding, string | undefined, undefined> {
  if (!existsSync(module)) {
    yield {
      about: "definitions",
      verdict: "note",
      message: `there is no ${module}`,
      remedy: "iroko init makes a project.",
    };
    return undefined;
  }
  try {
    const { assets, hash } = await loadSnapshot(module);
    yield { about: "definitions", verdict: "ok", message: `${plural(assets.length, "asset")} in ${module}` };
    return hash;
  } catch (error) {
    yield wrong("definitions", error);
    return undefined;
  }
}

async function* store(project: Project, terminal: Terminal): AsyncGenerator<Finding, void, undefined> {
  try {
    const opened = await openProbed(project, { ...terminal, say: () => {} }); // its notes are findings here
    const { publishBy, notes } = await opened.probe();
    await opened.close();
    yield { about: "store", verdict: "ok", message: `${opened.uri}, publishes by ${publishBy}` };
    for (const message of notes) yield { about: "store", verdict: "note", message };
  } catch (error) {
    yield wrong("store", error);
  }
}

async function* database(
  project: Project,
  terminal: Terminal,
  hash: string | undefined,
  look: Look | undefined,
): AsyncGenerator<Finding, void, undefined> {
  if (isNew(project)) {
    const message = `none yet; the first command that needs one makes it in ${project.home}`;
    return yield { about: "database", verdict: "note", message };
  }
  try {
    if (project.databaseUrl !== undefined) {
      const db = openDatabase(project.databaseUrl);
      try {
        yield* examineDatabase(db, project, hash, look);
      } finally {
        await db.close();
      }
      return;
    }
    await using instance = await openInstance(project, terminal);
    yield* examineDatabase(instance.db, project, hash, look);
  } catch (error) {
    yield wrong("database", error);
  }
}

async function* examineDatabase(
  db: Database,
  project: Project,
  hash: string | undefined,
  look: Look | undefined,
): AsyncGenerator<Finding, void, undefined> {
  const { database, code } = await schemaVersion(db);
  const where = project.databaseUrl === undefined ? `embedded, in ${project.home}` : describeUrl(project.databaseUrl);
  yield { about: "database", verdict: "ok", message: where };
  if (database !== code) {
    const message = `version ${database}, this Iroko needs ${code}`;
    const remedy = database < code ? "Run: iroko migrate" : "Install the Iroko that migrated it, or a newer one.";
    return yield { about: "schema", verdict: "wrong", message, remedy };
  }
  yield { about: "schema", verdict: "ok", message: `version ${database}` };
  yield* clocks(db);
  yield await deployed(db, project, hash);
  yield* workers(db, project);
  yield* runs(db);
  if (look !== undefined) yield* look(db);
}

async function deployed(db: Database, { location, databaseUrl }: Project, hash: string | undefined): Promise<Finding> {
  const current = await currentLocation(db, location);
  const isEmbedded = databaseUrl === undefined;
  if (current === undefined) {
    const message = `nothing as "${location}"`;
    return isEmbedded
      ? { about: "deployed", verdict: "ok", message }
      : { about: "deployed", verdict: "note", message, remedy: "Run: iroko deploy" };
  }
  const message = `"${location}", version ${current.version}`;
  if (hash === undefined || hash === current.snapshot.hash || isEmbedded)
    return { about: "deployed", verdict: "ok", message };
  return {
    about: "deployed",
    verdict: "note",
    message: `${message}; the definitions here are others`,
    remedy: "iroko deploy registers these.",
  };
}

/** Runs that do not go on, and why. */
async function* runs(db: Database): AsyncGenerator<Finding, void, undefined> {
  const unfinished = await listRuns(db, { limit: 100, statuses: ["queued", "running"], observations: true });
  if (unfinished.length === 0) yield { about: "runs", verdict: "ok", message: "none unfinished" };
  for (const { id } of unfinished) {
    const progress = await runProgress(db, id);
    if (progress === undefined) continue;
    const [step] = await listSteps(db, id, { limit: 1, statuses: ["ready"] });
    const reason = step?.deferredReason ?? undefined;
    if (reason?.startsWith("CODE_MOVED") === true) {
      const remedy = `Start a worker of that code, or: iroko runs cancel ${id} && iroko runs retry ${id}`;
      yield { about: "runs", verdict: "wrong", message: `run ${id} is held: ${reason}`, remedy };
    } else if (progress.running === 0) {
      const message = `run ${id} is ${progress.status}, and nothing of it runs${reason === undefined ? "" : `: ${reason}`}`;
      yield { about: "runs", verdict: "note", message, remedy: `Look at it: iroko runs show ${id}` };
    } else {
      yield { about: "runs", verdict: "ok", message: `run ${id} is running` };
    }
  }
}

function wrong(about: Finding["about"], error: unknown): Finding {
  const { code, message, hint } = error as IrokoError;
  return {
    about,
    verdict: "wrong",
    message: `${code ?? "INTERNAL"} ${message}`,
    ...(hint === undefined ? {} : { remedy: hint }),
  };
}

/** Never with its password. */
function describeUrl(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname || "localhost"}:${port || "5432"}${pathname}`;
  } catch {
    return "DATABASE_URL";
  }
}
