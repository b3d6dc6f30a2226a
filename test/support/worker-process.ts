/** A worker in a process of its own, to be killed. */
import { join } from "node:path";
import { objectCache, openStore } from "@iroko/assets";
import { startWorker } from "@iroko/core/engine";

const { TEST_DATABASE_URL: databaseUrl, TEST_PROJECT: project, TEST_LOCATION: location } = process.env;
if (!databaseUrl || !project || !location)
  throw new Error("TEST_DATABASE_URL, TEST_PROJECT and TEST_LOCATION are wanted");

const worker = await startWorker({
  databaseUrl,
  location,
  module: join(project, process.env["TEST_MODULE"] ?? "iroko.config.ts"),
  store: await openStore(process.env["TEST_STORE"] ?? join(project, "store")),
  cache: objectCache({ directory: join(project, "cache"), maxBytes: 2 ** 30 }),
  workFolder: join(project, "work"),
  slots: Number(process.env["TEST_SLOTS"] ?? 1),
  memoryBytes: 2 ** 30,
  ttlSeconds: Number(process.env["TEST_TTL_SECONDS"] ?? 5),
});
worker.stopped.catch((reason: Error) => {
  console.error(reason.message);
  process.exit(3);
});
// Nothing else keeps the process: its loops never hold it up. A test that was killed leaves none behind.
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(1), 1_000);
