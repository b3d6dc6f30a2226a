/**
 * Brings the schema `iroko` up to this code: numbered `.sql` files, forward only, each in one transaction, one process at
 * a time. A database that is newer than the code is refused.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { IrokoError } from "../errors.ts";
import type { Database } from "./database.ts";

const folder = new URL("../../migrations/", import.meta.url);
/** Any constant: who holds it migrates. */
const migrationLock = 0x1b0c0;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface MigrationReport {
  /** The version the database had, 0 where it was empty. */
  readonly from: number;
  readonly to: number;
  readonly applied: readonly string[];
}

/**
 * @throws {IrokoError} DATABASE_NEWER when the database has a migration that this code does not know;
 *   MIGRATION_CHANGED when one that was applied reads otherwise now
 */
export async function migrate(db: Database): Promise<MigrationReport> {
  const migrations = await readMigrations();
  const session = await db.session();
  try {
    await session.query("select pg_advisory_lock($1)", [migrationLock]);
    await session.query("set client_min_messages = warning");
    await session.query("create schema if not exists iroko");
    await session.query(`create table if not exists iroko.migration (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
    const { rows } = await session.query<{ version: number; name: string; checksum: string }>(
      "select version, name, checksum from iroko.migration order by version",
    );
    const known = new Map(migrations.map((migration) => [migration.version, migration]));
    for (const row of rows) {
      const migration = known.get(row.version);
      if (migration === undefined) throw newerDatabase(row, migrations.at(-1));
      if (migration.checksum !== row.checksum) {
        throw new IrokoError(
          "MIGRATION_CHANGED",
          `Migration ${row.name} was changed after this database had applied it.`,
          {
            hint: "Install the released @iroko/core again; a released migration is never edited.",
          },
        );
      }
    }
    const done = new Set(rows.map((row) => row.version));
    const applied: string[] = [];
    for (const migration of migrations) {
      if (done.has(migration.version)) continue;
      await session.query("begin");
      try {
        await session.query(migration.sql);
        await session.query("insert into iroko.migration (version, name, checksum) values ($1, $2, $3)", [
          migration.version,
          migration.name,
          migration.checksum,
        ]);
        await session.query("commit");
      } catch (error) {
        await session.query("rollback");
        throw error;
      }
      applied.push(migration.name);
    }
    const { runMigrations } = await import("graphile-worker"); // a fifth of what a command loads: only when needed
    await runMigrations({ pgPool: db.pool });
    return { from: rows.at(-1)?.version ?? 0, to: migrations.at(-1)?.version ?? 0, applied };
  } finally {
    await session.end();
  }
}

/** Whether the database has just what this code wants; what `doctor` asks. */
export async function schemaVersion(db: Database): Promise<{ readonly database: number; readonly code: number }> {
  const migrations = await readMigrations();
  const { rows } = await db.query<{ exists: boolean }>("select to_regclass('iroko.migration') is not null as exists");
  const code = migrations.at(-1)?.version ?? 0;
  if (rows[0]?.exists !== true) return { database: 0, code };
  const found = await db.query<{ version: number | null }>("select max(version) as version from iroko.migration");
  return { database: found.rows[0]?.version ?? 0, code };
}

/** @throws {IrokoError} DATABASE_NEWER or DATABASE_OLDER unless the schema is just what this code wants */
export async function requireSchema(db: Database): Promise<void> {
  const { database, code } = await schemaVersion(db);
  if (database > code) throw newerDatabase({ version: database }, (await readMigrations()).at(-1));
  if (database < code) {
    throw new IrokoError("DATABASE_OLDER", `The database has schema version ${database}, this Iroko needs ${code}.`, {
      hint: "Run: iroko migrate",
    });
  }
}

async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), "utf8");
      return { version: Number(name.slice(0, 4)), name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

function newerDatabase(
  found: { readonly version: number; readonly name?: string },
  last: Migration | undefined,
): IrokoError {
  return new IrokoError(
    "DATABASE_NEWER",
    `The database has schema version ${found.version}, but this Iroko knows only up to ${last?.version ?? 0}.`,
    { hint: "Install the Iroko that migrated it, or a newer one: npm install @iroko/cli@latest" },
  );
}
