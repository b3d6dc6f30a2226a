/** `iroko dev` as a developer meets it: one process, from nothing to a page, through saves, to Ctrl-C. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { RunningCli } from "../support/run-cli.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

/** An asset whose body waits for the file "go", and says which code it is of. */
const waiting = (code: string, other = "") => `
  import { existsSync, writeFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, job, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  import { helper } from "./lib/helper.ts";
  const here = (name) => new URL(name, import.meta.url);
  export const slow = asset({
    key: "slow", partitions: daily({ start: "2026-11-01", timezone: "Africa/Lagos" }),
    schema: z.object({ code: z.string() }), output: jsonLines("slow"),
    async materialize(ctx) {
      writeFileSync(here("started-${code}"), "");
      while (!existsSync(here("go")) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      return [{ code: "${code}" + helper }];
    },
  });
  ${other}
  const daily_slow = job({ key: "daily_slow", select: "*" });
  export default define({
    assets: [slow${other === "" ? "" : ", second"}], jobs: [daily_slow],
    schedules: [schedule({ key: "nightly", job: daily_slow, cron: "0 2 * * *", timezone: "Africa/Lagos" })],
  });
`;
const second = `export const second = asset({ key: "second", schema: z.object({ n: z.int() }), output: jsonLines("second"), materialize: () => [{ n: 2 }] });`;
const helper = (text: string) => `export const helper = ${JSON.stringify(text)};`;

async function startDev(project: CliProject): Promise<{ readonly dev: RunningCli; readonly url: string }> {
  const dev = project.start(["dev", "--port", "0"], { seconds: 120 });
  const url = await says(dev, /Iroko is at (http:\S+)/);
  await says(dev, /Ready:|Waiting until/);
  return { dev, url };
}

/** What the pattern's first group matched on stderr. */
async function says(dev: RunningCli, pattern: RegExp): Promise<string> {
  return waitFor(
    `${pattern} in\n${dev.stderr()}`,
    () => {
      const match = pattern.exec(dev.stderr());
      if (match === null && dev.child.exitCode !== null) throw new Error(`dev has ended:\n${dev.stderr()}`);
      return match && (match[1] ?? match[0]);
    },
    { seconds: 40 },
  );
}

/** Looks in, as any second command does, and leaves. */
async function attached(project: CliProject): Promise<{ readonly dataDir: string }> {
  const server = await project.holdServer();
  await server.close();
  assert.ok(existsSync(join(server.dataDir, "postmaster.pid")));
  return server;
}

async function api<Value>(url: string, path: string, body?: unknown): Promise<Value> {
  const answer = await fetch(`${url}/api/v1${path}`, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: { origin: url, "content-type": "application/json" },
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return (await answer.json()) as Value;
}

const runEnded = (url: string, run: string) =>
  waitFor(
    `run ${run} to end`,
    async () => {
      const { status, unpublished } = await api<{ status: string; unpublished: number }>(url, `/runs/${run}`);
      return !["queued", "running"].includes(status) && unpublished === 0 && status;
    },
    { seconds: 30, everyMilliseconds: 50 },
  );

test("dev makes the page, the API and a worker out of nothing, and ends cleanly at SIGINT and at SIGTERM", async () => {
  await using project = await cliProject({ "iroko.config.ts": waiting("a"), "lib/helper.ts": helper("") });
  const { dev, url } = await startDev(project);
  const { dataDir } = await attached(project);
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<div id="page">/);
  const { items } = await api<{ items: { key: string }[] }>(url, "/assets");
  assert.ok(items.some(({ key }) => key === "slow"));
  assert.deepEqual(
    (await api<{ items: { key: string }[] }>(url, "/schedules")).items.map(({ key }) => key),
    ["nightly"],
  );
  await project.write("go", "");
  const { run } = await api<{ run: string }>(url, "/runs", { select: "slow", partitions: "2026-11-01..2026-11-03" });
  assert.equal(await runEnded(url, run), "succeeded");
  assert.equal(await readFile(project.file(".iroko/store/slow/2026-11-03.jsonl"), "utf8"), '{"code":"a"}\n');
  dev.child.kill("SIGINT");
  const first = await dev.ended;
  assert.deepEqual([first.exitCode, first.signal, first.stdout], [0, undefined, ""]);
  assert.equal(existsSync(join(dataDir, "postmaster.pid")), false, "the last one out stops Postgres");

  const again = await startDev(project);
  again.dev.child.kill("SIGTERM");
  const ended = await again.dev.ended;
  assert.deepEqual([ended.exitCode, ended.signal], [0, undefined]);
});

