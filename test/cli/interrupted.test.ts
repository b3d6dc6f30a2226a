import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { openDatabase } from "@iroko/core/engine";
import { waitFor } from "../support/wait-for.ts";
import { cliProject } from "./cli-project.ts";

/** One daily asset whose body waits until the test writes the file "go". */
const slow = `
  import { appendFileSync, existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  export const slow = asset({
    key: "slow", partitions: daily({ start: "2026-11-01", timezone: "UTC" }), schema: z.object({ n: z.int() }),
    output: jsonLines("slow"),
    async materialize(ctx) {
      appendFileSync(here("begun"), ctx.partition.key + "\\n");
      while (!existsSync(here("go")) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ n: 1 }];
    },
  });
  export const quick = asset({ key: "quick", materialize: () => undefined });
  export default define({ assets: [slow, quick] });
`;

const materialize = ["materialize", "--select", "slow", "--partition", "2026-11-02", "--json"];

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly materializations: readonly unknown[];
  readonly skipped: readonly { readonly reason: string }[];
}

test("Ctrl-C cancels the run and the step that runs: exit code 130, nothing made", async () => {
  await using project = await cliProject({ "iroko.config.ts": slow });
  const command = project.start(materialize);
  await waitFor("the step to run", () => existsSync(project.file("begun")), { seconds: 30 });
  command.child.kill("SIGINT");
  const { exitCode, stdout, stderr } = await command.ended;
  assert.equal(exitCode, 130, stderr);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([report.status, report.materializations], ["canceled", []]);
  assert.match(stderr, /Canceling run/);
  assert.ok(!existsSync(project.file(".iroko/store/slow/2026-11-02.jsonl")));
  const after = await project.iroko(["plan", "--select", "slow", "--missing", "--json"]);
  assert.doesNotMatch(after.stderr, /unfinished/);
});

test("two commands ask for the same partition at once: one makes it, the other joins", async () => {
  await using project = await cliProject({ "iroko.config.ts": slow });
  const first = project.start(materialize);
  await waitFor("the first to run the step", () => existsSync(project.file("begun")), { seconds: 30 });
  const second = project.start(materialize);
  await waitFor("the second to wait behind it", () => second.stderr().includes("another run is making"), {
    seconds: 30,
  });
  await project.write("go", "");
  const ended = await Promise.all([first.ended, second.ended]);
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 0],
    ended.map(({ stderr }) => stderr).join("\n"),
  );
  const reports = ended.map(({ stdout }) => JSON.parse(stdout) as Report);
  assert.deepEqual(
    reports.map(({ materializations }) => materializations.length),
    [1, 0],
  );
  assert.deepEqual(
    reports[1]?.skipped.map(({ reason }) => reason),
    ["another run made it meanwhile"],
  );
});

test("a command killed with -9: the next one says what was left, goes on with it and ends it", async () => {
  await using project = await cliProject({ "iroko.config.ts": slow });
  const killed = project.start(materialize);
  await waitFor("the step to run", () => existsSync(project.file("begun")), { seconds: 30 });
  killed.child.kill("SIGKILL");
  await killed.ended;
  await project.write("go", "");
  const listed = await project.iroko(["plan", "--select", "quick"]);
  const left = /unfinished run ([0-9a-f-]{36}) \(slow 2026-11-02: 0 of 1 step done\)/.exec(listed.stderr)?.[1];
  assert.ok(left !== undefined, listed.stderr);
  const next = await project.iroko(["materialize", "--select", "quick"]);
  assert.equal(next.exitCode, 0, next.stderr);
  assert.match(next.stderr, new RegExp(`unfinished run ${left} .*: it goes on now`));
  assert.match(next.stderr, new RegExp(`Run ${left}, which was left unfinished, has succeeded`));
  assert.ok(existsSync(project.file(".iroko/store/slow/2026-11-02.jsonl")));
  const after = await project.iroko(["plan", "--select", "quick"]);
  assert.doesNotMatch(after.stderr, /unfinished/);
});

test("after a power cut, another process may have the number of the worker that is gone: its run is gone on with all the same", async () => {
  await using project = await cliProject({ "iroko.config.ts": slow });
  const killed = project.start(materialize);
  await waitFor("the step to run", () => existsSync(project.file("begun")), { seconds: 30 });
  const server = await project.holdServer();
  killed.child.kill("SIGKILL");
  await killed.ended;
  const db = openDatabase(server.databaseUrl);
  // As the tables stand when machine and Postgres have been started again: this process has the worker's number.
  await db.query(
    "update iroko.worker set pid = $1, boot_id = 'of the start before', postmaster_started = postmaster_started - interval '1 day'",
    [process.pid],
  );
  const listed = await project.iroko(["plan", "--select", "quick"]);
  const { rows } = await db.query("select status from iroko.step");
  await db.close();
  await server.close();
  assert.match(listed.stderr, /unfinished run [0-9a-f-]{36} \(slow 2026-11-02: 0 of 1 step done\)/);
  assert.deepEqual(rows, [{ status: "ready" }], "taken from it at once");
});
