/** Users, tokens and the audit at the command line. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { openDatabase, type AuditRow } from "@iroko/core/engine";
import { createMigratedDatabase, type TestDatabase } from "../support/database.ts";
import { cliProject, shop, type CliProject } from "./cli-project.ts";

let database: TestDatabase;
let project: CliProject;
before(async () => {
  database = await createMigratedDatabase();
  project = await cliProject({}, { DATABASE_URL: database.url });
});
after(async () => {
  await project[Symbol.asyncDispose]();
  await database.drop();
});

const iroko = (line: string, input?: string) => project.iroko(line.split(" "), input === undefined ? {} : { input });
async function data<Value>(line: string): Promise<Value> {
  const { exitCode, stdout, stderr } = await iroko(`${line} --json`);
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Value;
}

test("users are added, listed, changed and removed; the password comes from stdin", async () => {
  const added = await iroko("users add Ada --role operator", "four words, unrelated\n");
  assert.deepEqual([added.exitCode, added.stdout], [0, ""], added.stderr);
  const users = await data<readonly { name: string; role: string }[]>("users list");
  assert.deepEqual(
    users.map(({ name, role }) => [name, role]),
    [["ada", "operator"]],
  );
  assert.doesNotMatch(JSON.stringify(users), /scrypt|password/);
  assert.equal((await iroko("users set-role ada admin")).exitCode, 0);
  assert.equal((await iroko("users set-password ada", "other words, unrelated\n")).exitCode, 0);
  assert.match((await iroko("users list")).stdout, /^NAME +ROLE.*\nada +admin +20\d\d-/);
  assert.equal((await iroko("users remove ada")).exitCode, 0);
  assert.match((await iroko("users list")).stderr, /no users yet.*iroko users add/);
});

test("a token is printed once on stdout, and is of no use after it was revoked", async () => {
  const { stdout, stderr, exitCode } = await iroko("tokens create export --role viewer --days 7");
  assert.equal(exitCode, 0, stderr);
  const [, id] = /^iroko_([0-9a-z]{12})_[\w-]{43}\n$/.exec(stdout)!;
  assert.match(stderr, /role viewer for 7 days\. Keep it now/);
  const listed = await iroko("tokens list");
  assert.match(listed.stdout, new RegExp(`${id} +export +viewer +good`));
  assert.ok(!listed.stdout.includes(stdout.trim().slice(20)));
  assert.equal((await iroko(`tokens revoke ${id}`)).exitCode, 0);
  assert.match((await iroko("tokens list")).stdout, /revoked/);
});

test("no file of the command line changes something without telling the audit", () => {
  const changing =
    /\b(?:addDynamicKeys|addUser|applyPlan|applyRetention|cancelRun|createToken|purgePartitions|registerLocation|removeDynamicKeys|removeUser|retryRun|revokeToken|rollbackPartition|setPassword|setPaused|setPool|setRole|storePlan|submitRun)\b/;
  const root = new URL("../../packages/cli/src/", import.meta.url);
  const files = globSync("**/*.ts", { cwd: root }).map((path) => ({
    path,
    text: readFileSync(new URL(path, root), "utf8"),
  }));
  const changers = files.filter(({ text }) =>
    [...text.matchAll(/import \{([^}]*)\} from "@iroko\/core\/engine"/g)].some(([, names = ""]) =>
      changing.test(names),
    ),
  );
  assert.ok(changers.length > 10, changers.map(({ path }) => path).join(" "));
  const silent = changers.filter(({ text }) => !text.includes("auditedHere("));
  // Definitions are registered anew by each command of an embedded instance, and when they are saved under `iroko dev`.
  assert.deepEqual(silent.map(({ path }) => path).toSorted(), ["dev/dev-workers.ts", "session.ts"]);
});

test("bad input: exit code 2, and what to do", async () => {
  for (const [line, code, hint, input] of [
    ["users set-role nobody admin", "USER_NOT_FOUND", /There are no users/],
    ["users remove nobody", "USER_NOT_FOUND", /./],
    ["users set-password nobody", "USER_NOT_FOUND", /./, "four words, unrelated\n"],
    ["users add bola --role boss", "ROLE_UNKNOWN", /viewer, operator, admin/],
    ["users add bola", "PASSWORD_WEAK", /Take four words/, "short\n"],
    ["users add bola", "USAGE", /iroko users set-password bola <|no password on stdin/, ""],
    ["users add ../bola", "USER_NAME_INVALID", /letters/, "four words, unrelated\n"],
    ["tokens create x --role boss", "ROLE_UNKNOWN", /viewer/],
    ["tokens create x --days 0", "USAGE|error", /1 to 366/],
    ["tokens create x --days 1000", "USAGE|error", /1 to 366/],
    ["tokens revoke nothing", "TOKEN_NOT_FOUND", /iroko tokens list/],
    ["audit list --limit none", "USAGE|error", /1 to 10000/],
    ["audit verify --head abc", "USAGE|error", /64 hexadecimal/],
  ] as const) {
    const { exitCode, stderr, stdout } = await iroko(line, input);
    assert.deepEqual([exitCode, stdout], [2, ""], `${line}\n${stderr}`);
    assert.match(stderr, new RegExp(code), line);
    assert.match(stderr, hint, line);
  }
});

