/**
 * The failure matrix: a worker is killed, or frozen until others have taken over, at each numbered step of claim, stage,
 * finish and publish. The new version is committed once, a reader of the stable path sees the old one whole or the new one
 * whole, and what was left behind is known.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { after, describe, test } from "node:test";
import type { Snapshot } from "@iroko/core";
import { listEvents, listPartitions, listSteps, runProgress } from "@iroko/core/engine";
import type { Failpoint } from "../../packages/core/src/execution/failpoint.ts";
import { spawnWorker } from "../support/spawn-worker.ts";
import { testInstance, type TestInstance } from "../support/test-instance.ts";
import { waitFor } from "../support/wait-for.ts";
import { assertAtRest } from "./invariants.ts";
import { keepReading } from "./reader.ts";

const rows = 2_000;
const definitions = `
  import { existsSync, readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  export const table = asset({
    key: "table", schema: z.object({ generation: z.string() }), output: jsonLines("table"),
    materialize: () => Array(${rows}).fill({ generation: readFileSync(new URL("generation", import.meta.url), "utf8") }),
  });
  /** Keeps the worker that is to take over busy until it may. */
  export const holder = asset({
    key: "holder",
    async materialize(ctx) {
      while (!existsSync(new URL("go", import.meta.url))) await new Promise((resolve) => setTimeout(resolve, 20));
    },
  });
  export default define({ assets: [table, holder] });
