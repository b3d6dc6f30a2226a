/**
 * The one PostgreSQL that all test files share: ours, embedded, started by whoever comes first and stopped by the last.
 * `npm test` holds it for a whole run (global-setup.ts); a file run by itself starts it by itself.
 */
import { createHash } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type EmbeddedPostgres, openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";

/** One home a checkout and user, kept between runs: its databases are not. */
const checkout = createHash("sha256")
  .update(import.meta.filename)
  .digest("hex")
  .slice(0, 8);
const home = join(tmpdir(), `iroko-test-${userInfo().username}-${checkout}`);

export const testDatabasePrefix = "test_";

/** Speed over durability: what must survive a power cut is tested on a server of its own. */
const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" };

export async function openTestServer(): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ home, say: () => {}, settings });
  if (!server.attached) await dropLeftovers(server.databaseUrl);
  return server;
}

/** Runs `work` on a connection to `url`. */
export async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Keeps what a template is copied from while `work` runs: whoever starts the server clears away what killed runs have left,
 * while others may be on it already.
 */
export async function withTemplatesKept<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
  return await withClient(url, async (client) => {
    await client.query("select pg_advisory_lock_shared(hashtext($1))", [testDatabasePrefix]);
    return await work();
  });
}

/** Drops what runs that were killed have left behind: templates, which are made again, and databases of processes that are gone. */
async function dropLeftovers(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("select pg_advisory_lock(hashtext($1))", [testDatabasePrefix]);
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [testDatabasePrefix],
    );
    for (const { datname } of rows) {
      if (isOfLiveProcess(datname)) continue;
      await client.query(`drop database if exists ${client.escapeIdentifier(datname)} with (force)`);
    }
  });
}

export const testDatabaseName = (suffix: string): string => `${testDatabasePrefix}${process.pid}_${suffix}`;

function isOfLiveProcess(name: string): boolean {
  const pid = Number(name.slice(testDatabasePrefix.length).split("_")[0]);
  if (!Number.isInteger(pid)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
