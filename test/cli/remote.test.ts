/** The same commands on an instance's machine and over its server: same stdout, same exit codes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { createToken, openDatabase } from "@iroko/core/engine";
import { findUser } from "../../packages/core/src/instance/users.ts";
import { createMigratedDatabase, type TestDatabase } from "../support/database.ts";
import { runCli, startCli, type CliOptions, type CliResult, type RunningCli } from "../support/run-cli.ts";
import { selfSigned } from "../support/self-signed.ts";
import { waitFor } from "../support/wait-for.ts";
import { password, peopleOf } from "../ui/public-server.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, dynamic, externalAsset, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const sales = asset({
    key: "raw/sales", group: "raw", partitions: days, schema, output: jsonLines("sales"), pools: ["till"],
    materialize(ctx) { console.log("reading", ctx.partition.key); return [{ n: 1 }]; },
  });
  export const revenue = asset({
    key: "revenue", group: "marts", partitions: days, schema, output: jsonLines("revenue"), deps: { sales },
    retry: retryPolicy({ maxRetries: 0 }),
    materialize(ctx) {
      if (ctx.partition.key === "2026-11-02") throw new TypeError("no such column");
      return [{ n: 1 }];
    },
  });
  export const slow = asset({
    key: "slow", schema, output: jsonLines("slow"),
    async materialize(ctx) {
      console.log("first line");
      while (!existsSync(here("go")) && !ctx.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log("last line");
      return [{ n: 1 }];
    },
  });
  export const tenants = asset({ key: "tenants", partitions: dynamic("tenants"), schema, output: jsonLines("tenants"), materialize: () => [{ n: 1 }] });
  export const till = externalAsset({ key: "till", observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: "1" })) });
  const nightly = job({ key: "all_sales", select: "revenue" });
  export default define({
    assets: [sales, revenue, slow, tenants, till], jobs: [nightly],
    schedules: [schedule({ key: "nightly", job: nightly, cron: "0 2 1 1 *", timezone: "Africa/Lagos" })],
  });
`;

let database: TestDatabase;
let project: CliProject;
let tokens: Readonly<Record<"viewer" | "operator" | "admin", string>>;
let remote: NonNullable<CliOptions["env"]>;
let server: RunningCli;
let worker: RunningCli;
let serve: () => Promise<void>;

before(async () => {
  database = await createMigratedDatabase();
  project = await cliProject({ "iroko.config.ts": definitions }, { DATABASE_URL: database.url });
  const deployed = await project.iroko(["deploy"]);
  assert.equal(deployed.exitCode, 0, deployed.stderr);
  const db = openDatabase(database.url);
  tokens = await peopleOf(db);
  await db.close();
  const { cert, key } = await selfSigned(project.folder);
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const tls = ["--public-url", url, "--tls-cert", cert, "--tls-key", key];
  serve = async () => {
    server = project.start(["serve", "--port", `${port}`, ...tls], { seconds: 600 });
    await waitFor("the server", () => server.stderr().includes("Iroko is at"), { seconds: 60 });
  };
  worker = project.start(["worker", "--slots", "2"], { seconds: 600 });
  await serve();
  await waitFor("the worker", () => worker.stderr().includes("is ready"), { seconds: 60 });
  remote = { DATABASE_URL: undefined, IROKO_SERVER: url, IROKO_TOKEN: tokens.operator, NODE_EXTRA_CA_CERTS: cert };
});
after(async () => {
  for (const { child } of [server, worker]) child.kill("SIGKILL");
  await Promise.all([server.ended, worker.ended]);
  await project[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** From a folder with nothing in it. */
function laptop(env: CliOptions["env"] = {}): CliOptions {
  return { cwd: "/", env: { ...remote, ...env } };
}
const there = (args: readonly string[], env?: CliOptions["env"]): Promise<CliResult> => runCli(args, laptop(env));

/** From one folder, as paths are shown from where one is. */
async function alike(...args: readonly string[]): Promise<string> {
  const far = runCli(args, { ...laptop(), cwd: project.folder });
  return compared(args, await project.iroko(args), await far);
}

function compared(args: readonly string[], near: CliResult, far: CliResult): string {
  assert.equal(far.exitCode, near.exitCode, `${args.join(" ")}\n${near.stderr}\n${far.stderr}`);
  assert.equal(far.stdout, near.stdout, args.join(" "));
  assert.notEqual(near.stdout, "", args.join(" "));
  return near.stdout;
}

async function runningRun(): Promise<string | undefined> {
  const { stdout } = await there(["runs", "list", "--status", "running", "--json"]);
  return (JSON.parse(stdout) as readonly { readonly id: string }[])[0]?.id;
}

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly materializations: readonly { readonly asset: string; readonly partition: string; readonly rows: number }[];
  readonly failures: readonly { readonly name: string }[];
}

