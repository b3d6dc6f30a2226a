/**
 * State that no command can use as it is: told once, by its code, with what and where and what to do next; exit code 2, and
 * nothing is changed. What a command can mend by itself, it mends.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openDatabase } from "@iroko/core/engine";
import { faultProxy } from "../support/fault-proxy.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, shop, type CliProject } from "./cli-project.ts";

const timeout = 300_000;
const make = ["materialize", "-s", "shops"];

/** One project, made once: its data folder is put back after each damage. */
async function made(): Promise<{ readonly project: CliProject; readonly data: string }> {
  const project = await cliProject({ "iroko.config.ts": shop });
  const first = await project.iroko(make);
  assert.equal(first.exitCode, 0, first.stderr);
  const data = project.file(".iroko/postgres/data");
  return { project, data: existsSync(data) ? data : dataElsewhere(project) };
}

const dataElsewhere = (project: CliProject): string =>
  join((JSON.parse(readFileSync(project.file(".iroko/postgres.json"), "utf8")) as { folder: string }).folder, "data");

let shared: Awaited<ReturnType<typeof made>>;
before(async () => void (shared = await made()));
after(() => shared.project[Symbol.asyncDispose]());

async function runsOf(project: CliProject, env = {}): Promise<number> {
  const { exitCode, stdout, stderr } = await project.iroko(["runs", "list", "--json"], { env });
  assert.equal(exitCode, 0, stderr);
  return (JSON.parse(stdout) as unknown[]).length;
}

test(
  "an embedded database that is damaged, or of another version, is refused with what to do and left as it was",
  { timeout },
  async (t) => {
    const { project, data } = shared;
    const at = (name: string): string => join(data, name);
    const overwrite = (name: string, bytes: string | Uint8Array) => (): (() => void) => {
      const kept = readFileSync(at(name));
      writeFileSync(at(name), bytes);
      return () => writeFileSync(at(name), kept);
    };
    const away = (name: string) => (): (() => void) => {
      renameSync(at(name), at(`${name}.away`));
      return () => {
        rmSync(at(name), { recursive: true, force: true });
        renameSync(at(`${name}.away`), at(name));
      };
    };
    const damages: Readonly<Record<string, { readonly harm: () => () => void; readonly says: RegExp }>> = {
      "made by a newer PostgreSQL": {
        harm: overwrite("PG_VERSION", "19\n"),
        says: /EMBEDDED_POSTGRES_DATA \S+ was made by PostgreSQL 19, and the embedded one is PostgreSQL 18\.[^]*npm install @iroko\/cli@latest/,
      },
      "made by an older PostgreSQL": {
        harm: overwrite("PG_VERSION", "15\n"),
        says: /made by PostgreSQL 15[^]*pg_upgrade/,
      },
      "a PG_VERSION of zeros": {
        harm: overwrite("PG_VERSION", new Uint8Array(3)),
        says: /EMBEDDED_POSTGRES_DATA \S+ is damaged: PG_VERSION says no version\.[^]*restore the folder from a backup/,
      },
      "no PG_VERSION": {
        harm: away("PG_VERSION"),
        says: /EMBEDDED_POSTGRES_DATA [^]*PG_VERSION is missing[^]*Restore it from a backup/,
      },
      "a truncated pg_control": {
        harm: () => overwrite("global/pg_control", readFileSync(at("global/pg_control")).subarray(0, 100))(),
        says: /EMBEDDED_POSTGRES_START [^]*did not start\. It says:[^]*pg_control[^]*restore \S+ from a backup/,
      },
      "no log of transactions": {
        harm: away("pg_wal"),
        says: /EMBEDDED_POSTGRES_START [^]*pg_wal[^]*restore \S+ from a backup/,
      },
      "no tables at all": { harm: away("base"), says: /EMBEDDED_POSTGRES_START|DATABASE_\w+/ },
    };
    for (const [what, { harm, says }] of Object.entries(damages)) {
      await t.test(what, async () => {
        const mend = harm();
        try {
          const before = statSync(at("global")).ino;
          const { exitCode, stderr } = await project.iroko(make);
          assert.equal(exitCode, 2, stderr);
          assert.match(stderr, says);
          assert.equal(statSync(at("global")).ino, before, "no other folder is in its place");
        } finally {
          mend();
        }
      });
    }
    assert.equal(await runsOf(project), 1, "what was there is there, and nothing was begun");
  },
);

