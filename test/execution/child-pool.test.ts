/** Real child processes: what they print, how they end, and what becomes of the next step. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  childPool,
  type ChildOutcome,
  type ChildPool,
  type ChildPoolOptions,
  type StepMessage,
  type StepSpec,
} from "@iroko/core/engine";
import { day, stepSpec } from "../support/step-spec.ts";
import { tempProject, type TempProject } from "../support/temp-project.ts";
import { waitFor } from "../support/wait-for.ts";

const definitions = `
  import { writeSync } from "node:fs";
  import { asset, byPartition, daily, define, env, resource } from "@iroko/core";
  import { z } from "zod";
  import { jsonLines } from "./json-lines.ts";

  const days = daily({ start: "2026-11-01", timezone: "UTC" });
  const never = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const step = (key, materialize, more = {}) => asset({ key, materialize, ...more });
  const database = resource({ key: "database", config: z.object({ url: z.string() }), open: ({ url }) => url });

  export default define({ assets: [
    step("empty", () => {}),
    step("prints", ({ log }) => {
      console.log("first line");
      process.stdout.write("no line end é");
      console.error("to stderr");
      log.info("through the log", { big: 12n });
    }),
    step("prints_more", () => { process.stdout.write("second step"); }),
    step("floods", () => { for (let i = 0; i < 20000; i++) console.log("line " + i + " " + "x".repeat(80)); }),
    step("waits", async ({ signal, log }) => { log.info("waiting"); await never(signal); }),
    step("spins", ({ log }) => { log.info("spinning"); for (;;); }),
    step("dies", () => { console.error("last words"); process.kill(process.pid, "SIGKILL"); return never(new AbortController().signal); }),
    step("exits", () => { process.exit(7); }),
    step("strays", async () => { setTimeout(() => { throw new Error("a stray") }); await new Promise(() => {}); }),
    step("fails", () => { throw new Error("as it must") }),
    step("pid", () => ({ metadata: { pid: process.pid } })),
    step("leaks_url", ({ resources }) => void resources.database, { resources: { database: database({ url: env("DATABASE_URL") }) } }),
    asset({
      key: "ranged", schema: z.object({ id: z.string() }), output: jsonLines("ranged"), partitions: days, backfill: "range",
      materialize: () => byPartition(({ key }) => { if (key === "2026-11-03") throw new Error("bad day"); return [{ id: key }]; }),
    }),
  ] });
`;

interface Told {
  readonly outcome: ChildOutcome;
  readonly messages: readonly StepMessage[];
  readonly stdout: string;
  readonly stderr: string;
}

interface Watch {
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: StepMessage) => void;
}

async function setup(options: Partial<ChildPoolOptions> = {}) {
  const project = await tempProject({ "iroko.config.ts": definitions });
  const pool = childPool({ module: project.file("iroko.config.ts"), slots: 1, ...options });
  return {
    pool,
    project,
    run: (name: string, spec: Partial<StepSpec> = {}, watch: Watch = {}) => runIn(pool, project, name, spec, watch),
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await project[Symbol.asyncDispose]();
    },
  };
}

async function runIn(
  pool: ChildPool,
  project: TempProject,
  name: string,
  spec: Partial<StepSpec>,
  watch: Watch,
): Promise<Told> {
  const messages: StepMessage[] = [];
  const printed = { stdout: "", stderr: "" };
  const outcome = await pool.run(stepSpec({ name, directory: project.file("work"), ...spec }), {
    onMessage: (message) => {
      messages.push(message);
      watch.onMessage?.(message);
    },
    onOutput: (stream, text) => (printed[stream] += text),
    ...(watch.signal ? { signal: watch.signal } : {}),
  });
  return { outcome, messages, ...printed };
}

function pidOf({ messages }: Told): number {
  const [message] = messages;
  const pid = message?.type === "built" ? message.output.metadata["pid"] : undefined;
  assert.ok(pid?.type === "int");
  return pid.value;
}

async function gone(pid: number): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await after(20)) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
  }
  assert.fail(`process ${pid} lives on`);
}

test("a child describes its definitions", async () => {
  await using it = await setup();
  const snapshot = await it.pool.describe();
  assert.ok(snapshot.assets.some(({ key }) => key === "prints"));
});

test("every byte printed belongs to the step that printed it, partial lines included", async () => {
  await using it = await setup();
  const [first, second, third] = await Promise.all([it.run("prints"), it.run("prints_more"), it.run("prints")]);
  assert.deepEqual([first.stdout, first.stderr], ["first line\nno line end é", "to stderr\n"]);
  assert.deepEqual([second.stdout, second.stderr], ["second step", ""]);
  assert.deepEqual([third.stdout, third.stderr], [first.stdout, first.stderr]);
  const [log] = first.messages;
  assert.ok(log?.type === "log");
  assert.deepEqual([log.level, log.message, log.fields], ["info", "through the log", { big: "12" }]);
});

test("much output arrives whole before the step has ended", async () => {
  await using it = await setup();
  const { stdout, outcome } = await it.run("floods");
  assert.equal(outcome.kind, "done");
  const lines = stdout.trimEnd().split("\n");
  assert.equal(lines.length, 20_000);
  assert.match(lines.at(-1)!, /^line 19999 /);
});

test("a child killed under its step is a death with its signal, and the next step runs", async () => {
  await using it = await setup();
  const { outcome } = await it.run("dies");
  assert.ok(outcome.kind === "died");
  assert.equal(outcome.signal, "SIGKILL");
  assert.deepEqual(outcome.lastLines, ["last words"]);
  assert.equal((await it.run("empty")).outcome.kind, "done");
});

test("a step that ends its process has died with that exit code", async () => {
  await using it = await setup();
  const { outcome } = await it.run("exits");
  assert.ok(outcome.kind === "died");
  assert.equal(outcome.code, 7);
});

test("a file that has changed makes no child: steps wait for those of the code that the first one loaded", async () => {
  for (const [changed, why] of [
    [definitions.replace('step("empty", () => {}),', ""), /iroko\.config\.ts has changed since/],
    ["half written {", /SyntaxError/],
  ] as const) {
    const warnings: string[] = [];
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (...words: unknown[]) => void warnings.push(JSON.stringify(words)),
    };
    const lost = Promise.withResolvers<unknown>();
    await using it = await setup({ slots: 2, log, onCodeLost: lost.resolve });
    await it.pool.describe();
    await it.project.write("iroko.config.ts", changed);
    const cancel = new AbortController();
    const waiting = it.run("waits", {}, { signal: cancel.signal });
    const order: string[] = [];
    const second = it.run("empty").finally(() => order.push("the second ended"));
    const isUseless = () => warnings.some((warning) => why.test(warning));
    await waitFor("another child to be of no use", isUseless, { seconds: 60 });
    order.push("the first was canceled");
    cancel.abort();
    assert.equal((await waiting).outcome.kind, "canceled");
    assert.equal((await second).outcome.kind, "done");
    assert.deepEqual(order, ["the first was canceled", "the second ended"]);

    // The last one that has the code dies: nobody is left to run the next step, which is not to blame.
    assert.equal((await it.run("dies")).outcome.kind, "died");
    const later = new AbortController();
    const orphan = it.run("empty", {}, { signal: later.signal });
    assert.match(String(await lost.promise), why);
    later.abort();
    assert.equal((await orphan).outcome.kind, "canceled");
  }
});

test("an error that nobody awaited fails the step and ends its process", async () => {
  await using it = await setup();
  const before = pidOf(await it.run("pid"));
  const { outcome } = await it.run("strays");
  assert.ok(outcome.kind === "failed");
  assert.match(outcome.error.message, /a stray/);
  assert.notEqual(pidOf(await it.run("pid")), before);
});

test("a failed step leaves its child warm", async () => {
  await using it = await setup();
  const before = pidOf(await it.run("pid"));
  const { outcome } = await it.run("fails");
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.error.code, "USER_CODE");
  assert.match(outcome.error.stack!, /iroko\.config\.ts:\d+:\d+/);
  assert.equal(pidOf(await it.run("pid")), before);
});

test("cancel reaches a step that listens, and its child stays", async () => {
  await using it = await setup();
  const before = pidOf(await it.run("pid"));
  const controller = new AbortController();
  const { outcome } = await it.run("waits", {}, { signal: controller.signal, onMessage: () => controller.abort() });
  assert.equal(outcome.kind, "canceled");
  assert.equal(pidOf(await it.run("pid")), before);
});

test("cancel kills a step that does not listen within two seconds or so", async () => {
  await using it = await setup();
  const controller = new AbortController();
  let canceledAt = 0;
  const cancel = (): void => {
    canceledAt = performance.now();
    controller.abort();
  };
  const { outcome } = await it.run("spins", {}, { signal: controller.signal, onMessage: cancel });
  const tookMs = performance.now() - canceledAt;
  assert.equal(outcome.kind, "canceled");
  assert.ok(tookMs > 1_900 && tookMs < 4_000, `took ${tookMs} ms`);
});

test("a step that waits for a slot is canceled without having run", async () => {
  await using it = await setup();
  const holding = new AbortController();
  const waiting = new AbortController();
  const held = it.run("waits", {}, { signal: holding.signal, onMessage: () => waiting.abort() });
  const { outcome, messages } = await it.run("waits", {}, { signal: waiting.signal });
  assert.deepEqual([outcome.kind, messages], ["canceled", []]);
  holding.abort();
  assert.equal((await held).outcome.kind, "canceled");
});

test("a range tells its good days though the third fails", async () => {
  await using it = await setup();
  const partitions = [day("2026-11-01"), day("2026-11-02"), day("2026-11-03")];
  const { outcome, messages } = await it.run("ranged", { partitions });
  assert.equal(outcome.kind, "failed");
  const built = messages.flatMap((message) => (message.type === "built" ? [message.output.partition] : []));
  assert.deepEqual(built, partitions.slice(0, 2));
});

test("as many steps run at once as there are slots", async () => {
  await using it = await setup({ slots: 2 });
  const controller = new AbortController();
  let waiting = 0;
  const bothWait = (): void => void (++waiting === 2 && controller.abort());
  const watch = { signal: controller.signal, onMessage: bothWait };
  const outcomes = await Promise.all([it.run("waits", {}, watch), it.run("waits", {}, watch)]);
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome.kind),
    ["canceled", "canceled"],
  );
});

test("a child is replaced once it has run its share of steps", async () => {
  await using it = await setup({ recycleAfterSteps: 2 });
  const pids: number[] = [];
  for (let i = 0; i < 4; i++) pids.push(pidOf(await it.run("pid")));
  assert.equal(pids[0], pids[1]);
  assert.notEqual(pids[1], pids[2]);
  assert.equal(pids[2], pids[3]);
});

test("Iroko's own database address is kept from user code, and the error says so", async () => {
  await using it = await setup({ env: { ...process.env, DATABASE_URL: "postgres://secret@127.0.0.1/iroko" } });
  const { outcome } = await it.run("leaks_url");
  assert.ok(outcome.kind === "failed");
  assert.equal(outcome.error.code, "ENV_MISSING");
  assert.match(outcome.error.hint!, /another name/);
});

test("closing waits for the running step within its grace, then kills it", async () => {
  await using it = await setup();
  const started = Promise.withResolvers<void>();
  const running = it.run("spins", {}, { onMessage: () => started.resolve() });
  await started.promise;
  await it.pool.close({ graceSeconds: 0.2 });
  const { outcome } = await running;
  assert.ok(outcome.kind === "died");
  assert.equal((await it.run("empty")).outcome.kind, "canceled");
});

test("a step that is canceled while it waits, just as the child comes free, takes no child with it", async () => {
  await using it = await setup();
  await it.run("empty"); // one child, warm: the only one there will be
  const waiter = new AbortController();
  const { signal } = new AbortController();
  // The child lets go of the step's signal, and goes to the next step some turns of the microtask queue later: the waiting
  // one is canceled in between.
  signal.removeEventListener = () => queueMicrotask(() => waiter.abort());
  const [first, second] = await Promise.all([
    it.run("empty", {}, { signal }),
    it.run("empty", {}, { signal: waiter.signal }),
  ]);
  assert.deepEqual([first.outcome.kind, second.outcome.kind], ["done", "canceled"]);
  const third = await Promise.race([it.run("empty"), after(30_000, undefined, { ref: false })]);
  assert.equal(third?.outcome.kind, "done", "the child is there for the next step");
});

for (const name of ["waits", "spins"]) {
  test(`a child whose parent is killed -9 goes too, while its step ${name}`, async (t) => {
    await using project = await tempProject({ "iroko.config.ts": definitions });
    const parentScript = `
      import { childPool } from "@iroko/core/engine";
      import { stepSpec } from ${JSON.stringify(fileURLToPath(new URL("../support/step-spec.ts", import.meta.url)))};
      const pool = childPool({ module: ${JSON.stringify(project.file("iroko.config.ts"))}, slots: 1 });
      const run = (name, onMessage) =>
        pool.run(stepSpec({ name, directory: ${JSON.stringify(project.file("work"))} }), { onMessage, onOutput() {} });
      await run("pid", ({ output }) => console.log(output.metadata.pid.value));
      await run(${JSON.stringify(name)}, () => console.log("running"));
    `;
    await project.write("parent.ts", parentScript);
    const parent = spawn(process.execPath, [project.file("parent.ts")], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => parent.kill("SIGKILL"));
    // Read as they were printed: both may come in one chunk.
    const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
    const { value: pid } = await lines.next();
    assert.match(pid as string, /^\d+$/);
    assert.equal((await lines.next()).value, "running");
    parent.kill("SIGKILL");
    await gone(Number(pid));
  });
}
