/**
 * `npm run crash:long`: everything in this folder as long as it takes to believe it: 500 kills, 40 rounds of each fault. A
 * failing test says its seed; SEED=… in front makes the same choices again. CRASH_SECONDS=… ends the random kills after so long,
 * however many there were.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-global-setup=test/support/global-setup.ts", "test/crash/**/*.test.ts"],
  { cwd: root, stdio: "inherit", env: { ...process.env, CRASH: "long" } },
);
process.exitCode = status ?? 1;