test("a postmaster.pid that a power cut or another process has left keeps nobody out", { timeout }, async (t) => {
  const { project, data } = shared;
  const pid = join(data, "postmaster.pid");
  for (const [what, text] of [
    ["of a process that is gone", `4194300\n${data}\n1\n5432\n\n127.0.0.1\n  1 2\nready   \n`],
    ["of a process that has its number now", `${process.pid}\n${data}\n1\n5432\n\n127.0.0.1\n  1 2\nready   \n`],
    ["of zeros", "\0".repeat(80)],
    ["empty", ""],
  ] as const) {
    await t.test(what, async () => {
      writeFileSync(pid, text);
      const { exitCode, stderr } = await project.iroko(["runs", "list"]);
      assert.equal(exitCode, 0, stderr);
    });
  }
  assert.equal(await runsOf(project), 1);
});

test(
  "a state folder that a newer Iroko has migrated is refused, and so are its plans and runs",
  { timeout },
  async () => {
    const { project } = shared;
    const server = await project.holdServer();
    const db = openDatabase(server.databaseUrl);
    await db.query("insert into iroko.migration (version, name, checksum) values (9000, '9000_future.sql', '')");
    await db.close();
    await server.close();
    for (const args of [make, ["runs", "list"], ["worker"]]) {
      const { exitCode, stderr } = await project.iroko(args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /DATABASE_NEWER The database has schema version 9000[^]*npm install @iroko\/cli@latest/);
    }
  },
);

/** Only root can make a disk. */
function mountSmall(folder: string, size: string): string | undefined {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], {
    encoding: "utf8",
  });
  return status === 0 ? undefined : `no small disk can be mounted here: ${stderr.trim()}`;
}

test(
  "a disk that is full when the database is made, or started: make room, and the same command goes on",
  { timeout },
  async (t) => {
    await using project = await cliProject({ "iroko.config.ts": shop });
    const home = project.file("disk");
    const why = mountSmall(home, "20m");
    if (why !== undefined) return t.skip(why);
    try {
      execFileSync("chmod", ["755", home]);
      const env = { IROKO_HOME: join(home, "state") };
      const full = await project.iroko(make, { env });
      assert.equal(full.exitCode, 2, full.stderr);
      assert.match(
        full.stderr,
        /DISK_FULL The disk is full where \S+ is: [^]*Make room there, and run the command again/,
      );
      execFileSync("mount", ["-o", "remount,size=400m", home]);
      const done = await project.iroko(make, { env });
      assert.equal(done.exitCode, 0, done.stderr);
      assert.deepEqual(globSync(join(home, "state/postgres/draft-*")), [], "no half of a database is left");

      assert.notEqual(spawnSync("dd", ["if=/dev/zero", `of=${join(home, "filler")}`, "bs=1M"]).status, 0);
      const again = await project.iroko(make, { env });
      assert.equal(again.exitCode, 2, again.stderr);
      assert.match(again.stderr, /DISK_FULL The disk is full where \S+ is: [^]*Make room there/);
      rmSync(join(home, "filler"));
      assert.equal(await runsOf(project, env), 1);
    } finally {
      execFileSync("umount", ["-l", home]);
    }
  },
);

