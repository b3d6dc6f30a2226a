/** The instance of a project: the embedded Postgres of its home, or the one that DATABASE_URL names. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buryRestarted, migrate, openDatabase, requireSchema, type Database } from "@iroko/core/engine";
import { explainFullDisk } from "./embedded/full-disk.ts";
import type { EmbeddedPostgres } from "./embedded/open-embedded-postgres.ts";
import type { Project } from "./project.ts";
import type { Terminal } from "./terminal/terminal.ts";

export interface Instance extends AsyncDisposable {
  /** Embedded: everything is here. Deployed: workers and schedules are others. */
  readonly mode: "embedded" | "deployed";
  readonly databaseUrl: string;
  readonly db: Database;
}

/**
 * Opens it, and brings an embedded one's schema up to date.
 *
 * @throws {IrokoError} DATABASE_UNREACHABLE, DATABASE_DENIED, DATABASE_OLDER (`iroko migrate`), DATABASE_NEWER,
 * EMBEDDED_POSTGRES_…
 */
export async function openInstance(project: Project, terminal: Terminal): Promise<Instance> {
  return project.databaseUrl === undefined
    ? await openEmbedded(project, terminal)
    : await openDeployed(project.databaseUrl);
}

/** Whether the project has no embedded database yet. */
export function isNew({ home, databaseUrl }: Project): boolean {
  return databaseUrl === undefined && !existsSync(join(home, "postgres.json"));
}

async function openEmbedded(project: Project, terminal: Terminal): Promise<Instance> {
  const server = await explainFullDisk(project.home, () => startEmbedded(project, terminal));
  const db = openDatabase(server.databaseUrl);
  const close = async (): Promise<void> => {
    await db.close();
    await server.close();
  };
  try {
    await migrate(db);
    await buryRestarted(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { mode: "embedded", databaseUrl: server.databaseUrl, db, [Symbol.asyncDispose]: close };
}

async function startEmbedded(project: Project, terminal: Terminal): Promise<EmbeddedPostgres> {
  if (isNew(project)) {
    terminal.say(`First use of this project: its database, files and caches are kept in ${project.home}`);
    keepOutOfGit(project.home);
  }
  const { openEmbeddedPostgres } = await import("./embedded/open-embedded-postgres.ts");
  return await openEmbeddedPostgres({ home: project.home, say: (line) => terminal.say(line) });
}

async function openDeployed(databaseUrl: string): Promise<Instance> {
  const db = openDatabase(databaseUrl);
  const close = (): Promise<void> => db.close();
  try {
    await requireSchema(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { mode: "deployed", databaseUrl, db, [Symbol.asyncDispose]: close };
}

function keepOutOfGit(home: string): void {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, ".gitignore"), "*\n");
}