test("a backfill over a server is planned, made by its workers, followed and reported; then all that looks at it is alike", async () => {
  const days = ["--from", "2026-11-01", "--to", "2026-11-02"];
  const made = await there(["backfill", "--select", "+revenue", ...days, "--json"]);
  assert.equal(made.exitCode, 1, made.stderr);
  const report = JSON.parse(made.stdout) as Report;
  assert.deepEqual(
    [report.status, report.failures.map(({ name }) => name)],
    ["failed", ["revenue@2026-11-02"]],
    made.stdout,
  );
  assert.deepEqual(
    report.materializations.map(({ asset, partition, rows }) => `${asset}@${partition} ${rows}`).toSorted(),
    ["raw/sales@2026-11-01 1", "raw/sales@2026-11-02 1", "revenue@2026-11-01 1"],
  );
  const run = report.runId;
  for (const json of [[], ["--json"]]) {
    await alike("assets", "list", ...json);
    await alike("assets", "list", "--select", "+revenue", ...json);
    await alike("explain", "revenue@2026-11-02", ...json);
    await alike("runs", "list", ...json);
    assert.match(
      await alike("runs", "list", "--asset", "revenue", "--by", "api", "--since", "1d", ...json),
      new RegExp(run),
    );
    await alike("runs", "show", run, ...json);
    await alike("runs", "logs", run, ...json);
    await alike("schedules", "list", ...json);
    await alike("schedules", "preview", "nightly", "--ticks", "12", ...json);
    await alike("pools", "list", ...json);
  }
  await alike("runs", "show", run.slice(0, 18), "--all");
  await alike("runs", "logs", run, "--step", "0", "--stream", "stdout", "--follow");

  const retried = await there(["runs", "retry", run, "--json"]);
  assert.deepEqual([retried.exitCode, (JSON.parse(retried.stdout) as Report).failures.length], [1, 1], retried.stderr);
});

test("an asset is shown alike, but for where its files are", async () => {
  for (const args of [["revenue"], ["revenue@2026-11-01"], ["revenue", "--versions", "0"], ["slow"], ["till"]]) {
    const shown = async (run: Promise<CliResult>): Promise<unknown> => {
      const { exitCode, stdout, stderr } = await run;
      assert.equal(exitCode, 0, stderr);
      const facts = JSON.parse(stdout) as { readonly versions: readonly object[]; readonly key: string };
      return { ...facts, versions: facts.versions.map((version) => ({ ...version, uri: null })) };
    };
    const command = ["assets", "show", ...args, "--json"];
    assert.deepEqual(await shown(there(command)), await shown(project.iroko(command)), args.join(" "));
  }
  const text = await there(["assets", "show", "revenue"]);
  assert.match(text.stdout, /^ +made +1: 2026-11-01$/m, text.stderr);
  assert.match(text.stdout, /^ +failed +1: 2026-11-02$/m);
  // What is no Parquet has no rows that a command shows, here or there; a never made partition neither.
  for (const asset of ["revenue", "slow"]) {
    const args = ["assets", "show", asset, "--rows", "3"];
    const [near, far] = [await project.iroko(args), await there(args)];
    assert.deepEqual([near.exitCode, far.exitCode], [2, 2], `${near.stderr}\n${far.stderr}`);
  }
});

test("external assets are looked at by the server's workers", async () => {
  const { exitCode, stdout, stderr } = await there(["observe", "--json"]);
  assert.equal(exitCode, 0, stderr);
  const { status, observations } = JSON.parse(stdout) as Report & { readonly observations: unknown };
  assert.deepEqual([status, observations], ["succeeded", [{ asset: "till", partitions: "" }]]);
  const none = await there(["observe", "--select", "slow", "--json"]);
  assert.deepEqual([none.exitCode, JSON.parse(none.stdout)], [0, { runId: null, status: "succeeded" }], none.stderr);
});

test("a pool is sized, and a version rolled back, over the server", async () => {
  const sized = await there(["pools", "set", "till", "3"]);
  assert.match(sized.stderr, /"till" runs 3 steps at once\.$/m);
  assert.match(await alike("pools", "list"), /^till +3 +0$/m);
  assert.match((await there(["pools", "set", "tilll", "none"])).stderr, /no limit[^]*No asset names it yet/);
  for (const force of [[], ["--force"]]) {
    const made = await there(["materialize", "--select", "raw/sales", "--partition", "2026-11-08", ...force]);
    assert.equal(made.exitCode, 0, made.stderr);
  }
  const moved = await there(["rollback", "raw/sales@2026-11-08", "--json"]);
  assert.equal(moved.exitCode, 0, moved.stderr);
  assert.deepEqual(JSON.parse(moved.stdout), {
    asset: "raw/sales",
    partition: "2026-11-08",
    from: 2,
    to: 1,
    version: 3,
    published: false,
  });
});