test("a save takes effect at once, and a step that runs is not lost by it", async () => {
  await using project = await cliProject({ "iroko.config.ts": waiting("a"), "lib/helper.ts": helper("") });
  const { dev, url } = await startDev(project);
  const { run } = await api<{ run: string }>(url, "/runs", { select: "slow", partitions: "2026-11-01" });
  await waitFor("the step to run", () => existsSync(project.file("started-a")));

  await project.write("iroko.config.ts", waiting("b", second));
  await says(dev, /Reloaded: 2 assets, 1 schedule, now version 2/);
  const { items: assets } = await api<{ items: { key: string }[] }>(url, "/assets");
  assert.deepEqual(assets.map(({ key }) => key).toSorted(), ["second", "slow"]);
  const other = await api<{ run: string }>(url, "/runs", { select: "second", force: true });
  assert.equal(await runEnded(url, other.run), "succeeded", "the new code runs while the old step still does");
  await project.write("go", "");
  assert.equal(await runEnded(url, run), "succeeded");
  const { items: steps } = await api<{ items: { attempt: number; lostAttempts: number }[] }>(url, `/runs/${run}/steps`);
  assert.deepEqual(
    steps.map(({ attempt, lostAttempts }) => [attempt, lostAttempts]),
    [[1, 0]],
  );
  assert.equal(await readFile(project.file(".iroko/store/slow/2026-11-01.jsonl"), "utf8"), '{"code":"a"}\n');

  // What the definitions import counts, too, though they themselves stay as they are.
  await project.write("lib/helper.ts", helper(" with help"));
  await says(dev, /only code behind them has changed/);
  const third = await api<{ run: string }>(url, "/runs", { select: "slow", partitions: "2026-11-02" });
  assert.equal(await runEnded(url, third.run), "succeeded");
  assert.equal(await readFile(project.file(".iroko/store/slow/2026-11-02.jsonl"), "utf8"), '{"code":"b with help"}\n');
  dev.child.kill("SIGTERM");
  assert.equal((await dev.ended).exitCode, 0);
});

test("broken definitions are told, and those before go on; also when dev starts with them", async () => {
  await using project = await cliProject({
    "iroko.config.ts": `throw new Error("half written");`,
    "lib/helper.ts": helper(""),
  });
  const { dev, url } = await startDev(project);
  assert.match(dev.stderr(), /DEFINITIONS_THREW[\s\S]*half written[\s\S]*Waiting until that is mended/);
  assert.equal((await fetch(url)).status, 200);
  await project.write("iroko.config.ts", waiting("a"));
  await says(dev, /Ready: 1 asset/);
  await project.write("iroko.config.ts", `${waiting("a")}\n throw new TypeError("oh no");`);
  await says(dev, /oh no[\s\S]*The definitions from before go on/);
  // Of several steps at once, those wait for which no further process can be started.
  const { run } = await api<{ run: string }>(url, "/runs", { select: "slow", partitions: "2026-11-01..2026-11-03" });
  await says(dev, /no further process has this code/);
  await project.write("go", "");
  assert.equal(await runEnded(url, run), "succeeded");
  assert.equal(await readFile(project.file(".iroko/store/slow/2026-11-03.jsonl"), "utf8"), '{"code":"a"}\n');
  await project.write("iroko.config.ts", waiting("b"));
  await says(dev, /Reloaded: 1 asset/);
  dev.child.kill("SIGTERM");
  assert.equal((await dev.ended).exitCode, 0);
});

test("data and Iroko's own files make dev load nothing anew", async () => {
  await using project = await cliProject({
    "iroko.config.ts": waiting("a"),
    "lib/helper.ts": helper(""),
    "data/in.json": "[]",
  });
  const { dev } = await startDev(project);
  await project.write("data/in.json", "[1]");
  await project.write(".iroko/x.json", "[1]");
  await project.write("notes.txt", "…");
  // A save that does count comes after, so that there is something to wait for.
  await project.write("lib/helper.ts", helper("!"));
  await says(dev, /Reloaded/);
  assert.deepEqual(dev.stderr().match(/\S+ was saved.*/g), ["lib/helper.ts was saved"]);
  dev.child.kill("SIGTERM");
  await dev.ended;
});

test("a second command attaches to a running dev's database, and what it makes is on dev's page", async () => {
  await using project = await cliProject({ "iroko.config.ts": waiting("a"), "lib/helper.ts": helper(""), go: "" });
  const { dev, url } = await startDev(project);
  const made = await project.iroko(["materialize", "--select", "slow", "--partition", "2026-11-04", "--json"]);
  assert.equal(made.exitCode, 0, made.stderr);
  const { runId } = JSON.parse(made.stdout) as { runId: string };
  assert.equal(await runEnded(url, runId), "succeeded");
  const { items } = await api<{ items: { key: string }[] }>(url, "/assets/slow/partitions");
  assert.deepEqual(
    items.map(({ key }) => key),
    ["2026-11-04"],
  );
  assert.equal((await fetch(url)).status, 200, "the server outlives the second command");
  dev.child.kill("SIGTERM");
  assert.equal((await dev.ended).exitCode, 0);
});

test("a port in use is refused with its number and a remedy", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  await using project = await cliProject({ "iroko.config.ts": waiting("a"), "lib/helper.ts": helper("") });
  try {
    const { exitCode, stderr } = await project.iroko(["dev", "--port", `${port}`]);
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(`PORT_IN_USE Port ${port} .*\\n.*--port ${port + 1}`));
  } finally {
    taken.close();
  }
});

test("without definitions dev says where to get some", async () => {
  await using project = await cliProject({});
  const { exitCode, stderr } = await project.iroko(["dev"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /DEFINITIONS_NOT_FOUND[\s\S]*iroko init/);
  assert.equal(existsSync(project.file(".iroko")), false);
});
