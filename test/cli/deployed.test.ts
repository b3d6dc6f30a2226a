import assert from "node:assert/strict";
import { test } from "node:test";
import { createDatabase, createMigratedDatabase } from "../support/database.ts";
import { skipWithoutMinio, startMinio } from "../support/minio.ts";
import { waitFor } from "../support/wait-for.ts";
import { cliProject, shop } from "./cli-project.ts";

interface Report {
  readonly runId: string;
  readonly status: string;
  readonly materializations: readonly { readonly asset: string; readonly uri: string; readonly rows: number }[];
}

test("a database of one's own: migrated on demand only, deployed to explicitly, worked on from another process", async () => {
  await using database = await createDatabase();
  await using project = await cliProject({ "iroko.config.ts": shop }, { DATABASE_URL: database.url });
  const materialize = ["materialize", "--select", "*", "--partition", "2026-11-02", "--json"];

  const early = await project.iroko(materialize);
  assert.equal(early.exitCode, 2);
  assert.match(early.stderr, /DATABASE_OLDER[^]*Run: iroko migrate/);
  const migrated = await project.iroko(["migrate"]);
  assert.equal(migrated.exitCode, 0, migrated.stderr);
  assert.match(migrated.stderr, /applied 0001_instance\.sql/);
  const undeployed = await project.iroko(materialize);
  assert.equal(undeployed.exitCode, 2);
  assert.match(undeployed.stderr, /LOCATION_NOT_FOUND[^]*iroko deploy/);

  const deployed = await project.iroko(["deploy"]);
  assert.equal(deployed.exitCode, 0, deployed.stderr);
  assert.deepEqual(deployed.stdout.trimEnd().split("\n").toSorted(), ["+ raw/sales", "+ revenue", "+ shops"]);
  const detached = await project.iroko(["materialize", "--select", "shops", "--detach"]);
  assert.match(detached.stdout, /^[0-9a-f-]{36}\n$/);

  const worker = project.start(["worker", "--slots", "1"]);
  await waitFor("the worker to be ready", () => worker.stderr().includes("is ready"), { seconds: 30 });
  const made = await project.iroko(materialize);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.equal((JSON.parse(made.stdout) as Report).status, "succeeded");
  worker.child.kill("SIGTERM");
  const { exitCode, stderr } = await worker.ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /SIGTERM: no more steps[^]*Drained: no step was running\./);
});

test("deploy says what changes and which partitions become stale; a dry run registers nothing", async () => {
  await using database = await createMigratedDatabase();
  await using project = await cliProject({ "iroko.config.ts": shop }, { DATABASE_URL: database.url });
  await project.iroko(["deploy"]);
  const made = await project.iroko(["materialize", "--select", "*", "--partition", "2026-11-02"]);
  assert.equal(made.exitCode, 0, `with no worker live, the command is its own\n${made.stderr}`);
  assert.match((await project.iroko(["deploy"])).stdout, /Nothing has changed/);

  await project.write("iroko.config.ts", shop.replace("sum(kobo)", "2 * sum(kobo)"));
  for (const args of [["deploy", "--dry-run"], ["deploy"]]) {
    const { exitCode, stdout, stderr } = await project.iroko(args);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^~ revenue: code$/m);
    assert.match(stdout, /^stale by it: revenue@2026-11-02 \(1\): its code changed$/m);
  }
  const doctor = await project.iroko(["doctor", "--json"]);
  assert.equal(doctor.exitCode, 0, doctor.stdout);
  const { findings } = JSON.parse(doctor.stdout) as { findings: readonly { about: string; message: string }[] };
  assert.match(findings.find(({ about }) => about === "deployed")?.message ?? "", /"shop", version 2/);
  assert.ok(!doctor.stdout.includes(new URL(database.url).password));
});

