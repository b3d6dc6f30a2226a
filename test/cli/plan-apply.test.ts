/** `iroko plan`, `iroko apply` and `iroko explain`, as somebody types them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cliProject, shop, type CliProject } from "./cli-project.ts";

interface ShownPlan {
  readonly id: string;
  readonly steps: number;
  readonly orderBy: string;
  readonly assets: readonly {
    readonly asset: string;
    readonly partitions: string;
    readonly backfill: string;
    readonly estimate: { readonly rows: number | null; readonly from: string };
  }[];
  readonly total: { readonly rows: number | null; readonly unknown: readonly string[] };
  readonly travels: { readonly toStore: number; readonly fromStore: number; readonly local: number };
}

describe("plan, apply, explain", { concurrency: false }, () => {
  let project: CliProject;
  let held: Awaited<ReturnType<CliProject["holdServer"]>>;
  before(async () => {
    project = await cliProject({ "iroko.config.ts": shop });
    held = await project.holdServer();
  });
  after(async () => {
    await held.close();
    await project[Symbol.asyncDispose]();
  });

  const planned = async (...args: readonly string[]): Promise<ShownPlan> => {
    const { exitCode, stdout, stderr } = await project.iroko(["plan", "--select", "*", "--json", ...args]);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as ShownPlan;
  };
  const refused = async (args: readonly string[]): Promise<{ code: string; message: string; hint: string }> => {
    const { exitCode, stdout } = await project.iroko([...args, "--json"]);
    assert.equal(exitCode, 2);
    return (JSON.parse(stdout) as { error: { code: string; message: string; hint: string } }).error;
  };

  test("a plan without history says so; applied, it makes just that, and is spent", async () => {
    const plan = await planned("--partitions", "2026-11-01..2026-11-02");
    assert.deepEqual(
      plan.assets.map(({ asset, partitions, estimate }) => [asset, partitions, estimate]),
      ["raw/sales", "shops", "revenue"].map((asset) => [
        asset,
        asset === "shops" ? "" : "2026-11-01..2026-11-02",
        { rows: null, bytes: null, seconds: null, from: "no history" },
      ]),
    );
    assert.deepEqual(plan.total.unknown, ["raw/sales", "shops", "revenue"]);
    const applied = await project.iroko(["apply", plan.id, "--json"]);
    assert.equal(applied.exitCode, 0, applied.stderr);
    const report = JSON.parse(applied.stdout) as {
      runId: string;
      status: string;
      materializations: readonly unknown[];
    };
    assert.deepEqual([report.status, report.materializations.length], ["succeeded", 5]);
    const spent = await refused(["apply", plan.id]);
    assert.equal(spent.code, "PLAN_SPENT");
    assert.match(spent.message, new RegExp(report.runId));
  });

  test("with history, a plan estimates rows, bytes and time, says where from, and that a local store moves nothing", async () => {
    const plan = await planned("--partitions", "2026-11-03..2026-11-06", "--order", "newest", "--policy", "batches=2");
    const sales = plan.assets.find(({ asset }) => asset === "raw/sales");
    assert.deepEqual([sales?.estimate.rows, sales?.estimate.from], [12, "median of its last 2 partitions"]);
    assert.deepEqual([plan.orderBy, sales?.backfill, plan.steps], ["newest", "batches=2", 4]);
    assert.deepEqual([plan.travels.toStore, plan.travels.fromStore, plan.travels.local > 0], [0, 0, true]);
    const { stdout, stderr } = await project.iroko(["plan", "-s", "*", "--from", "2026-11-03", "--to", "2026-11-06"]);
    assert.match(stdout, /^raw\/sales +2026-11-03\S+ +4 +4 +~12 +~\S+ kB +~\S+ s /m);
    assert.match(stdout, /^estimate: 20 rows, .* of work, one step after another$/m);
    assert.match(stdout, /^ {2}raw\/sales, revenue: median of its last 2 partitions$/m);
    assert.match(stdout, /^network: nothing, the store is local/m);
    assert.match(stderr, /Nothing has been made: iroko apply [0-9a-z]{8} makes it\./);
  });

  test("a plan is refused when it is unknown, or when somebody made meanwhile what it makes", async () => {
    const { id } = await planned("--partitions", "2026-11-03");
    const made = await project.iroko(["materialize", "-s", "raw/sales", "-p", "2026-11-03"]);
    assert.equal(made.exitCode, 0, made.stderr);
    const moved = await refused(["apply", id]);
    assert.equal(moved.code, "PLAN_OUT_OF_DATE");
    assert.match(moved.message, /raw\/sales@2026-11-03 was made meanwhile/);
    assert.equal(moved.hint, "Make a new one: iroko plan --select '*' --partitions 2026-11-03");
    assert.equal((await refused(["apply", "zzzzzzzz"])).code, "PLAN_UNKNOWN");
    assert.equal((await refused(["apply", "no/id"])).code, "USAGE");
  });

  test("materialize --plan-only shows the plan and makes nothing", async () => {
    const shown = await project.iroko(["materialize", "-s", "raw/sales", "-p", "2026-11-07", "--plan-only", "--json"]);
    assert.equal(shown.exitCode, 0, shown.stderr);
    const { assets } = JSON.parse(shown.stdout) as ShownPlan;
    assert.deepEqual(
      assets.map(({ asset, partitions }) => [asset, partitions]),
      [["raw/sales", "2026-11-07"]],
    );
    assert.equal((await planned("--missing", "--partitions", "2026-11-07")).steps, 2, "it is missing still");
  });

  test("explain tells of partitions that stand alike, and of one the cause and the command", async () => {
    const whole = await project.iroko(["explain", "revenue"]);
    assert.equal(whole.exitCode, 0, whole.stderr);
    assert.match(
      whole.stdout,
      /^revenue@\S+, .* is missing \(\d+ partitions\)$|^revenue@2026-11-03\S+ is missing \(\d+ partitions\)$/m,
    );
    assert.match(whole.stdout, /^revenue@2026-11-01\.\.2026-11-02 is fresh \(2 partitions\)$/m);
    assert.match(whole.stdout, /^no schedule's job selects it/m);
    const one = await project.iroko(["explain", "revenue@2026-11-03", "--json"]);
    const { groups } = JSON.parse(one.stdout) as {
      groups: readonly { status: string; because: readonly { code: string; command: string }[] }[];
    };
    assert.deepEqual(
      groups.map(({ status, because }) => [status, because[0]?.code, because[0]?.command]),
      [["missing", "NEVER_MADE", "iroko materialize --select revenue --partition 2026-11-03"]],
    );
    assert.equal((await refused(["explain", "revenu"])).code, "ASSET_NOT_FOUND");
  });
});
