import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../support/run-cli.ts";

test("--help lists the commands on stdout, and --version is the package's", async () => {
  const help = await runCli(["--help"]);
  assert.equal(help.exitCode, 0);
  for (const name of ["materialize", "backfill", "plan", "check", "deploy", "worker", "doctor"]) {
    assert.match(help.stdout, new RegExp(`^  ${name} `, "m"));
  }
  assert.equal(help.stderr, "");
  const version = await runCli(["--version"]);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

test("--help of a command shows its options and examples", async () => {
  const { exitCode, stdout } = await runCli(["backfill", "--help"]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /--from <partition>/);
  assert.match(stdout, /iroko backfill --select/);
});

test("--help loads neither the engine nor DuckDB, pg or the S3 SDK", async () => {
  const hook = `
    import { registerHooks } from "node:module";
    const seen = [];
    registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) });
    process.on("exit", () => process.stderr.write(JSON.stringify(seen)));
  `;
  const { stderr } = await runCli(["--help"], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` },
  });
  const loaded = JSON.parse(stderr) as readonly string[];
  assert.ok(
    loaded.some((url) => url.endsWith("/cli/src/main.ts")),
    "the hook sees what is loaded",
  );
  const heavy = loaded.filter((url) =>
    /packages\/(core|assets|ui)\/|duckdb|node_modules\/(pg|zod|@aws-sdk)\//.test(url),
  );
  assert.deepEqual(heavy, []);
});

test("an unknown command or option is refused with what was probably meant", async () => {
  const command = await runCli(["backfil"]);
  assert.deepEqual([command.exitCode, command.stdout], [2, ""]);
  assert.match(command.stderr, /unknown command 'backfil'/);
  assert.match(command.stderr, /Did you mean backfill\?/);
  const subcommand = await runCli(["assets", "lst"]);
  assert.equal(subcommand.exitCode, 2);
  assert.match(subcommand.stderr, /Did you mean list\?/);
  const option = await runCli(["backfill", "--selct", "*"]);
  assert.equal(option.exitCode, 2);
  assert.match(option.stderr, /Did you mean --select\?/);
});

test("without a command there is help, and exit code 2", async () => {
  const { exitCode, stdout, stderr } = await runCli([]);
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.match(stderr, /Usage: iroko/);
});

test("options that contradict each other are refused before anything is opened", async () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [["--partition", "a", "--from", "b", "--to", "c"], /--partition and --from\/--to do not go together/],
    [["--missing", "--stale"], /--missing and --stale do not go together/],
    [["--from", "2026-11-02"], /--from needs --to/],
    [["--order", "sideways"], /It is oldest, newest or list/],
    [["--policy", "batches=0"], /batches=N/],
    [["--config", "{oops"], /It is no JSON/],
  ];
  for (const [args, message] of cases) {
    const { exitCode, stderr, stdout } = await runCli(["materialize", "--select", "*", ...args], { cwd: "/" });
    assert.deepEqual([exitCode, stdout], [2, ""], args.join(" "));
    assert.match(stderr, message);
  }
  const { exitCode, stderr } = await runCli(["materialize"], { cwd: "/" });
  assert.equal(exitCode, 2);
  assert.match(stderr, /--select is missing/);
});

test("with --json a refusal is an object on stdout too", async () => {
  const unknown = await runCli(["plan", "--json", "--select", "*", "--nonsense"]);
  assert.equal(unknown.exitCode, 2);
  assert.deepEqual(JSON.parse(unknown.stdout), { error: { code: "USAGE", message: "unknown option '--nonsense'" } });
  const contradiction = await runCli(["plan", "--json", "--select", "*", "--failed", "--stale"]);
  assert.equal((JSON.parse(contradiction.stdout) as { error: { code: string } }).error.code, "USAGE");
});

test("colours follow NO_COLOR and FORCE_COLOR, and there are none off a terminal", async () => {
  const refuse = (env: Record<string, string | undefined>) =>
    runCli(["plan", "--select", "*"], { cwd: "/", env: { NO_COLOR: undefined, FORCE_COLOR: undefined, ...env } });
  const escape = "\u001b[";
  assert.ok(!(await refuse({})).stderr.includes(escape));
  assert.ok(!(await refuse({ NO_COLOR: "1" })).stderr.includes(escape));
  assert.ok((await refuse({ FORCE_COLOR: "1" })).stderr.includes(escape));
});
