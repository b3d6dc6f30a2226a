import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { cliProject, shop, type CliProject } from "./cli-project.ts";

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly steps: Readonly<Record<string, number>>;
  readonly materializations: readonly {
    readonly asset: string;
    readonly partition: string | null;
    readonly uri: string;
    readonly rows: number;
    readonly bytes: number;
    readonly sha256: string;
    readonly metadata: Readonly<Record<string, { readonly value: unknown }>>;
    readonly checks: readonly { readonly name: string; readonly passed: boolean }[];
    readonly seconds: number;
  }[];
  readonly skipped: readonly { readonly asset: string; readonly partitions: string; readonly reason: string }[];
  readonly failures: readonly {
    readonly step: number;
    readonly name: string;
    readonly attempts: number;
    readonly error: { readonly code: string; readonly place?: { readonly file?: string; readonly line?: number } };
  }[];
}

let project: CliProject;
let server: EmbeddedPostgres;
before(async () => {
  project = await cliProject({ "iroko.config.ts": shop });
  server = await project.holdServer();
});
after(async () => {
  await server.close();
  await project[Symbol.asyncDispose]();
});

test("materialize --json prints one object that says what was made and where, and the files are there", async () => {
  const { exitCode, stdout, stderr } = await project.iroko(["materialize", "-s", "*", "-p", "2026-11-02", "--json"]);
  assert.equal(exitCode, 0, stderr);
  const report = JSON.parse(stdout) as Report;
  assert.equal(report.status, "succeeded");
  assert.deepEqual(report.steps, { planned: 3, succeeded: 3, failed: 0, skipped: 0, canceled: 0 });
  assert.deepEqual(
    report.materializations.map(({ asset, partition, rows }) => ({ asset, partition, rows })).toSorted(byAsset),
    [
      { asset: "raw/sales", partition: "2026-11-02", rows: 3 },
      { asset: "revenue", partition: "2026-11-02", rows: 2 },
      { asset: "shops", partition: null, rows: 2 },
    ],
  );
  for (const { uri, sha256, bytes, seconds } of report.materializations) {
    const file = await readFile(fileURLToPath(uri));
    assert.deepEqual([createHash("sha256").update(file).digest("hex"), file.length], [sha256, bytes], uri);
    assert.ok(seconds > 0);
  }
  const revenue = report.materializations.find(({ asset }) => asset === "revenue")!;
  assert.match(revenue.uri, /^file:.*\/\.iroko\/store\/marts\/revenue\/2026-11-02\.parquet$/);
  assert.equal(revenue.metadata["shops"]?.value, 2);
  assert.deepEqual(
    revenue.checks.map(({ passed }) => passed),
    [true],
  );
});

test("backfill with both ends included prints a table by asset, and skips what nothing has changed", async () => {
  const { exitCode, stdout, stderr } = await project.iroko([
    ...["backfill", "--select", "+revenue", "--from", "2026-11-03", "--to", "2026-11-05"],
  ]);
  assert.equal(exitCode, 0, stderr);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/).slice(0, 3));
  assert.deepEqual(
    rows,
    [
      ["ASSET", "PARTITIONS", "ROWS"],
      ["raw/sales", "2026-11-03..2026-11-05", "9"],
      ["revenue", "2026-11-03..2026-11-05", "6"],
    ].map(([asset, partitions, count]) => [asset, partitions, count]),
  );
  assert.match(stderr, /skipped shops: /);
  assert.match(stderr, /succeeded: 6 of 6 steps done in .* \(run [0-9a-f-]{36}\)/);
});

test("plan shows ranges, order and reasons, and makes nothing; --missing is what no run has made", async () => {
  const text = await project.iroko([
    "plan",
    "--select",
    "+revenue",
    "--missing",
    "--partitions",
    "2026-11-01..2026-11-06",
  ]);
  assert.equal(text.exitCode, 0, text.stderr);
  assert.match(text.stdout, /revenue +2026-11-01\S*, 2026-11-06/);
  const json = await project.iroko(["plan", "-s", "*", "-p", "2026-11-07", "--steps", "--json"]);
  const plan = JSON.parse(json.stdout) as {
    readonly assets: readonly { readonly asset: string; readonly partitions: string }[];
    readonly order: readonly { readonly step: number; readonly name: string; readonly after: readonly number[] }[];
  };
  assert.deepEqual(
    plan.assets.map(({ asset, partitions }) => `${asset}@${partitions}`),
    ["raw/sales@2026-11-07", "revenue@2026-11-07"],
  );
  assert.deepEqual(
    plan.order.map(({ name, after: above }) => [name, above]),
    [
      ["raw/sales@2026-11-07", []],
      ["revenue@2026-11-07", [0]],
    ],
  );
  const again = await project.iroko(["plan", "-s", "*", "-p", "2026-11-07", "--json"]);
  assert.equal((JSON.parse(again.stdout) as { steps: number }).steps, 2, "nothing has been made by the plans");
});