test("deploy says whether a changed schema can be read, of what was stale already too, and that a renamed asset keeps its history", async () => {
  await using database = await createMigratedDatabase();
  await using project = await cliProject({ "iroko.config.ts": shop }, { DATABASE_URL: database.url });
  await project.iroko(["deploy"]);
  const made = await project.iroko(["materialize", "--select", "*", "--partition", "2026-11-02"]);
  assert.equal(made.exitCode, 0, made.stderr);

  const deployed = async (...[from, to]: readonly [string, string]): Promise<string> => {
    await project.write("iroko.config.ts", shop.replace(from, to));
    const { exitCode, stdout, stderr } = await project.iroko(["deploy"]);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  };
  const sales =
    'partitions: days, schema: z.object({ shop: z.string(), kobo: z.int() }),\n    output: parquet({ path: "raw/sales" }),';
  assert.ok(shop.includes(sales));
  const till = (type: string): string => sales.replace("kobo: z.int()", `kobo: z.int(), till: ${type}`);
  const nullable = await deployed(sales, till("z.string().nullable()"));
  assert.match(
    nullable,
    /^stale by it: raw\/sales@2026-11-02 \(1\): its schema changed\n  still readable: a new column reads as NULL$/m,
  );
  const breaking = await deployed(sales, till("z.string()"));
  assert.match(
    breaking,
    /^stale by it: raw\/sales@2026-11-02 \(1\): its schema changed\n  breaking: column "till" is new and not nullable; what reads these fails with SCHEMA_OLD/m,
  );
  const renamed = await deployed('key: "shops", schema', 'key: "stores", renamedFrom: "shops", schema');
  assert.match(renamed, /^~ stores: renamed from shops, whose history it keeps/m);
  assert.doesNotMatch(renamed, /^[+-] |^stale by it: (stores|revenue)/m);
  const shown = await project.iroko(["assets", "show", "stores", "--json"]);
  assert.equal((JSON.parse(shown.stdout) as { partitions: { made: { count: number } } }).partitions.made.count, 1);
});

test("doctor tells a database that cannot be reached and a store that cannot be, with exit code 1", async () => {
  await using project = await cliProject(
    { "iroko.config.ts": shop },
    { DATABASE_URL: "postgres://ada:hunter2@127.0.0.1:1/shop", IROKO_STORE: "ftp://nowhere" },
  );
  const { exitCode, stdout } = await project.iroko(["doctor"]);
  assert.equal(exitCode, 1);
  assert.match(stdout, /^wrong +store +STORE_URI/m);
  assert.match(stdout, /^wrong +database +DATABASE_UNREACHABLE .*127\.0\.0\.1:1/m);
  assert.doesNotMatch(stdout, /hunter2/);
});

test(
  "MinIO as the store: made there, read back, and what is wrong with it is told first",
  { skip: skipWithoutMinio },
  async () => {
    await using minio = await startMinio();
    await using database = await createMigratedDatabase();
    await using project = await cliProject(
      { "iroko.config.ts": shop },
      { ...minio.env, DATABASE_URL: database.url, IROKO_STORE: `s3://${minio.bucket}/shop` },
    );
    await project.iroko(["deploy"]);
    const materialize = ["materialize", "--select", "*", "--partition", "2026-11-02", "--json"];
    const { exitCode, stdout, stderr } = await project.iroko(materialize);
    assert.equal(exitCode, 0, stderr);
    const { materializations } = JSON.parse(stdout) as Report;
    assert.deepEqual(Object.fromEntries(materializations.map(({ uri, rows }) => [uri, rows])), {
      [`s3://${minio.bucket}/shop/marts/revenue/2026-11-02.parquet`]: 2,
      [`s3://${minio.bucket}/shop/raw/sales/2026-11-02.parquet`]: 3,
      [`s3://${minio.bucket}/shop/shops.parquet`]: 2,
    });
    const show = await project.iroko(["assets", "show", "revenue", "--rows", "2"]);
    assert.match(show.stdout, /Ada +400/);
    assert.match(show.stdout, /2 rows in 1 row group, ZSTD/);

    const wrong: readonly (readonly [env: Record<string, string>, code: string, message: RegExp])[] = [
      [{ AWS_SECRET_ACCESS_KEY: "not-the-secret" }, "STORE_DENIED", /AWS_|credentials/],
      [{ IROKO_STORE: "s3://no-such-bucket/shop" }, "STORE_NO_BUCKET", /no-such-bucket/],
      [{ AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" }, "STORE_UNREACHABLE", /127\.0\.0\.1:1[^]*AWS_ENDPOINT_URL/],
    ];
    for (const [env, code, message] of wrong) {
      const refused = await project.iroko(materialize, { env });
      assert.equal(refused.exitCode, 2, refused.stderr);
      assert.equal((JSON.parse(refused.stdout) as { error: { code: string } }).error.code, code);
      assert.match(refused.stderr, message);
      assert.doesNotMatch(refused.stderr, /not-the-secret/);
    }
  },
);
