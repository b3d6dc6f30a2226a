import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { findServer } from "../../packages/cli/src/embedded/server.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { withClient } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

interface Holder {
  readonly child: ChildProcess;
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly attached: boolean;
  readonly said: readonly string[];
  /** Closes it as a process that ends by itself would. */
  readonly leave: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

/** A home in a folder of its own, emptied of processes and files afterwards, whatever the test did. */
async function withHome(act: (home: string) => Promise<void>): Promise<void> {
  using folder = createTempDir("embedded");
  const home = join(folder.path, "home");
  try {
    await act(home);
  } finally {
    const record = existsSync(join(home, "postgres.json")) && readFileSync(join(home, "postgres.json"), "utf8");
    const last = record ? await openEmbeddedPostgres({ home, say: () => {} }).catch(() => undefined) : undefined;
    await last?.close();
  }
}

const children = new Set<ChildProcess>();
after(() => children.forEach((child) => child.kill("SIGKILL")));

async function hold(home: string): Promise<Holder> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("embedded-holder.ts", import.meta.url)), home], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.add(child);
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, "line"),
    exit.then(() => Promise.reject(new Error("the holder ended"))),
  ])) as [string];
  const end = async (act: () => void): Promise<void> => {
    act();
    await exit;
  };
  return {
    child,
    ...(JSON.parse(line) as Omit<Holder, "child" | "leave" | "kill">),
    leave: () => end(() => child.stdin.end()),
    kill: () => end(() => child.kill("SIGKILL")),
  };
}

const one = async (url: string, sql: string): Promise<unknown> =>
  await withClient(
    url,
    async (client) => Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0],
  );

test("two processes share one server, and the last one out stops it", () =>
  withHome(async (home) => {
    const first = await hold(home);
    assert.equal(first.attached, false);
    const second = await hold(home);
    assert.equal(second.attached, true);
    assert.equal(second.databaseUrl, first.databaseUrl);
    await first.leave();
    assert.equal(await one(second.databaseUrl, "select 1"), 1);
    await second.leave();
    assert.equal(findServer(second.dataDir), undefined);
  }));

test("processes that come and go at once never find it gone", () =>
  withHome(async (home) => {
    const say = (): void => {};
    const comeAndGo = async (): Promise<unknown> => {
      const postgres = await openEmbeddedPostgres({ home, say });
      const answer = await one(postgres.databaseUrl, "select 1");
      await postgres.close();
      return answer;
    };
    const others = [1, 2, 3].map(async () => {
      const holder = await hold(home);
      const answer = await one(holder.databaseUrl, "select 1");
      await holder.leave();
      return answer;
    });
    const own = (async () => [await comeAndGo(), await comeAndGo(), await comeAndGo(), await comeAndGo()])();
    assert.deepEqual([...(await own), ...(await Promise.all(others))], [1, 1, 1, 1, 1, 1, 1]);
  }));

test("a first process that is killed leaves the server to the second, who still stops it", () =>
  withHome(async (home) => {
    const first = await hold(home);
    const second = await hold(home);
    await first.kill();
    assert.equal(await one(second.databaseUrl, "select 1"), 1);
    await second.leave();
    assert.equal(findServer(second.dataDir), undefined);
  }));

test("a server whose processes were all killed is found again, and stopped by the next to leave", () =>
  withHome(async (home) => {
    const killed = await hold(home);
    await killed.kill();
    const next = await hold(home);
    assert.equal(next.attached, true);
    await next.leave();
    assert.equal(findServer(next.dataDir), undefined);
  }));

test("a killed server comes back at its address with what was committed, while its process goes on", () =>
  withHome(async (home) => {
    const holder = await hold(home);
    await one(holder.databaseUrl, "create table kept as select 42 as answer");
    const server = findServer(holder.dataDir);
    assert.ok(server);
    process.kill(server.pid, "SIGKILL");
    const answer = await waitFor("the server to be started again", () =>
      one(holder.databaseUrl, "select answer from kept").catch(() => undefined),
    );
    assert.equal(answer, 42);
    assert.notEqual(findServer(holder.dataDir)?.pid, server.pid);
    await holder.leave();
  }));

test("after a power cut the data is there, even where the old process id now belongs to another", () =>
  withHome(async (home) => {
    const holder = await hold(home);
    await one(holder.databaseUrl, "create table kept as select 42 as answer");
    await holder.kill();
    const server = findServer(holder.dataDir);
    assert.ok(server);
    const pidFile = readFileSync(join(holder.dataDir, "postmaster.pid"), "utf8");
    process.kill(server.pid, "SIGKILL");
    await waitFor("the server to end", () => findServer(holder.dataDir) === undefined);
    // What a restarted machine finds: the file, and some other process under its id.
    writeFileSync(join(holder.dataDir, "postmaster.pid"), pidFile.replace(String(server.pid), String(process.pid)));
    const next = await hold(home);
    assert.equal(next.attached, false);
    assert.equal(await one(next.databaseUrl, "select answer from kept"), 42);
    await next.leave();
  }));

