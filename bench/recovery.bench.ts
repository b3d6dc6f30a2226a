/**
 * How soon a step's own code runs again whose worker was killed -9, and one whose worker was frozen: on another worker of the
 * same machine, beside a Postgres with fsync.
 *
 *   npm run bench -- recovery [KILLS] [FREEZES]
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { listSteps, listWorkers } from "@iroko/core/engine";
import { supervise, type Supervised } from "../test/crash/supervised.ts";
import { ownPostgres } from "../test/support/own-postgres.ts";
import { spawnWorker } from "../test/support/spawn-worker.ts";
import { testInstance } from "../test/support/test-instance.ts";
import { waitFor } from "../test/support/wait-for.ts";
import { quantile } from "./engine.ts";

const [kills, freezes] = [Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 5)];
const ttlSeconds = 5;
const patient = { seconds: 120, everyMilliseconds: 5 };

/** The body says when it began, and goes on until it is let go. */
const definitions = `
  import { existsSync, writeFileSync } from "node:fs";
  import { asset, daily, define } from "@iroko/core";
  const days = daily({ start: "2025-01-01", timezone: "UTC" });
  export const slow = asset({
    key: "slow", partitions: days,
    async materialize({ partition, attempt }) {
      writeFileSync(new URL("began-" + partition.key + "-" + attempt, import.meta.url), String(Date.now()));
      while (!existsSync(new URL("go-" + partition.key, import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  });
  export default define({ assets: [slow] });
`;

await using stack = new AsyncDisposableStack();
const { database } = stack.use(await ownPostgres());
const instance = stack.use(await testInstance({ "iroko.config.ts": definitions }, { database }));
await instance.deploy();
const workers: readonly Supervised[] = [0, 1].map(() => stack.use(supervise(() => spawnWorker(instance, ttlSeconds))));

let day = Temporal.PlainDate.from("2025-01-01");
const killed: number[] = [];
for (let count = 0; count < kills; count += 1) killed.push(await recovery((child) => child.kill("SIGKILL")));
const frozen: number[] = [];
for (let count = 0; count < freezes; count += 1) {
  let victim: ChildProcess | undefined;
  frozen.push(await recovery((child) => (victim = child).kill("SIGSTOP")));
  victim?.kill("SIGKILL");
}
report("kill -9 to the step's code running again", killed, "median < 1 s, p99 < 2 s");
report(`freeze to takeover, TTL ${ttlSeconds} s`, frozen, `< ${ttlSeconds + 1} s`);
console.log(`load ${loadavg()[0]?.toFixed(1)}`);

/** Of one step: both workers are ready, one has it, and is hit. */
async function recovery(hit: (child: ChildProcess) => unknown): Promise<number> {
  const pids = await waitFor("both workers", readyPids, patient);
  day = day.add({ days: 1 });
  const key = day.toString();
  const run = await instance.submit({ select: "slow", partitions: { kind: "text", text: key } });
  await waitFor("the step's code", () => beganAt(key, 1), patient);
  const [step] = await listSteps(instance.db, run, { limit: 1 });
  const pid = (await listWorkers(instance.db)).find((worker) => worker.id === step?.worker)?.pid;
  const child = workers.find((worker) => worker.child?.pid === pid)?.child;
  if (child === undefined || pid === undefined || !pids.includes(pid))
    throw new Error("no worker of ours has the step");
  const at = Date.now();
  hit(child);
  const again = await waitFor("the step's code, again", () => beganAt(key, 2), patient);
  await instance.project.write(`go-${key}`, "");
  await instance.ended(run, patient.seconds);
  return again - at;
}

async function readyPids(): Promise<readonly number[] | undefined> {
  const alive = workers.flatMap(({ child }) => child?.pid ?? []);
  const registered = (await listWorkers(instance.db)).filter((worker) => alive.includes(worker.pid) && worker.beat > 1);
  return registered.length === workers.length ? registered.map(({ pid }) => pid) : undefined;
}

function beganAt(key: string, attempt: number): number | undefined {
  const file = instance.project.file(`began-${key}-${attempt}`);
  return existsSync(file) ? Number(readFileSync(file, "utf8")) || undefined : undefined;
}

function report(what: string, milliseconds: readonly number[], goal: string): void {
  const seconds = (part: number): string => `${(quantile(milliseconds, part) / 1000).toFixed(2)} s`;
  console.log(
    `${what.padEnd(42)} n ${milliseconds.length}, median ${seconds(0.5)}, p99 ${seconds(0.99)}, max ${seconds(1)} (goal ${goal})`,
  );
}
