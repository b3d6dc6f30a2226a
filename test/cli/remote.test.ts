/** The same commands on an instance's machine and over its server: same stdout, same exit codes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { openDatabase } from "@iroko/core/engine";
import { createMigratedDatabase, type TestDatabase } from "../support/database.ts";
import { runCli, startCli, type CliOptions, type CliResult, type RunningCli } from "../support/run-cli.ts";
import { selfSigned } from "../support/self-signed.ts";
import { waitFor } from "../support/wait-for.ts";
import { peopleOf } from "../ui/public-server.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = `
  import { existsSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, dynamic, job, retryPolicy, schedule } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const here = (name) => new URL(name, import.meta.url);
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const schema = z.object({ n: z.int() });
  export const sales = asset({
    key: "raw/sales", group: "raw", partitions: days, schema, output: jsonLines("sales"),
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
  const nightly = job({ key: "all_sales", select: "revenue" });
  export default define({
    assets: [sales, revenue, slow, tenants], jobs: [nightly],
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
    await alike("runs", "show", run, ...json);
    await alike("runs", "logs", run, ...json);
    await alike("schedules", "list", ...json);
  }
  await alike("runs", "show", run.slice(0, 18), "--all");
  await alike("runs", "logs", run, "--step", "0", "--stream", "stdout", "--follow");

  const retried = await there(["runs", "retry", run, "--json"]);
  assert.deepEqual([retried.exitCode, (JSON.parse(retried.stdout) as Report).failures.length], [1, 1], retried.stderr);
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
    ["LOCAL_ONLY", /iroko tokens list/, ["tokens", "list"], {}],
    ["USAGE", /DATABASE_URL/, ["runs", "list"], { DATABASE_URL: "postgres://localhost/none" }],
    ["RUN_NOT_FOUND", /runs list/, ["runs", "show", "0000"], {}],
    ["ASSET_NOT_FOUND", /revenue/, ["explain", "revenu"], {}],
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