test("it is durable, listens on the loopback only and asks for a password", () =>
  withHome(async (home) => {
    const { databaseUrl, leave } = await hold(home);
    for (const [setting, value] of Object.entries({
      fsync: "on",
      synchronous_commit: "on",
      full_page_writes: "on",
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: "100",
      TimeZone: "UTC",
      jit: "off",
    })) {
      assert.equal(await one(databaseUrl, `select current_setting('${setting}')`), value, setting);
    }
    const guess = new URL(databaseUrl);
    guess.password = "guess";
    await assert.rejects(one(guess.href, "select 1"), { code: "28P01" });
    await leave();
  }));

test("it keeps its port from one start to the next, and takes another when that one is taken", () =>
  withHome(async (home) => {
    const first = await hold(home);
    await first.leave();
    const second = await hold(home);
    assert.equal(second.databaseUrl, first.databaseUrl);
    await second.leave();
    const squatter = createServer().listen(Number(new URL(first.databaseUrl).port), "127.0.0.1");
    await once(squatter, "listening");
    const third = await hold(home);
    assert.notEqual(third.databaseUrl, first.databaseUrl);
    assert.equal(await one(third.databaseUrl, "select 1"), 1);
    squatter.close();
    await third.leave();
  }));

test(
  "a home that its user cannot enter gets its data elsewhere, and says where",
  { skip: process.getuid?.() !== 0 && "only root runs PostgreSQL as another user" },
  () =>
    withHome(async (home) => {
      mkdirSync(home);
      chmodSync(dirname(home), 0o700);
      const first = await hold(home);
      const folder = dirname(first.dataDir);
      try {
        assert.ok(!first.dataDir.startsWith(home), first.dataDir);
        assert.match(first.said.join("\n"), /runs as the user "postgres", who cannot enter/);
        assert.ok(first.said.some((line) => line.includes(folder)));
        await one(first.databaseUrl, "create table kept as select 42 as answer");
        await first.leave();
        const second = await hold(home);
        assert.equal(await one(second.databaseUrl, "select answer from kept"), 42);
        await second.leave();

        const copy = join(dirname(home), "copy");
        cpSync(home, copy, { recursive: true });
        await assert.rejects(openEmbeddedPostgres({ home: copy, say: () => {} }), {
          code: "EMBEDDED_POSTGRES_DATA",
          message: /is a copy/,
        });
        rmSync(copy, { recursive: true });
        renameSync(home, copy); // moved, not copied
        const moved = await hold(copy);
        assert.equal(moved.dataDir, first.dataDir);
        await moved.leave();
        renameSync(copy, home);
      } finally {
        const last = await openEmbeddedPostgres({ home, say: () => {} });
        await last.close();
        rmSync(folder, { recursive: true });
        rmSync(`${folder}.home`);
        rmSync(join(home, "postgres.json"));
      }
    }),
);

test("a lost record costs the password, not the data", () =>
  withHome(async (home) => {
    const first = await hold(home);
    await one(first.databaseUrl, "create table kept as select 42 as answer");
    await first.leave();
    rmSync(join(home, "postgres.json"));
    const second = await hold(home);
    assert.notEqual(new URL(second.databaseUrl).password, new URL(first.databaseUrl).password);
    assert.equal(await one(second.databaseUrl, "select answer from kept"), 42);
    await second.leave();
  }));

test("data of another PostgreSQL, damaged data and a damaged record are refused and left alone", () =>
  withHome(async (home) => {
    const first = await hold(home);
    await first.leave();
    const say = (): void => {};
    const version = join(first.dataDir, "PG_VERSION");
    writeFileSync(version, "15\n");
    await assert.rejects(openEmbeddedPostgres({ home, say }), {
      code: "EMBEDDED_POSTGRES_DATA",
      message: /made by PostgreSQL 15.* is PostgreSQL 18/,
    });
    rmSync(version);
    await assert.rejects(openEmbeddedPostgres({ home, say }), {
      code: "EMBEDDED_POSTGRES_DATA",
      message: /PG_VERSION is missing/,
    });
    writeFileSync(version, "18\n");
    const control = join(first.dataDir, "global", "pg_control");
    const kept = readFileSync(control);
    writeFileSync(control, kept.subarray(0, 100));
    await assert.rejects(openEmbeddedPostgres({ home, say }), {
      code: "EMBEDDED_POSTGRES_START",
      message: /did not start/,
    });
    writeFileSync(control, kept);
    const record = readFileSync(join(home, "postgres.json"));
    writeFileSync(join(home, "postgres.json"), "{");
    await assert.rejects(openEmbeddedPostgres({ home, say }), {
      code: "EMBEDDED_POSTGRES_DATA",
      message: /is not a record/,
    });
    writeFileSync(join(home, "postgres.json"), record);
    const again = await hold(home);
    assert.equal(await one(again.databaseUrl, "select 1"), 1);
    await again.leave();
  }));
