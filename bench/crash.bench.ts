/**
 * A backfill of 365 days of three assets with a worker killed -9 every second, beside the same backfill undisturbed. Whatever is
 * killed is started again, as a service manager would do it.
 *
 *   npm run bench -- crash [MILLISECONDS A STEP] [WORKERS] [SLOTS OF EACH]
 */
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { listWorkers, runProgress } from "@iroko/core/engine";
import { supervise, type Supervised } from "../test/crash/supervised.ts";
import { ownPostgres } from "../test/support/own-postgres.ts";
import { spawnWorker } from "../test/support/spawn-worker.ts";
import { testInstance } from "../test/support/test-instance.ts";
import { waitFor } from "../test/support/wait-for.ts";

const [stepMs = 250, workerCount = 8, slots = 1] = process.argv.slice(2).map(Number);
const days = 365;
/** As `iroko worker` does: what is started again need not be compiled again. */
const compileCache = join(tmpdir(), "node-compile-cache");
const killEveryMs = 1_000;

const definitions = `
  import { asset, daily, define } from "@iroko/core";
  const days = daily({ start: "2025-01-01", timezone: "Africa/Lagos" });
  const common = { partitions: days, materialize: () => new Promise((resolve) => setTimeout(resolve, ${stepMs})) };
  export const first = asset({ key: "first", ...common });
  export const second = asset({ key: "second", deps: { first }, ...common });
  export const third = asset({ key: "third", deps: { second }, ...common });
  export default define({ assets: [first, second, third] });
`;

await using stack = new AsyncDisposableStack();
const { database } = stack.use(await ownPostgres());
const instance = stack.use(await testInstance({ "iroko.config.ts": definitions }, { database }));
await instance.deploy();
const workers: readonly Supervised[] = Array.from({ length: workerCount }, () =>
  stack.use(supervise(() => spawnWorker(instance, 5, { TEST_SLOTS: String(slots), NODE_COMPILE_CACHE: compileCache }))),
);
await waitFor("the workers", async () => (await listWorkers(instance.db)).length === workerCount, { seconds: 120 });
await backfill("2025-01-01..2025-01-20"); // warm

const undisturbed = await backfill("2025-01-01..2025-12-31");
let kills = 0;
// One that has begun to work: what is killed while it starts never did anything.
const killer = setInterval(() => void killOne().catch(() => {}), killEveryMs);
const disturbed = await backfill("2025-01-01..2025-12-31");
clearInterval(killer);
const { rows } = await instance.db.query<{ n: number }>(
  `select count(*) as n from (
     select run, asset, version.key from iroko.event, jsonb_each(payload -> 'versions') as version
      where type = 'materialization' group by 1, 2, 3 having count(*) > 1) twice`,
);
console.log(
  `undisturbed          ${undisturbed.toFixed(1)} s, ${((3 * days) / undisturbed).toFixed(0)} steps a second`,
);
console.log(
  `a kill every second  ${disturbed.toFixed(1)} s, ${((3 * days) / disturbed).toFixed(0)} steps a second, ${kills} kills of ${workerCount} workers`,
);
console.log(
  `ratio                ${(disturbed / undisturbed).toFixed(2)} (goal under 2); partitions committed twice ${rows[0]?.n}`,
);
console.log(`load ${loadavg()[0]?.toFixed(1)}`);

async function killOne(): Promise<void> {
  const [oldest] = (await listWorkers(instance.db)).filter(({ beat, lockGone }) => beat > 0 && !lockGone);
  if (workers.find(({ child }) => child !== undefined && child.pid === oldest?.pid)?.child?.kill("SIGKILL")) kills += 1;
}

async function backfill(partitions: string): Promise<number> {
  const start = performance.now();
  const run = await instance.submit({ select: "*", partitions: { kind: "text", text: partitions } });
  const ended = await waitFor(
    "the backfill",
    async () => {
      const progress = await runProgress(instance.db, run);
      return progress && !["queued", "running"].includes(progress.status) && progress;
    },
    { seconds: 1800, everyMilliseconds: 100 },
  );
  if (ended.status !== "succeeded") throw new Error(`the backfill ${ended.status}`);
  return (performance.now() - start) / 1000;
}
