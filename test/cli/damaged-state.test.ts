/** State that cannot be used as it is: refused with what to do, and left as it was. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { migrate, openDatabase } from "@iroko/core/engine";
import { openEmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { cliProject } from "./cli-project.ts";

const say = (): void => {};

test("a database that a newer Iroko has migrated is refused by every command, and nothing is changed", async () => {
  await using database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  await db.query("insert into iroko.migration (version, name, checksum) values (9000, '9000_future.sql', '')");
  await assert.rejects(migrate(db), { code: "DATABASE_NEWER", hint: /npm install @iroko\/cli@latest/ });
  await using project = await cliProject(
    {
      "iroko.config.ts": `import { asset, define } from "@iroko/core"; export default define({ assets: [asset({ key: "a", materialize: () => {} })] });`,
    },
    { DATABASE_URL: database.url },
  );
  const { exitCode, stderr } = await project.iroko(["materialize", "-s", "a"]);
  assert.equal(exitCode, 2, stderr);
  assert.match(stderr, /DATABASE_NEWER The database has schema version 9000[^]*npm install/);
  const { rows } = await db.query<{ runs: number }>("select count(*) as runs from iroko.run");
  assert.deepEqual(rows, [{ runs: 0 }]);
  await db.close();
});

test("no database is made anew in the place of one that is gone", async () => {
  using folder = createTempDir("embedded-gone");
  const home = join(folder.path, "home");
  const first = await openEmbeddedPostgres({ home, say });
  const { dataDir } = first;
  const db = openDatabase(first.databaseUrl);
  await db.query("create table kept as select 42 as answer");
  await db.close();
  await first.close();
  renameSync(dataDir, `${dataDir}.moved`);
  await assert.rejects(openEmbeddedPostgres({ home, say }), {
    code: "EMBEDDED_POSTGRES_DATA",
    message: /is gone/,
    hint: /Mount its disk, or restore it/,
  });
  assert.equal(existsSync(dataDir), false);
  // What is there instead is no database either.
  mkdirSync(dataDir);
  await assert.rejects(openEmbeddedPostgres({ home, say }), {
    code: "EMBEDDED_POSTGRES_DATA",
    message: /PG_VERSION is missing/,
  });
  renameSync(dataDir, `${dataDir}.empty`);
  renameSync(`${dataDir}.moved`, dataDir);
  const again = await openEmbeddedPostgres({ home, say });
  const same = openDatabase(again.databaseUrl);
  assert.deepEqual((await same.query("select answer from kept")).rows, [{ answer: 42 }]);
  await same.close();
  await again.close();
});

test("a page that the disk has damaged is told as such, with what to do", async () => {
  using folder = createTempDir("embedded-damaged");
  const home = join(folder.path, "home");
  const first = await openEmbeddedPostgres({ home, say });
  const db = openDatabase(first.databaseUrl);
  await db.query("create table notes as select n from generate_series(1, 1000) n");
  const { rows } = await db.query<{ file: string }>("select pg_relation_filepath('notes') as file");
  await db.close();
  await first.close();
  const file = join(first.dataDir, rows[0]!.file);
  const bytes = readFileSync(file);
  bytes.fill(0xab, 4000, 4100);
  writeFileSync(file, bytes);
  const again = await openEmbeddedPostgres({ home, say });
  const damaged = openDatabase(again.databaseUrl);
  await assert.rejects(damaged.query("select count(*) from notes"), {
    code: "DATABASE_DAMAGED",
    hint: /restore a backup/,
  });
  await damaged.close();
  await again.close();
  assert.ok(readFileSync(file).equals(bytes), "it is left as it was");
});