test("each command that changes something is told, whatever it changes, and none that only looks", async () => {
  await using deployed = await createMigratedDatabase();
  const definitions = shop
    .replace("define, externalAsset }", "define, dynamic, externalAsset, job, schedule }")
    .replace(
      "export default define({ assets: [shops, sales, revenue] });",
      `const all = job({ key: "all", select: "*" });
       const people = asset({ key: "people", partitions: dynamic("people"), materialize: () => undefined });
       export default define({
         assets: [shops, sales, revenue, people], jobs: [all],
         schedules: [schedule({ key: "nightly", job: all, cron: "0 2 * * *", timezone: "UTC" })],
       });`,
    );
  await using other = await cliProject({ "iroko.config.ts": definitions }, { DATABASE_URL: deployed.url });
  const run = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await other.iroko(args);
    assert.equal(exitCode, 0, `${args.join(" ")}\n${stderr}`);
    return stdout.trim();
  };
  await run("deploy", "--dry-run");
  await run("deploy");
  await run("schedules", "pause", "nightly");
  await run("partitions", "add", "people", "ada", "bola");
  const plan = JSON.parse(await run("plan", "--select", "shops", "--json")) as { readonly id: string };
  const first = await run("apply", plan.id, "--detach");
  await run("runs", "cancel", first);
  const second = await run("runs", "retry", first, "--detach");
  const third = await run("materialize", "--select", "shops", "--detach");
  for (const look of ["assets list", "runs list", "schedules list", "users list", "audit verify"])
    await run(...look.split(" "));
  assert.equal((await other.iroko(["runs", "cancel", first])).exitCode, 2);
  assert.ok(second && third);
  const rows = JSON.parse(await run("audit", "list", "--json")) as readonly AuditRow[];
  assert.deepEqual(
    rows.map(({ operation, target, outcome }) => [operation, target, outcome].join(" | ")).toReversed(),
    [
      "locations.deploy | shop | done",
      "schedules.pause | shop nightly | done",
      "dynamicPartitions.add | people ada bola | done",
      "plans.create | shops | done",
      `plans.apply | ${plan.id} | done`,
      `runs.cancel | ${first} | done`,
      `runs.retry | ${first} | done`,
      "runs.submit | shops | done",
      `runs.cancel | ${first} | RUN_ENDED`,
    ],
  );
});

test("the audit tells who did what on this machine, refusals included, and verify names the first bad row", async () => {
  const rows = await data<readonly (Omit<AuditRow, "at"> & { readonly at: string })[]>("audit list --limit 100");
  assert.ok(rows.every(({ actorKind, via, address }) => actorKind === "machine" && via === "cli" && address));
  const told = rows.map(({ operation, target, outcome }) => `${operation} ${target} ${outcome}`).toReversed();
  assert.deepEqual(told.slice(0, 4), [
    "users.add Ada operator done",
    "users.setRole ada admin done",
    "users.setPassword ada done",
    "users.remove ada done",
  ]);
  assert.ok(told.includes("users.remove nobody USER_NOT_FOUND"));
  assert.doesNotMatch(JSON.stringify(rows), /unrelated|iroko_/);
  const shown = await iroko("audit list --operation users.remove --limit 1");
  assert.match(shown.stdout, /users\.remove +USER_NOT_FOUND +nobody/);

  const sound = await iroko("audit verify");
  assert.equal(sound.exitCode, 0);
  const [, head] = /head (\d+:[0-9a-f]{64})/.exec(sound.stderr)!;
  assert.equal((await iroko(`audit verify --head ${head}`)).exitCode, 0);
  const db = openDatabase(database.url);
  await db.transaction(async (tx) => {
    await tx.query("set local session_replication_role = replica");
    await tx.query("update iroko.audit set actor = 'eve' where seq = 2");
  });
  await db.close();
  const broken = await iroko("audit verify");
  assert.equal(broken.exitCode, 1);
  assert.match(broken.stderr, /Row 2 is edited; the 1 row before it is as written/);
  assert.equal((await iroko("audit verify --json")).exitCode, 1);
});
