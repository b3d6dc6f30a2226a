/**
 * A worker that is left alone while everything around it breaks: its children are killed, its connections are cut, backfill
 * follows backfill. It holds no more memory, handles or rows at the end than it did once it was warm, and asks no longer for a
 * run than it did.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { listWorkers } from "@iroko/core/engine";
import { pick, seeded } from "../support/seeded.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { effort } from "./effort.ts";
import { quantile } from "./figures.ts";
import { assertAtRest } from "./invariants.ts";
import { childrenOf, signalTo } from "./supervised.ts";

const soakSeconds = effort(6, 1_800);
const leastRuns = 9;
const definitions = `
  import { z } from "zod";
  import { asset, daily, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-01-01", timezone: "UTC" });
  const schema = z.object({ text: z.string() });
  const common = { partitions: days, schema, retry: retryPolicy({ maxRetries: 20, baseSeconds: 0.05, capSeconds: 0.2 }) };
  const rows = () => Array(200).fill({ text: "word ".repeat(20) });
  export const first = asset({ ...common, key: "first", output: jsonLines("first"), materialize: rows });
  export const second = asset({ ...common, key: "second", deps: { first }, output: jsonLines("second"), materialize: rows });
  export default define({ assets: [first, second] });
`;
const request = { select: "*", partitions: { kind: "text" as const, text: "2026-01-01..2026-01-05" } };
const skip = existsSync("/proc/self/fd") ? false : "it needs /proc to see what a process holds";

test("a worker that lives through many faults leaks no memory, no handles and no rows", { skip }, async (t) => {
  const chance = seeded();
  await using instance = await testInstance({ "iroko.config.ts": definitions });
  const { snapshot } = await instance.deploy();
  const worker = spawnWorker(instance, 60, { TEST_SLOTS: "2" });
  try {
    const pid = worker.pid!;
    await waitFor("the worker", async () => (await listWorkers(instance.db)).length === 1, { seconds: 60 });
    const faults = {
      child: () =>
        void childrenOf(pid)
          .slice(0, 1)
          .map((child) => signalTo(child, "SIGKILL")),
      connections: () =>
        instance.db.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name like 'iroko worker %' and random() < 0.3`,
        ),
    };
    const seen: { readonly rss: number; readonly handles: number; readonly took: number }[] = [];
    const startedAt = performance.now();
    while (seen.length < leastRuns || performance.now() - startedAt < soakSeconds * 1000) {
      const since = performance.now();
      const run = await instance.submit(request);
      await faults[pick(chance, ["child", "connections"] as const)]();
      assert.equal((await instance.ended(run, 120)).status, "succeeded");
      seen.push({ rss: rssOf(pid), handles: handlesOf(pid), took: performance.now() - since });
    }
    assert.equal(worker.exitCode, null);
    assert.equal((await listWorkers(instance.db)).length, 1, "it was there all the time");
    await assertAtRest(instance.db, instance.store, snapshot);
    const { rows } = await instance.db.query<{ jobs: number }>(
      "select count(*) as jobs from graphile_worker._private_jobs",
    );
    assert.equal(rows[0]?.jobs, 0, "the queue is empty");

    const third = Math.floor(seen.length / 3);
    const [early, late] = [seen.slice(0, third), seen.slice(-third)];
    const usual = (part: typeof seen, of: keyof (typeof seen)[number]): number =>
      quantile(
        part.map((one) => one[of]),
        0.5,
      );
    const mebibytes = (part: typeof seen): string => `${(usual(part, "rss") / 2 ** 20).toFixed(0)} MiB`;
    t.diagnostic(
      `seed ${chance.seed}: ${seen.length} backfills in ${((performance.now() - startedAt) / 1000).toFixed(0)} s; memory ${mebibytes(early)} to ` +
        `${mebibytes(late)}, handles ${usual(early, "handles")} to ${usual(late, "handles")}, a backfill ${usual(early, "took").toFixed(0)} to ${usual(late, "took").toFixed(0)} ms`,
    );
    assert.ok(usual(late, "rss") < 1.3 * usual(early, "rss") + 64 * 2 ** 20, "its memory does not grow");
    assert.ok(usual(late, "handles") <= usual(early, "handles") + 8, "its handles are given back");
    assert.ok(usual(late, "took") < 10 * usual(early, "took"), "a run takes no longer");
  } finally {
    worker.kill("SIGKILL");
  }
});

function rssOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

const handlesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
