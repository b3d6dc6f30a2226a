/** A PostgreSQL of a test's own, durable, with Iroko's schema: to be killed, or to be kept waiting. */
import { join } from "node:path";
import { migrate, openDatabase } from "@iroko/core/engine";
import { openEmbeddedPostgres, type EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { endWithUs } from "./end-with-us.ts";
import { createTempDir } from "./temp-dir.ts";

export interface OwnPostgres extends AsyncDisposable, Pick<EmbeddedPostgres, "databaseUrl" | "dataDir"> {
  /** For `testInstance`: it goes with the server. */
  readonly database: { readonly url: string; readonly drop: () => Promise<void> };
}

export async function ownPostgres(): Promise<OwnPostgres> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(createTempDir("home"));
  const { databaseUrl, dataDir, close } = await openEmbeddedPostgres({ home: home.path, say: () => {} });
  stack.defer(close);
  endWithUs(join(dataDir, "postmaster.pid"));
  const db = openDatabase(databaseUrl);
  await migrate(db);
  await db.close();
  const all = stack.move();
  return {
    databaseUrl,
    dataDir,
    database: { url: databaseUrl, drop: () => Promise.resolve() },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
