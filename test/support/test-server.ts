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

/** What a run that was killed has left behind. */
async function dropLeftovers(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1)",
      [testDatabasePrefix],
    );
    for (const { datname } of rows)
      await client.query(`drop database if exists ${client.escapeIdentifier(datname)} with (force)`);
  });
}
