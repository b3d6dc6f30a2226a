/** Keeps one PostgreSQL running for all files of a run. */
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { openTestServer } from "./test-server.ts";

let server: EmbeddedPostgres | undefined;

export async function globalSetup(): Promise<void> {
  server = await openTestServer();
}

export async function globalTeardown(): Promise<void> {
  await server?.close();
}