test("users, tokens and the audit are an admin's over the server, too", async () => {
  const admin = { IROKO_TOKEN: tokens.admin };
  const refused = await there(["users", "list"]);
  assert.deepEqual([refused.exitCode, /ROLE_NEEDED/.test(refused.stderr)], [2, true]);
  const added = await runCli(["users", "add", "Ada", "--role", "operator"], {
    ...laptop(admin),
    input: `${password}\n`,
  });
  assert.equal(added.exitCode, 0, added.stderr);
  const db = openDatabase(database.url);
  const { id } = (await findUser(db, "ada"))!;
  const ada = { kind: "user", id, name: "ada", role: "operator", user: { id, name: "ada" } } as const;
  const { token } = await createToken(db, ada, { name: "laptop", role: "operator" });
  await db.close();
  const changing = (env: CliOptions["env"], input: string): Promise<CliResult> =>
    runCli(["users", "change-password"], { ...laptop(env), input });
  const mine = { IROKO_TOKEN: token };
  assert.match((await changing(mine, `wrong ${password}\nother words, unrelated\n`)).stderr, /PASSWORD_WRONG/);
  assert.match((await changing({}, `${password}\nother words, unrelated\n`)).stderr, /NOT_A_USER/);
  const changed = await changing(mine, `${password}\nother words, unrelated\n`);
  assert.deepEqual([changed.exitCode, /Your password is changed/.test(changed.stderr)], [0, true], changed.stderr);
  assert.match((await project.iroko(["users", "change-password"])).stderr, /USAGE.*--server/);

  for (const json of [[], ["--json"]]) {
    for (const command of [
      ["users", "list"],
      ["audit", "list", "--limit", "3", "--operation", "users.add"],
    ]) {
      const args = [...command, ...json];
      compared(args, await project.iroko(args), await there(args, admin));
    }
  }
  const audit = await there(["audit", "list", "--limit", "1200", "--json"], admin);
  const told = (JSON.parse(audit.stdout) as readonly { actor: string; operation: string; outcome: string }[]).map(
    ({ actor, operation, outcome }) => `${actor} ${operation} ${outcome}`,
  );
  for (const line of [
    "admin users.add done",
    "laptop session.setPassword done",
    "laptop session.setPassword PASSWORD_WRONG",
    "operator instance.setPool done",
    "operator runs.observe done",
    "operator assets.rollback done",
  ])
    assert.ok(told.includes(line), line);
  assert.match((await there(["tokens", "list"], admin)).stdout, /laptop +operator +good +ada/);
  assert.equal((await there(["tokens", "revoke", token.split("_")[1]!], admin)).exitCode, 0);
  assert.match((await there(["runs", "list"], mine)).stderr, /TOKEN_REFUSED/);
  assert.equal((await there(["users", "remove", "ada"], admin)).exitCode, 0);
});

test("what a plan says is alike, and is applied over the server", async () => {
  const request = ["plan", "--select", "raw/sales", "--partitions", "2026-11-05..2026-11-06"];
  await alike(...request);
  const kept = await there([...request, "--missing", "--json"]);
  assert.equal(kept.exitCode, 0, kept.stderr);
  const { id, materializations } = JSON.parse(kept.stdout) as {
    readonly id: string;
    readonly materializations: number;
  };
  assert.equal(materializations, 2);
  const applied = await there(["apply", id]);
  assert.equal(applied.exitCode, 0, applied.stderr);
  assert.match(applied.stdout, /raw\/sales +2026-11-05\.\.2026-11-06 +2 /);
  assert.match(applied.stderr, /succeeded:.* 2 of 2 steps done/);
});

test("Ctrl-C stops following, says how to go on, and the run goes on; it is canceled by another command", async () => {
  const following = startCli(["materialize", "--select", "slow"], laptop());
  await waitFor("the run to run", async () => (await runningRun()) !== undefined, { seconds: 120 });
  const run = (await runningRun())!;
  following.child.kill("SIGINT");
  const left = await following.ended;
  assert.equal(left.exitCode, 130, left.stderr);
  assert.match(left.stderr, new RegExp(`Run ${run} goes on[^]*iroko runs logs ${run} --follow`));
  const canceled = await there(["runs", "cancel", run, "--json"]);
  assert.equal(canceled.exitCode, 0, canceled.stderr);
  await waitFor("its end", async () => (await runningRun()) === undefined, { seconds: 120 });
  assert.match((await there(["runs", "show", run])).stdout, /^status +canceled$/m);

  writeFileSync(project.file("go"), "");
  const detached = await there(["materialize", "--select", "slow", "--detach"]);
  assert.match(detached.stdout, /^[0-9a-f-]{36}\n$/, detached.stderr);
  const logs = await there(["runs", "logs", detached.stdout.trim(), "--follow"]);
  assert.equal(logs.stdout, "first line\nlast line\n", logs.stderr);
});

