/** `iroko init`: offline, never over anything, and what it makes runs as it is. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runCli } from "../support/run-cli.ts";
import { createTempDir } from "../support/temp-dir.ts";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const files = [".gitignore", "README.md", "iroko.config.ts", "package.json", "tsconfig.json"];
const env = { DATABASE_URL: undefined, IROKO_HOME: undefined, IROKO_STORE: undefined };
const run = promisify(execFile);

test("a new project type-checks, is without mistakes, and makes all its days at once", async () => {
  using temp = createTempDir("init");
  const made = await runCli(["init", "my shop"], { cwd: temp.path, env });
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stderr, /Next:\n {2}cd "my shop"\n {2}npm install\n {2}npx iroko check\n/);
  const folder = join(temp.path, "my shop");
  assert.deepEqual((await readdir(folder)).toSorted(), files);
  const { name, dependencies } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  assert.equal(name, "my-shop");
  assert.match(dependencies["@iroko/core"] ?? "", /^\^\d+\.\d+\.\d+/);
  for (const file of files) assert.doesNotMatch(await readFile(join(folder, file), "utf8"), /\{\{/, file);

  await symlink(modules, join(folder, "node_modules"));
  await chmod(folder, 0o755);
  await run(join(modules, ".bin/tsc"), ["-p", folder, "--customConditions", "@iroko/source", "--skipLibCheck"]);
  const at = { cwd: folder, env };
  const checked = await runCli(["check"], at);
  assert.equal(checked.exitCode, 0, checked.stderr);
  const filled = await runCli(["backfill", "--select", "*", "--missing", "--json"], at);
  assert.equal(filled.exitCode, 0, filled.stderr);
  const report = JSON.parse(filled.stdout) as {
    readonly status: string;
    readonly materializations: readonly {
      readonly asset: string;
      readonly rows: number;
      readonly checks: readonly { readonly passed: boolean }[];
    }[];
  };
  assert.equal(report.status, "succeeded");
  const rows = (asset: string): readonly number[] =>
    report.materializations.filter((made) => made.asset === asset).map((made) => made.rows);
  assert.deepEqual(
    rows("daily_summary"),
    Array.from({ length: 7 }, () => 4),
    "a week of days, each of four shops",
  );
  assert.ok(
    rows("raw_sales").every((count, day) => count > rows("cleaned_sales")[day]!),
    "something was cleaned away",
  );
  assert.ok(report.materializations.flatMap(({ checks }) => checks).every(({ passed }) => passed));
  const preview = await runCli(["schedules", "preview", "nightly", "-n", "1"], at);
  assert.match(preview.stdout, /daily_summary@\d{4}-\d\d-\d\d {2}1 step/);
});

test("nothing is overwritten: a folder that holds one of its files is refused, and stays as it was", async () => {
  using temp = createTempDir("init");
  await writeFile(join(temp.path, "package.json"), "{}");
  const { exitCode, stderr } = await runCli(["init"], { cwd: temp.path, env });
  assert.equal(exitCode, 2);
  assert.match(stderr, /FOLDER_IN_USE .* already holds package\.json\./);
  assert.deepEqual(await readdir(temp.path), ["package.json"]);
  assert.equal(await readFile(join(temp.path, "package.json"), "utf8"), "{}");
});

test("beside other files it is made all the same; where Iroko is installed, npm install is left out", async () => {
  using temp = createTempDir("init");
  await mkdir(join(temp.path, ".git"));
  await symlink(modules, join(temp.path, "node_modules"));
  const { exitCode, stdout, stderr } = await runCli(["init", "--json"], { cwd: temp.path, env });
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual((JSON.parse(stdout) as { readonly files: string[] }).files, files);
  assert.doesNotMatch(stderr, /npm install|cd /);
});