test("nothing to do is done: exit code 0, and it says so", async () => {
  const { exitCode, stderr, stdout } = await project.iroko(["backfill", "-s", "revenue", "--failed"]);
  assert.deepEqual([exitCode, stdout], [0, ""]);
  assert.match(stderr, /nothing to do/);
});

test("assets list counts what is made; assets show tells of partitions, file, checks and rows", async () => {
  const list = await project.iroko(["assets", "list", "--json"]);
  const assets = JSON.parse(list.stdout) as readonly {
    readonly key: string;
    readonly made: number;
    readonly rows: number;
  }[];
  assert.deepEqual(Object.fromEntries(assets.map(({ key, made, rows }) => [key, [made, rows]])), {
    "raw/sales": [4, 12],
    revenue: [4, 8],
    shops: [1, 2],
  });
  const table = await project.iroko(["assets", "list"]);
  assert.match(table.stdout, /^revenue +marts +sql +\d+ +4 /m);
  const show = await project.iroko(["assets", "show", "revenue@2026-11-04", "--rows", "5"]);
  assert.equal(show.exitCode, 0, show.stderr);
  for (const line of [
    /made from +raw\/sales, shops/,
    /made +4: 2026-11-02\.\.2026-11-05/,
    /kobo +bigint/,
    /^ +shop +raw\/sales\.shop +sql/m,
    /^ +kobo +raw\/sales\.kobo +sql/m,
    /checks: 1 of 1 passed/,
    /2 rows in 1 row group, ZSTD/,
    /Ada +400/,
  ]) {
    assert.match(show.stdout, line);
  }
  const json = await project.iroko(["assets", "show", "revenue", "--json"]);
  const facts = JSON.parse(json.stdout) as {
    readonly partitions: Readonly<Record<string, { readonly count: number }>>;
  };
  assert.deepEqual([facts.partitions["made"]?.count, facts.partitions["stale"]?.count], [4, 0]);
  const unknown = await project.iroko(["assets", "show", "revenu"]);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /Did you mean "revenue"\?/);
});

test("a step that fails: what, the error and its place, its log and its retry; exit code 1", async () => {
  await using broken = await cliProject({
    "iroko.config.ts": shop
      .replace("export default define", `${failing}\n  export default define`)
      .replace("revenue] })", "revenue, shaky, below, wrongSql] })"),
  });
  const { exitCode, stdout, stderr } = await broken.iroko(["materialize", "-s", "*", "-p", "2026-11-02"]);
  assert.equal(exitCode, 1, stderr);
  assert.match(stdout, /raw\/sales/);
  assert.match(stderr, /retrying shaky@2026-11-02 in .* \(attempt 2 of 2\): USER_CODE .*no such luck/);
  assert.match(
    stderr,
    /failed shaky@2026-11-02 after 2 attempts\n {2}USER_CODE .*no such luck\n {4}at iroko\.config\.ts:\d+:\d+/,
  );
  assert.match(stderr, /failed wrong_sql@2026-11-02\n {2}SQL_FAILED/);
  assert.match(stderr, /skipped below@2026-11-02: shaky failed/);
  const run = /\(run ([0-9a-f-]{36})\)/.exec(stderr)?.[1] ?? "";
  assert.match(stderr, new RegExp(`its log: iroko runs logs ${run} --step \\d+`));
  assert.match(stderr, new RegExp(`iroko runs retry ${run}`));

  const json = await broken.iroko(["materialize", "-s", "shaky or wrong_sql", "-p", "2026-11-02", "--json"]);
  assert.equal(json.exitCode, 1);
  const report = JSON.parse(json.stdout) as Report;
  assert.deepEqual([report.status, report.steps["failed"]], ["failed", 2]);
  const failures = report.failures
    .map(({ name, attempts, error }) => [name, attempts, error.code])
    .toSorted(([a], [b]) => (a! < b! ? -1 : 1));
  assert.deepEqual(failures, [
    ["shaky@2026-11-02", 2, "USER_CODE"],
    ["wrong_sql@2026-11-02", 1, "SQL_FAILED"],
  ]);
});

const byAsset = (a: { asset: string }, b: { asset: string }): number => (a.asset < b.asset ? -1 : 1);

const failing = `
  import { retryPolicy } from "@iroko/core";
  export const shaky = asset({
    key: "shaky", partitions: days, deps: { sales }, retry: retryPolicy({ maxRetries: 1, baseSeconds: 0.01 }),
    materialize: () => { throw new TypeError("no such luck"); },
  });
  export const below = asset({ key: "below", partitions: days, deps: { shaky }, materialize: () => undefined });
  export const wrongSql = sqlAsset({
    key: "wrong_sql", partitions: days, schema: z.object({ shop: z.string() }), deps: { sales },
    sql: "select shop\\n  from sales where cast(shop as integer) > 1",
  });`;
