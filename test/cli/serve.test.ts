/** `iroko serve` beside a database of its own: page, API and schedules without any definitions in reach. */
import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { listAutomations } from "@iroko/core/engine";
import { createDatabase, createMigratedDatabase } from "../support/database.ts";
import { location, testInstance } from "../support/test-instance.ts";
import { startCli } from "../support/run-cli.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, shop } from "./cli-project.ts";

const urlOf = (text: string): string | undefined => /Iroko is at (http:\S+)/.exec(text)?.[1];

test("serve shows what was deployed, loads no definitions, evaluates schedules, and ends cleanly at SIGTERM", async () => {
  await using instance = await testInstance({
    "iroko.config.ts": `
      import { asset, define, job, schedule } from "@iroko/core";
      export const pulse = asset({ key: "pulse", materialize: () => undefined });
      const each = job({ key: "each", select: "pulse" });
      export default define({ assets: [pulse], jobs: [each], schedules: [schedule({ key: "minutely", job: each, cron: "* * * * *", timezone: "UTC" })] });
    `,
  });
  await instance.deploy();
  using temp = createTempDir("serve");
  const serve = startCli(["serve", "--port", "0"], { cwd: temp.path, env: { DATABASE_URL: instance.databaseUrl } });
  const url = await waitFor("the server", () => urlOf(serve.stderr()), { seconds: 30 });
  const text = await (await fetch(`${url}/api/v1/home`)).text();
  assert.match(text, /pulse/);
  assert.match(text, /minutely/);
  // The scheduler has seen the schedule: from now on its ticks count.
  await waitFor("the scheduler", async () => {
    const [seen] = await listAutomations(instance.db, location);
    return seen?.name === "minutely";
  });
  serve.child.kill("SIGTERM");
  const ended = await serve.ended;
  assert.deepEqual([ended.exitCode, ended.signal, ended.stdout], [0, undefined, ""]);
});

test("serve ends cleanly at SIGINT, too, also with a browser's connection kept open", async () => {
  await using database = await createMigratedDatabase();
  using temp = createTempDir("serve");
  const serve = startCli(["serve", "--port", "0"], { cwd: temp.path, env: { DATABASE_URL: database.url } });
  const url = await waitFor("the server", () => urlOf(serve.stderr()), { seconds: 30 });
  assert.match(await (await fetch(url, { headers: { connection: "keep-alive" } })).text(), /<title>Iroko<\/title>/);
  serve.child.kill("SIGINT");
  assert.equal((await serve.ended).exitCode, 0);
});

test("serve refuses a port in use, a host that others could reach, and a database that is not ready", async () => {
  await using database = await createMigratedDatabase();
  using temp = createTempDir("serve");
  const refused = async (args: readonly string[], url: string): Promise<string> => {
    const { exitCode, stderr } = await startCli(["serve", ...args], { cwd: temp.path, env: { DATABASE_URL: url } })
      .ended;
    assert.equal(exitCode, 2, stderr);
    return stderr;
  };
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  assert.match(
    await refused(["--port", `${port}`], database.url),
    new RegExp(`PORT_IN_USE Port ${port} [\\s\\S]*--port`),
  );
  taken.close();
  assert.match(await refused(["--host", "0.0.0.0"], database.url), /HOST_NOT_ALLOWED .*0\.0\.0\.0[\s\S]*ssh -L 3939/);
  assert.match(await refused(["--port", "70000"], database.url), /--port/);
  assert.match(
    await refused([], "postgres://127.0.0.1:1/nowhere"),
    /DATABASE_UNREACHABLE .*127\.0\.0\.1:1[\s\S]*DATABASE_URL/,
  );
  await using empty = await createDatabase();
  assert.match(await refused([], empty.url), /DATABASE_OLDER[\s\S]*iroko migrate/);
});

test("a port is freed for the next server", async () => {
  await using project = await cliProject({ "iroko.config.ts": shop });
  await using _held = { [Symbol.asyncDispose]: (await project.holdServer()).close };
  let port = "0";
  for (let round = 0; round < 2; round += 1) {
    const serve = project.start(["serve", "--port", port]);
    const url = await waitFor("the server", () => urlOf(serve.stderr()), { seconds: 30 });
    await waitFor("the note", () => serve.stderr().includes("No worker runs in this process"));
    port = new URL(url).port;
    serve.child.kill("SIGTERM");
    assert.equal((await serve.ended).exitCode, 0);
  }
});