test("following outlives the server: it goes on when that is back, and tells the run's end", async () => {
  await rm(project.file("go"));
  const following = startCli(["materialize", "--select", "slow", "--force", "--json"], { ...laptop(), seconds: 240 });
  await waitFor("the run to run", async () => (await runningRun()) !== undefined, { seconds: 120 });
  server.child.kill("SIGKILL");
  await server.ended;
  await waitFor("it to be missed", () => following.stderr().includes("The run goes on meanwhile"), { seconds: 120 });
  await serve();
  writeFileSync(project.file("go"), "");
  const { exitCode, stdout, stderr } = await following.ended;
  assert.deepEqual([exitCode, (JSON.parse(stdout) as Report).status], [0, "succeeded"], stderr);
});

test("a schedule is paused and resumed over the server", async () => {
  const paused = await there(["schedules", "pause", "nightly", "--json"]);
  assert.deepEqual(JSON.parse(paused.stdout), { schedule: "nightly", paused: true }, paused.stderr);
  assert.match(await alike("schedules", "list"), /nightly +paused/);
  assert.equal((await there(["schedules", "resume", "nightly"])).exitCode, 0);
  const unknown = await there(["schedules", "pause", "nightlyy"]);
  assert.deepEqual([unknown.exitCode, /SCHEDULE_NOT_FOUND[^]*nightly\./.test(unknown.stderr)], [2, true]);
});

test("keys of dynamic partitions are added, listed and removed over the server", async () => {
  const added = await there(["partitions", "add", "tenants", "ada", "bola", "--json"]);
  assert.deepEqual(JSON.parse(added.stdout), { partitions: "tenants", added: ["ada", "bola"] }, added.stderr);
  assert.match(await alike("partitions", "list", "tenants"), /^ada +20/m);
  assert.match((await there(["partitions", "remove", "tenants", "ada"])).stderr, /1 partition of "tenants" removed/);
});

test("doctor tells whether the server answers, as whom, its clock, its code and its workers", async () => {
  const { exitCode, stdout, stderr } = await there(["doctor"]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^ok +server +https:\/\/localhost:\d+ answers in .* with the role operator$/m);
  assert.match(stdout, /^ok +clock/m);
  assert.match(stdout, /^ok +deployed +"shop", version 1/m);
  assert.match(stdout, /^ok +workers .* of 2 slots busy$/m);
});

test("each way in which a server cannot be asked is one clear error", async () => {
  const errors: readonly (readonly [code: string, says: RegExp, args: readonly string[], env: CliOptions["env"]])[] = [
    ["SIGN_IN_NEEDED", /IROKO_TOKEN/, ["runs", "list"], { IROKO_TOKEN: undefined }],
    ["TOKEN_REFUSED", /token/, ["runs", "list"], { IROKO_TOKEN: `iroko_${"0".repeat(12)}_${"0".repeat(43)}` }],
    ["ROLE_NEEDED", /operator/, ["materialize", "--select", "slow"], { IROKO_TOKEN: tokens.viewer }],
    ["SERVER_UNREACHABLE", /localhost:1 /, ["runs", "list"], { IROKO_SERVER: "https://localhost:1" }],
    ["SERVER_URL", /readable/, ["runs", "list"], { IROKO_SERVER: "http://iroko.example" }],
    ["SERVER_URL", /IROKO_TOKEN/, ["runs", "list"], { IROKO_SERVER: "https://iroko_secret@localhost" }],
    ["LOCAL_ONLY", /iroko worker/, ["worker"], {}],
    ["LOCAL_ONLY", /iroko audit verify/, ["audit", "verify"], {}],
    ["USAGE", /DATABASE_URL/, ["runs", "list"], { DATABASE_URL: "postgres://localhost/none" }],
    ["RUN_NOT_FOUND", /runs list/, ["runs", "show", "0000"], {}],
    ["ASSET_NOT_FOUND", /revenue/, ["explain", "revenu"], {}],
    ["ASSET_NOT_FOUND", /revenue/, ["runs", "list", "--asset", "revenu"], {}],
  ];
  for (const [code, says, args, env] of errors) {
    const { exitCode, stdout, stderr } = await there(args, env);
    assert.equal(exitCode, 2, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, new RegExp(`^${code} `, "m"));
    assert.match(stderr, says);
    assert.equal(stdout, "");
    assert.ok(!stderr.includes("iroko_secret"), "an address that holds a secret is not repeated");
  }
});