`;
const generation = (version: number): string => `${JSON.stringify({ generation: String(version) })}\n`.repeat(rows);

interface Row {
  readonly at: Failpoint;
  readonly when: string;
  /** Whether the version was committed by then: nobody makes it again. */
  readonly committed: boolean;
  /** Objects that no row names. */
  readonly orphans: number;
}

const matrix: readonly Row[] = [
  { at: "claim.locked", when: "while it claims", committed: false, orphans: 0 },
  { at: "claim.committed", when: "after its claim", committed: false, orphans: 0 },
  { at: "stage.built", when: "after building, before the upload", committed: false, orphans: 0 },
  { at: "stage.put", when: "after the upload, before it is recorded", committed: false, orphans: 1 },
  { at: "stage.recorded", when: "after the upload is recorded, before the commit", committed: false, orphans: 0 },
  { at: "finish.written", when: "in its commit", committed: false, orphans: 0 },
  { at: "finish.committed", when: "after its commit, before publishing", committed: true, orphans: 0 },
  { at: "publish.read", when: "before the stable path is changed", committed: true, orphans: 0 },
  {
    at: "publish.copied",
    when: "after the stable path is changed, before that is recorded",
    committed: true,
    orphans: 0,
  },
  { at: "publish.marked", when: "after all is done", committed: true, orphans: 0 },
];

/** Of the one that is frozen, as short as a busy machine bears; of all others, longer than any pause of theirs. */
const ttlSeconds = { kill: 30, freeze: 4 };
/** Of every wait: none of them is what is tested, and the machine may be busy. */
const patient = { seconds: 90, everyMilliseconds: 50 };
const timeout = 590_000;

/** An instance that one crash after the other happens to. */
interface Setting {
  readonly instance: TestInstance;
  readonly snapshot: Snapshot;
  /** That is published. */
  version: number;
  /** Objects that no row names, those of all crashes so far. */
  orphans: number;
}

/** Those that nothing happens to just now. */
const idle: Setting[] = [];

/** The first version is made and published, by the worker that will take over. */
async function setUp(): Promise<Setting> {
  const instance = await testInstance({ "iroko.config.ts": definitions, generation: "1" });
  instances.push(instance);
  const { snapshot } = await instance.deploy();
  await instance.startWorker({ slots: 1, ttlSeconds: 30 });
  await instance.ended(await submit(instance, "table"), patient.seconds);
  return { instance, snapshot, version: 1, orphans: 0 };
}

const instances: TestInstance[] = [];
after(async () => void (await Promise.all(instances.map((instance) => instance[Symbol.asyncDispose]()))));

const submit = (instance: TestInstance, select: string): Promise<string> =>
  instance.submit({ select, partitions: { kind: "unspecified" } });

const stable = ({ project }: TestInstance): string => project.file("store/table.jsonl");

/** A worker crashes while it makes the next version, while somebody reads; the other one, busy until then, takes over. */
async function crash(setting: Setting, row: Row, action: "kill" | "freeze"): Promise<void> {
  const { instance, snapshot } = setting;
  const version = (setting.version += 1);
  const orphans = (setting.orphans += row.orphans);
  await rm(instance.project.file("go"), { force: true });
  const held = await submit(instance, "holder");
  await waitFor(
    "the other worker to be busy",
    async () => (await runProgress(instance.db, held))?.running === 1,
    patient,
  );
  await instance.project.write("generation", String(version));

  const lostBefore = await frozenLost(instance);
  let isNew = false;
  const reader = keepReading(
    () => readFile(stable(instance), "utf8"),
    (text) => {
      const isWhole = text === generation(version) || (!isNew && text === generation(version - 1));
      assert.ok(isWhole, `torn, or back: ${text.length} bytes, ${text.slice(0, 30)}`);
      isNew = text === generation(version);
    },
  );
  const victim = spawnWorker(instance, ttlSeconds[action], { IROKO_FAILPOINT: `${row.at}=${action}` });
  let said = "";
  victim.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  try {
    const run = await submit(instance, "table");
    const hasCrashed = (): boolean =>
      action === "kill" ? victim.signalCode !== null || victim.exitCode !== null : isFrozen(victim);
    await waitFor(`the worker to ${action === "kill" ? "die" : action}`, hasCrashed, patient);
    if (action === "kill") assert.equal(victim.signalCode, "SIGKILL", said);
    await instance.project.write("go", "");
    for (const each of [held, run]) assert.equal((await instance.ended(each, patient.seconds)).status, "succeeded");

    const assertOnce = async (): Promise<void> => {
      const rest = await assertAtRest(instance.db, instance.store, snapshot);
      assert.equal(rest.orphans.length, orphans, rest.orphans.join(", "));
      const [partition] = await listPartitions(instance.db, "table", { limit: 1 });
      assert.deepEqual([partition?.version, partition?.publishedVersion], [version, version]);
      assert.equal(await readFile(stable(instance), "utf8"), generation(version));
      const [step] = await listSteps(instance.db, run, { limit: 1 });
      const isLostAttempt = !row.committed && row.at !== "claim.locked";
      assert.deepEqual([step?.status, step?.lostAttempts], ["succeeded", isLostAttempt ? 1 : 0]);
    };
    await assertOnce();
    if (action === "freeze") {
      await waitFor(
        "the frozen worker to be declared dead",
        async () => (await frozenLost(instance)) > lostBefore,
        patient,
      );
      const exit = once(victim, "exit");
      victim.kill("SIGCONT");
      assert.deepEqual(await exit, [3, null], said);
      assert.match(said, /declared dead|no beat reached/);
      await assertOnce();
    }
    assert.ok(reader.reads > 0);
  } finally {
    victim.kill("SIGKILL");
    await reader.stop();
  }
}

const skip = existsSync("/proc/self/stat") ? false : "it needs /proc to see that a process is frozen";

describe("the failure matrix: the version is committed once, and seen whole", { concurrency: 3 }, () => {
  for (const row of matrix) {
    test(
      `a worker is killed ${row.when}; another is frozen there, and changes nothing when it wakes`,
      { timeout, skip },
      async () => {
        const setting = idle.pop() ?? (await setUp());
        await crash(setting, row, "kill");
        await crash(setting, row, "freeze");
        idle.push(setting); // one that a crash has left in disorder is not used again
      },
    );
  }
});

function isFrozen({ pid }: ChildProcess): boolean {
  return /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** Workers that were declared dead because they were silent. */
async function frozenLost({ db }: TestInstance): Promise<number> {
  const events = await listEvents(db, {}, { limit: 1000 });
  return events.filter(
    ({ type, payload }) => type === "worker_lost" && (payload as { cause?: string }).cause === "frozen",
  ).length;
}