test(
  "objects that the store has lost are named by doctor; its repair, or making them again, brings them back",
  { timeout },
  async () => {
    await using project = await cliProject({ "iroko.config.ts": shop });
    const server = await project.holdServer();
    try {
      const day = ["--partition", "2026-11-01"];
      const first = await project.iroko(["materialize", "-s", "*", ...day]);
      assert.equal(first.exitCode, 0, first.stderr);
      const store = project.file(".iroko/store");
      const objects = (path: string): readonly string[] => globSync(join(store, path));
      const lose = (path: string): void => {
        const found = objects(path);
        assert.ok(found.length > 0, path);
        for (const file of found) rmSync(file);
      };
      const published = "marts/revenue/2026-11-01.parquet";
      lose("_v/marts/revenue/**/*.parquet");
      // What is published is whole, and the staged object is put there again from it.
      const named = await project.iroko(["doctor", "--strict"]);
      assert.equal(named.exitCode, 1, named.stdout);
      assert.match(
        named.stdout,
        /pointer without its object: revenue@2026-11-01, version 1: the object \S+ is missing[^]*iroko doctor --strict --repair; or make it again: iroko materialize --select revenue --partition 2026-11-01/,
      );
      const repaired = await project.iroko(["doctor", "--strict", "--repair"]);
      assert.match(repaired.stdout, /it is being mended/);
      await mendedByWorker(project, () => objects("_v/marts/revenue/**/*.parquet").length === 1);

      lose("_v/marts/revenue/**/*.parquet");
      lose(published);
      const gone = await project.iroko(["doctor", "--strict"]);
      assert.equal(gone.exitCode, 1, gone.stdout);
      const again = await project.iroko(["materialize", "-s", "revenue", ...day]);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.equal(objects(published).length, 1);
      const { stdout } = await project.iroko(["doctor", "--strict", "--json"]);
      const wrong = (JSON.parse(stdout) as { findings: { verdict: string; rule?: string }[] }).findings.filter(
        ({ verdict }) => verdict === "wrong",
      );
      // The version that was replaced has no object any more, and is forgotten where that is asked for.
      assert.deepEqual(
        wrong.map(({ rule }) => rule),
        ["kept version without its object"],
      );
      await project.iroko(["doctor", "--strict", "--repair"]);
      const sound = await project.iroko(["doctor", "--strict"]);
      assert.equal(sound.exitCode, 0, sound.stdout);
    } finally {
      await server.close();
    }
  },
);

/** A worker until `isMended`, which costs less to ask than a doctor; the doctor then finds nothing. */
async function mendedByWorker(project: CliProject, isMended: () => boolean): Promise<void> {
  const worker = project.start(["worker", "--slots", "1"], { seconds: 120 });
  worker.ended.catch(() => {});
  try {
    await waitFor("a worker to mend what is missing", isMended, { seconds: 100, everyMilliseconds: 100 });
  } finally {
    worker.child.kill("SIGTERM");
    await worker.ended; // with what it was about to write
  }
  const { exitCode, stdout } = await project.iroko(["doctor", "--strict"]);
  assert.equal(exitCode, 0, stdout);
}

test("a TTL that the link does not allow is refused, with one that it does", { timeout }, async () => {
  await using database = await createMigratedDatabase();
  const url = new URL(database.url);
  await using proxy = await faultProxy(Number(url.port));
  url.port = String(proxy.port);
  await using project = await cliProject({ "iroko.config.ts": shop }, { DATABASE_URL: url.href });
  assert.equal((await project.iroko(["deploy"], { env: { DATABASE_URL: database.url } })).exitCode, 0);
  proxy.set({ latency: 350 });
  const { exitCode, stderr } = await project.iroko(["worker", "--ttl", "3", "--slots", "1"], { seconds: 120 });
  assert.equal(exitCode, 2, stderr);
  assert.match(
    stderr,
    /TTL_TOO_SHORT A round trip to Postgres takes \d+ ms: with a TTL of 3 s, one lost beat costs the worker its steps\.[^]*iroko worker --ttl \d+/,
  );
  const db = openDatabase(database.url);
  assert.deepEqual((await db.query("select id from iroko.worker")).rows, [], "it never was there");
  await db.close();
});
