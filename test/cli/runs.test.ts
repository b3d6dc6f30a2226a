/** `iroko runs …` over what really ran: a success, a failure with retries, a cancel. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = `
  import { existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, retryPolicy } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const shaky = asset({
    key: "shaky", partitions: days, schema, output: jsonLines("shaky"),
    retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01, capSeconds: 0.02 }),
    materialize(ctx) {
      console.log("reading", ctx.partition.key, "try", ctx.attempt);
      console.error("careful");
      ctx.log.info("rows counted");
      if (ctx.partition.key === "2026-11-02" && !existsSync(here("mended"))) throw new TypeError("no such column");
      return [{ n: 1 }];
    },
  });
  export const slow = asset({
    key: "slow", schema, output: jsonLines("slow"), pools: ["one_at_a_time"],
    async materialize(ctx) {
      console.log("first line");
      writeFileSync(here("started"), "");
      while (!existsSync(here("go")) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log("last line");
      return [{ n: 1 }];
    },
  });
  export default define({ assets: [shaky, slow] });
`;

let project: CliProject;
let server: EmbeddedPostgres;
let failed: string;
before(async () => {
  project = await cliProject({ "iroko.config.ts": definitions });
  server = await project.holdServer();
  const made = await project.iroko([
    "materialize",
    "--select",
    "shaky",
    "--partition",
    "2026-11-01..2026-11-03",
    "--json",
  ]);
  assert.equal(made.exitCode, 1, made.stderr);
  failed = (JSON.parse(made.stdout) as { runId: string }).runId;
});
after(async () => {
  await server.close();
  await project[Symbol.asyncDispose]();
});

test("list shows the newest first, as a table and as JSON", async () => {
  const table = await project.iroko(["runs", "list"]);
  assert.equal(table.exitCode, 0, table.stderr);
  assert.match(
    table.stdout,
    new RegExp(`^RUN .*\\n${failed}  failed  shaky +2026-11-01\\.\\.2026-11-03  2/3, 1 failed  cli `),
  );
  const list = await project.iroko(["runs", "list", "--json", "--status", "failed", "--limit", "1"]);
  const [run] = JSON.parse(list.stdout) as readonly {
    readonly id: string;
    readonly failed: number;
    readonly createdAt: string;
  }[];
  assert.deepEqual([run?.id, run?.failed], [failed, 1]);
  assert.doesNotThrow(() => Temporal.Instant.from(run?.createdAt ?? ""));
  assert.equal((await project.iroko(["runs", "list", "--status", "succeeded", "--json"])).stdout.trim(), "[]");
});

test("show tells the steps, and of what failed the error, its place and the commands that come next", async () => {
  const { exitCode, stdout, stderr } = await project.iroko(["runs", "show", failed.slice(0, 20)]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /succeeded +shaky@2026-11-01 +1 /);
  assert.match(stdout, /failed +shaky@2026-11-02 +2 .*USER_CODE/);
  assert.match(stdout, /failed shaky@2026-11-02\n {2}USER_CODE .*no such column\n {4}at iroko\.config\.ts:\d+:\d+/);
  assert.match(stdout, new RegExp(`iroko runs logs ${failed} --step 1`));
  assert.match(stderr, new RegExp(`iroko runs retry ${failed}`));
  const { steps, materializations } = JSON.parse((await project.iroko(["runs", "show", failed, "--json"])).stdout) as {
    readonly steps: readonly { readonly title: string; readonly status: string; readonly attempt: number }[];
    readonly materializations: readonly { readonly partition: string }[];
  };
  assert.deepEqual(
    steps.map(({ title, status, attempt }) => [title, status, attempt]),
    [
      ["shaky@2026-11-01", "succeeded", 1],
      ["shaky@2026-11-02", "failed", 2],
      ["shaky@2026-11-03", "succeeded", 1],
    ],
  );
  assert.deepEqual(
    materializations.map(({ partition }) => partition),
    ["2026-11-01", "2026-11-03"],
  );
});

test("logs are told apart by step, attempt and stream; stdout holds nothing but them", async () => {
  const all = await project.iroko(["runs", "logs", failed]);
  assert.equal(all.stdout.match(/reading 2026-11-0\d try \d/g)?.length, 4);
  assert.match(all.stderr, /── step 1 shaky@2026-11-02, attempt 2/);
  const one = await project.iroko(["runs", "logs", failed, "--step", "1", "--attempt", "2", "--stream", "stdout"]);
  assert.equal(one.stdout, "reading 2026-11-02 try 2\n");
  const chunks = (await project.iroko(["runs", "logs", failed, "--step", "1", "--json"])).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly stream: string; readonly step: number });
  assert.deepEqual(new Set(chunks.map(({ stream }) => stream)), new Set(["stdout", "stderr", "log"]));
  assert.deepEqual(new Set(chunks.map(({ step }) => step)), new Set([1]));
  const none = await project.iroko(["runs", "logs", failed, "--step", "9"]);
  assert.deepEqual([none.exitCode, none.stdout], [2, ""]);
  assert.match(none.stderr, /has no step 9/);
});

test("retry makes again what failed and nothing else, and waits for it", async () => {
  const still = await project.iroko(["runs", "retry", failed]);
  assert.equal(still.exitCode, 1, "the code is as broken as before");
  assert.match(still.stderr, /no such column/);
  await project.write("mended", "");
  const mended = await project.iroko(["runs", "retry", failed, "--json"]);
  assert.equal(mended.exitCode, 0, mended.stderr);
  const report = JSON.parse(mended.stdout) as {
    readonly runId: string;
    readonly steps: { readonly planned: number };
    readonly materializations: readonly { readonly partition: string }[];
  };
  assert.deepEqual(
    [report.steps.planned, report.materializations.map(({ partition }) => partition)],
    [1, ["2026-11-02"]],
  );
  const nothingLeft = await project.iroko(["runs", "retry", report.runId]);
  assert.equal(nothingLeft.exitCode, 2);
  assert.match(nothingLeft.stderr, /RUN_SUCCEEDED/);
});

test("a running run is followed, and canceled by another command", async () => {
  const making = project.start(["materialize", "--select", "slow"]);
  await waitFor("the step to run", () => existsSync(project.file("started")), { seconds: 30 });
  const [{ id }] = JSON.parse((await project.iroko(["runs", "list", "--status", "running", "--json"])).stdout) as [
    { readonly id: string },
  ];
  const following = project.start(["runs", "logs", id, "--follow"]);
  await waitFor("the first line", () => following.stdout() === "first line\n", { seconds: 20 });
  const canceled = await project.iroko(["runs", "cancel", id, "--json"]);
  assert.equal(canceled.exitCode, 0, canceled.stderr);
  assert.equal((JSON.parse(canceled.stdout) as { readonly runId: string }).runId, id);
  assert.equal((await following.ended).exitCode, 0, "following ends with the run");
  assert.equal((await making.ended).exitCode, 1);
  const again = await project.iroko(["runs", "cancel", id]);
  assert.equal(again.exitCode, 2);
  assert.match(again.stderr, /RUN_ENDED/);
});

test("Ctrl-C ends following at once, and the run goes on", async () => {
  const making = project.start(["materialize", "--select", "slow"]);
  const id = await waitFor(
    "the run",
    async () => {
      const [run] = JSON.parse(
        (await project.iroko(["runs", "list", "--status", "running", "--json"])).stdout,
      ) as readonly { readonly id: string }[];
      return run?.id;
    },
    { seconds: 30 },
  );
  const following = project.start(["runs", "logs", id, "--follow"]);
  await waitFor("the first line", () => following.stdout() === "first line\n", { seconds: 20 });
  following.child.kill("SIGINT");
  assert.equal((await following.ended).exitCode, 130);
  await project.write("go", "");
  assert.equal((await making.ended).exitCode, 0);
});

test("an id that nobody has, or that several have, is refused with what to type", async () => {
  const unknown = await project.iroko(["runs", "show", "ffffffff"]);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /RUN_NOT_FOUND There is no run ffffffff\./);
  const several = await project.iroko(["runs", "show", failed.slice(0, 6)]);
  assert.equal(several.exitCode, 2);
  assert.match(several.stderr, new RegExp(`RUN_AMBIGUOUS[\\s\\S]*${failed}`));
  const hostile = await project.iroko(["runs", "cancel", "' or true --"]);
  assert.equal(hostile.exitCode, 2);
  assert.match(hostile.stderr, /is no run's id/);
});

test("--detach needs somebody who works", async () => {
  const { exitCode, stderr } = await project.iroko(["runs", "retry", failed, "--detach"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /none is running here[\s\S]*iroko dev/);
});

test("a selection of a run is repeated, and a mistake in it is pointed at", async () => {
  const typo = await project.iroko(["runs", "retry", failed, "--select", "shaky or slwo"]);
  assert.equal(typo.exitCode, 2);
  assert.match(typo.stderr, /There is no asset "slwo"[\s\S]*slow/);
  const none = await project.iroko(["runs", "retry", failed, "--select", "slow"]);
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /RETRY_SELECTION[\s\S]*It is about shaky/);
  const day = ["--partitions", "2026-11-03"];
  const again = await project.iroko(["runs", "retry", failed, "--select", "shaky", ...day, "--from-start", "--json"]);
  assert.equal(again.exitCode, 0, again.stderr);
  const { steps, materializations } = JSON.parse(again.stdout) as {
    readonly steps: { readonly planned: number };
    readonly materializations: readonly { readonly partition: string }[];
  };
  assert.deepEqual([steps.planned, materializations.map(({ partition }) => partition)], [1, ["2026-11-03"]]);
});

test("a limit and a priority are asked for with the run, and shown; nonsense is refused", async () => {
  const how = ["--max-concurrency", "1", "--priority", "-3"];
  const made = await project.iroko(["materialize", "--select", "shaky", "--partition", "2026-11-01", ...how, "--json"]);
  assert.equal(made.exitCode, 0, made.stderr);
  const { runId } = JSON.parse(made.stdout) as { readonly runId: string };
  assert.match((await project.iroko(["runs", "show", runId])).stdout, /limit +1 step at once\npriority +-3\n/);
  const none = await project.iroko(["materialize", "--select", "shaky", "--max-concurrency", "0"]);
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /whole number from 1/);
});

test("a pool is given a size, and listed with those that code names", async () => {
  const list = async (): Promise<unknown> => JSON.parse((await project.iroko(["pools", "list", "--json"])).stdout);
  assert.deepEqual(await list(), { pools: [{ name: "one_at_a_time", slots: null, running: 0 }] });
  const set = await project.iroko(["pools", "set", "one_at_a_time", "1"]);
  assert.deepEqual([set.exitCode, set.stderr], [0, 'The pool "one_at_a_time" runs 1 step at once.\n']);
  assert.match((await project.iroko(["pools", "set", "one_at_atime", "3"])).stderr, /No asset names it yet/);
  assert.match((await project.iroko(["pools", "list"])).stdout, /one_at_a_time +1 +0\none_at_atime +3 +0\n/);
  await project.iroko(["pools", "set", "one_at_atime", "none"]);
  assert.deepEqual(await list(), { pools: [{ name: "one_at_a_time", slots: 1, running: 0 }] });
  const wrong = await project.iroko(["pools", "set", "one_at_a_time", "-1"]);
  assert.equal(wrong.exitCode, 2);
});
