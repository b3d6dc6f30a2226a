/** A fresh database of a real PostgreSQL, a test file or a test each. */
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { after } from "node:test";
import { openDatabase } from "../../packages/core/src/instance/database.ts";
import { migrate } from "../../packages/core/src/instance/migrate.ts";
import { openTestServer, testDatabaseName, testDatabasePrefix, withClient, withTemplatesKept } from "./test-server.ts";

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  drop(): Promise<void>;
}

/** What a database is a copy of: prepared once, copied as often as wanted. `key` changes when `prepare` does. */
export interface Template {
  readonly key: string;
  prepare(databaseUrl: string): Promise<void>;
}

/** An empty database, or a copy of `template`; the caller drops it (`await using`). */
export async function createDatabase(template?: Template): Promise<TestDatabase> {
  const server = await openTestServer();
  const name = testDatabaseName(randomBytes(4).toString("hex"));
  await withTemplatesKept(server.databaseUrl, async () => {
    const source = template === undefined ? "template0" : await preparedTemplate(server.databaseUrl, template);
    await withClient(server.databaseUrl, (client) => client.query(`create database ${name} template ${source}`));
  });
  let dropped: Promise<void> | undefined;
  const drop = async (): Promise<void> => {
    await withClient(server.databaseUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
    await server.close();
  };
  const once = (): Promise<void> => (dropped ??= drop());
  return { url: databaseNamed(server.databaseUrl, name), drop: once, [Symbol.asyncDispose]: once };
}

/** A database with Iroko's schema; the caller drops it (`await using`). */
export async function createMigratedDatabase(): Promise<TestDatabase> {
  return await createDatabase(await migrated());
}

/** A database with Iroko's schema for the whole test file, dropped after its last test. Call it at the file's top. */
export async function migratedDatabase(): Promise<TestDatabase> {
  const database = await createMigratedDatabase();
  after(() => database.drop());
  return database;
}

async function migrated(): Promise<Template> {
  const folder = new URL("../../packages/core/migrations/", import.meta.url);
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).toSorted())
    hash.update(name).update(await readFile(new URL(name, folder)));
  return {
    key: hash.digest("hex").slice(0, 16),
    async prepare(databaseUrl) {
      const db = openDatabase(databaseUrl);
      await migrate(db);
      await db.close();
    },
  };
}

/** The template's name, made by the first who needs it while the others wait; a half prepared one is never seen. */
async function preparedTemplate(serverUrl: string, template: Template): Promise<string> {
  const name = `${testDatabasePrefix}template_${template.key}`;
  await withClient(serverUrl, async (client) => {
    await client.query("select pg_advisory_lock(hashtext($1))", [name]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount !== 0) return;
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft} template template0`);
    await template.prepare(databaseNamed(serverUrl, draft));
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

function databaseNamed(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = name;
  return url.href;
}
