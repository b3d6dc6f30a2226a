/** Code that changes under runs: a deploy with old and new workers side by side, what is held by it, and the way out. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { listSteps, listWorkers, openDatabase, runProgress, type StepRecord } from "@iroko/core/engine";
import { createMigratedDatabase } from "../support/database.ts";
import type { RunningCli } from "../support/run-cli.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject } from "./cli-project.ts";

/** Each partition waits for a file of its name, and says which code made it. */
const waiting = (code: string, others = ""): string => `
  import { existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, define, fixed } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  const schema = z.object({ code: z.string() });
  export const slow = asset({
    key: "slow", partitions: fixed(["a", "b", "c", "d"]), codeVersion: "${code}", schema, output: jsonLines("slow"),
    async materialize(ctx) {
      writeFileSync(here("began-" + ctx.partition.key), "${code}");
      while (!existsSync(here("go-" + ctx.partition.key))) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ code: "${code}" }];
    },
  });
  ${others}
  export default define({ assets: [slow${others === "" ? "" : ", former"}] });
`;
const former = `export const former = asset({ key: "former", deps: { slow }, schema, output: jsonLines("former"), materialize: () => [] });`;

async function setup(config: string) {
  const database = await createMigratedDatabase();
  const project = await cliProject({ "iroko.config.ts": config }, { DATABASE_URL: database.url });
  const db = openDatabase(database.url);
  const workers: RunningCli[] = [];
  const done = async (args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> => {
    const result = await project.iroko(args, { seconds: 120 });
    assert.equal(result.exitCode, 0, `iroko ${args.join(" ")}\n${result.stdout}\n${result.stderr}`);
    return result;
  };
  return {
    db,
    project,
    done,
    submit: async (select: string, partitions: string): Promise<string> =>
      (await done(["backfill", "--select", select, "--partitions", partitions, "--detach"])).stdout.trim(),
    async worker(): Promise<RunningCli> {
      const worker = project.start(["worker", "--slots", "1"], { seconds: 180 });
      workers.push(worker);
      await waitFor("the worker to be ready", () => worker.stderr().includes("is ready"), { seconds: 60 });
      return worker;
    },
    began: (partition: string) =>
      waitFor(`${partition} to begin`, () => existsSync(project.file(`began-${partition}`)), { seconds: 60 }),
    ended: (run: string) =>
      waitFor(
        `run ${run} to end`,
        async () => {
          const progress = await runProgress(db, run);
          const isEnded = progress !== undefined && !["queued", "running"].includes(progress.status);
          return isEnded && progress.unpublished === 0 && progress.status;
        },
        { seconds: 60 },
      ),
    made: async (partition: string): Promise<string> =>
      (JSON.parse(await readFile(project.file(`.iroko/store/slow/${partition}.jsonl`), "utf8")) as { code: string })
        .code,
    async [Symbol.asyncDispose]() {
      for (const { child } of workers) child.kill("SIGKILL");
      await Promise.allSettled(workers.map(({ ended }) => ended));
      await db.close();
      await project[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

const byKey = (steps: readonly StepRecord[]) => new Map(steps.map((step) => [step.keys?.[0] ?? step.name, step]));

test("a deploy: old and new code run side by side, each step once, until the old worker is left with nothing and stops", async () => {
  await using it = await setup(waiting("1"));
  await it.done(["deploy"]);
  const old = await it.worker();
  const before = await it.submit("slow", "a,b,c");
  await it.began("a");

  await it.project.write("iroko.config.ts", waiting("2"));
  const { stdout, stderr } = await it.done(["deploy"]);
  assert.match(stdout, /^~ slow: code$/m);
  assert.match(stderr, new RegExp(`3 steps of run ${before}: planned with other code, for workers that have it`));
  const young = await it.worker();
  const after = await it.submit("slow", "d");
  await it.began("d");
  const running = (await Promise.all([before, after].map((run) => listSteps(it.db, run, { limit: 10 })))).flat();
  const workers = running.flatMap(({ status, worker }) => (status === "running" ? [worker] : []));
  assert.equal(new Set(workers).size, 2, "one step of each code at the same time");
  const doctor = await it.done(["doctor"]);
  assert.match(doctor.stdout, /1 of 1 slot busy, of other code than is deployed/);

  await Promise.all(["a", "b", "c", "d"].map((key) => it.project.write(`go-${key}`, "")));
  assert.deepEqual([await it.ended(before), await it.ended(after)], ["succeeded", "succeeded"]);
  assert.deepEqual(await Promise.all(["a", "b", "c", "d"].map(it.made)), ["1", "1", "1", "2"]);
  for (const { attempt, lostAttempts } of [
    ...(await listSteps(it.db, before, { limit: 10 })),
    ...(await listSteps(it.db, after, { limit: 10 })),
  ]) {
    assert.deepEqual([attempt, lostAttempts], [1, 0]);
  }
  const ended = await old.ended;
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.match(ended.stderr, /other code was deployed and a worker has it; nothing is left for this one, which stops/);
  assert.equal(young.child.exitCode, null);
  assert.equal((await listWorkers(it.db)).length, 1);
  const again = await it.submit("slow", "a");
  assert.equal(await it.ended(again), "succeeded");
  assert.equal(await it.made("a"), "2");
});

test("CODE_MOVED: what no worker has the code of is held, and the remedy that doctor prints makes it by the code of now", async () => {
  await using it = await setup(waiting("1", former));
  await it.done(["deploy"]);
  const run = await it.submit("slow or former", "a,b");
  await it.project.write("iroko.config.ts", waiting("2"));
  await it.done(["deploy"]);
  await it.worker();
  // A minute is waited for a worker that has the code.
  await it.db.query("update iroko.step set ready_at = ready_at - interval '2 minutes' where run = $1", [run]);
  const remedy = await waitFor(
    "doctor to say what is to be done",
    async () => {
      const { stdout } = await it.project.iroko(["doctor", "--json"]);
      const { findings } = JSON.parse(stdout) as {
        findings: readonly { about: string; message: string; remedy?: string }[];
      };
      return findings.find(({ about, message }) => about === "runs" && message.includes("CODE_MOVED"))?.remedy;
    },
    { seconds: 60 },
  );
  const shown = await it.done(["runs", "show", run]);
  assert.match(shown.stdout, /CODE_MOVED: no live worker has the code it was planned with/);

  await Promise.all(["a", "b"].map((key) => it.project.write(`go-${key}`, "")));
  const commands = remedy.slice(remedy.indexOf("iroko runs")).split(" && ");
  assert.deepEqual(commands, [`iroko runs cancel ${run}`, `iroko runs retry ${run}`]);
  for (const command of commands) await it.done(command.split(" ").slice(1));
  assert.deepEqual(await Promise.all(["a", "b"].map(it.made)), ["2", "2"]);
  const { rows } = await it.db.query<{ id: string }>("select id from iroko.run where parent = $1", [run]);
  assert.equal(await it.ended(rows[0]!.id), "succeeded");
  const steps = byKey(await listSteps(it.db, rows[0]!.id, { limit: 10 }));
  assert.deepEqual([...steps.keys()].toSorted(), ["a", "b"], "what the code of now has no more is left out");
});

test("a command whose own worker has lost its code says so and ends: the run is left for another to go on with", async () => {
  const code = (text: string): string => `
    import { writeFileSync } from "node:fs";
    import { asset, define, retryPolicy } from "@iroko/core";
    const file = new URL("iroko.config.ts", import.meta.url);
    export const changing = asset({
      key: "changing", retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.01 }),
      async materialize(ctx) {
        writeFileSync(file, ${JSON.stringify("half written {")});
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => {});
      },
    });
    export default define({ assets: [changing${text}] });
  `;
  await using it = await setup(code(""));
  await it.done(["deploy"]);
  const { exitCode, stderr } = await it.project.iroko(["materialize", "--select", "changing"]);
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, /DEFINITIONS_THREW[^]*Run \S+ was left as it is/);
  assert.deepEqual(await listWorkers(it.db), []);
});
