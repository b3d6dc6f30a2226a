/**
 * The disk under Postgres is full: what is asked for is refused or waits, nothing is lost and nothing counted against a step.
 * Once there is room again, all of it goes on by itself.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { listSteps, migrate, openDatabase } from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { endWithUs } from "../support/end-with-us.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { testInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { assertAtRest } from "./invariants.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  export const table = asset({
    key: "table", partitions: daily({ start: "2026-01-01", timezone: "UTC" }), schema: z.object({ day: z.string() }), output: jsonLines("table"),
    async materialize({ partition }) {
      while (!existsSync(new URL("go", import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 20));
      return [{ day: partition.key }];
    },
  });
  export default define({ assets: [table] });
`;
const request = { select: "table", partitions: { kind: "text" as const, text: "2026-01-01..2026-01-20" } };
const patient = { seconds: 120, everyMilliseconds: 50 };

test(
  "while Postgres has no room nothing is lost, and it all goes on once there is",
  { timeout: 400_000 },
  async (t) => {
    using disk = createTempDir("disk");
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=320m,mode=755", "tmpfs", disk.path], {
      encoding: "utf8",
    });
    if (mounted.status !== 0)
      return t.skip(`no file system of its own: ${mounted.error?.message ?? mounted.stderr.trim()}`);
    const postgres = await openEmbeddedPostgres({ home: disk.path, say: () => {} });
    endWithUs(join(postgres.dataDir, "postmaster.pid"));
    try {
      const own = openDatabase(postgres.databaseUrl);
      await migrate(own);
      await own.close();
      await using instance = await testInstance(
        { "iroko.config.ts": definitions },
        { database: { url: postgres.databaseUrl, drop: () => Promise.resolve() } },
      );
      const { snapshot } = await instance.deploy();
      await instance.startWorker({ slots: 2, ttlSeconds: 120 });
      const runs = [await instance.submit(request)];
      const isRunning = async (): Promise<boolean> =>
        (await listSteps(instance.db, runs[0]!, { limit: 20 })).some(({ status }) => status === "running");
      await waitFor("its steps to run", isRunning, patient);

      const filler = join(disk.path, "filler");
      fill(filler);
      await instance.project.write("go", "");
      let refused = 0;
      for (let count = 0; count < 5; count += 1) {
        const run = await instance.submit(request).catch(() => undefined);
        if (run === undefined) refused += 1;
        else runs.push(run);
      }
      const large = "create table if not exists public.large as select * from generate_series(1, 1000000)";
      await assert.rejects(instance.db.query(large), "there is no room");
      rmSync(filler);

      for (const run of runs) assert.equal((await instance.ended(run, patient.seconds)).status, "succeeded");
      const steps = await listSteps(instance.db, runs[0]!, { limit: 20 });
      assert.ok(steps.every(({ attempt, lostAttempts }) => attempt - lostAttempts <= 1));
      await assertAtRest(instance.db, instance.store, snapshot);
      t.diagnostic(`${runs.length} runs of 20 steps, ${refused} were refused while the disk was full; none was lost`);
    } finally {
      await postgres.close();
      spawnSync("umount", ["-l", disk.path]);
    }
  },
);

/** To the last byte. */
function fill(file: string): void {
  for (let bytes = 2 ** 20; bytes >= 1;) {
    try {
      appendFileSync(file, Buffer.alloc(bytes));
    } catch {
      bytes = Math.floor(bytes / 4);
    }
  }
}
