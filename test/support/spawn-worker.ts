/** A worker in a process of its own (worker-process.ts), to be killed or frozen. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { location, type TestInstance } from "./test-instance.ts";

/** @param env on top: TEST_DATABASE_URL and TEST_STORE for other addresses, TEST_MODULE for other definitions, IROKO_FAILPOINT for where it dies */
export function spawnWorker(
  instance: TestInstance,
  ttlSeconds = 5,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, ["--conditions=@iroko/source", join(import.meta.dirname, "worker-process.ts")], {
    stdio: ["ignore", "inherit", "pipe"],
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      TEST_DATABASE_URL: instance.databaseUrl,
      TEST_PROJECT: instance.project.folder,
      TEST_LOCATION: location,
      TEST_TTL_SECONDS: String(ttlSeconds),
      ...env,
    },
  });
}
