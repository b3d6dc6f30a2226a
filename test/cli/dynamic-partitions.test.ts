/** `iroko partitions …`, and the other commands over partitions that come and go. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = `
  import { z } from "zod";
  import { asset, daily, define, dynamic, multi } from "@iroko/core";
  import { sqlAsset } from "@iroko/assets";
  const days = daily({ start: "2026-11-01", end: "2026-11-04", timezone: "Africa/Lagos" });
  const partitions = multi({ tenant: dynamic("tenants"), day: days });
  export const bills = sqlAsset({ key: "bills", partitions, schema: z.object({ tenant: z.string(), day: z.string() }),
    sql: "select $partition_tenant as tenant, $partition_day as day where $window_start < $window_end" });
  export default define({ assets: [bills] });
`;

let project: CliProject;
let server: EmbeddedPostgres;
before(async () => {
  project = await cliProject({ "iroko.config.ts": definitions });
  server = await project.holdServer();
});
after(async () => {
  await server.close();
  await project[Symbol.asyncDispose]();
});

test("tenants are added, made, listed and removed", async () => {
  assert.equal((await project.iroko(["check"])).exitCode, 0);
  const none = await project.iroko(["partitions", "list", "tenants"]);
  assert.match(none.stderr, /"tenants" has no partitions yet: iroko partitions add tenants KEY …/);

  const added = await project.iroko(["partitions", "add", "bills", "acme", "it's, |us|", "--json"]);
  assert.deepEqual(JSON.parse(added.stdout), { partitions: "tenants", added: ["acme", "it's, |us|"] });
  const again = await project.iroko(["partitions", "add", "tenants", "acme", "chidi"]);
  assert.deepEqual([again.exitCode, again.stderr], [0, '1 partition of "tenants" added; 1 were there already.\n']);

  const plan = await project.iroko(["plan", "--select", "bills", "--partition", "day=last:2"]);
  assert.match(
    plan.stdout,
    /bills +tenant=acme\|chidi\|"it's, \|us\|",day=2026-11-02\.\.2026-11-03 +6 +6 /,
    plan.stderr,
  );
  const made = await project.iroko([
    "materialize",
    "--select",
    "bills",
    "--partition",
    'tenant=acme|"it\'s, |us|",day=last:1',
  ]);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /bills +tenant=acme\|"it's, \|us\|",day=2026-11-03 +2 /);
  assert.ok(existsSync(project.file(".iroko/store/bills/tenant=it%27s%2C%20%7Cus%7C/day=2026-11-03.parquet")));
  const runs = await project.iroko(["runs", "list", "--json"]);
  const [{ id }] = JSON.parse(runs.stdout) as [{ id: string }];
  assert.match((await project.iroko(["runs", "show", id])).stdout, /bills@tenant=acme,day=2026-11-03/);
  const shown = await project.iroko(["assets", "show", "bills", "--json"]);
  const { partitions } = JSON.parse(shown.stdout) as { partitions: { existing: unknown; made: unknown } };
  assert.deepEqual(partitions.existing, {
    partitions: `tenant=acme|chidi|"it's, |us|",day=2026-11-01..2026-11-03`,
    count: 9,
  });
  assert.deepEqual(partitions.made, { partitions: `tenant=acme|"it's, |us|",day=2026-11-03`, count: 2 });

  const removed = await project.iroko(["partitions", "remove", "tenants", "it's, |us|"]);
  assert.deepEqual([removed.exitCode, removed.stderr], [0, '1 partition of "tenants" removed.\n']);
  const list = await project.iroko(["partitions", "list", "tenants", "--json"]);
  const { keys } = JSON.parse(list.stdout) as { keys: { key: string; addedAt: string }[] };
  assert.deepEqual(
    keys.map(({ key }) => key),
    ["acme", "chidi"],
  );
  assert.doesNotThrow(() => Temporal.Instant.from(keys[0]!.addedAt));
  assert.match(
    (await project.iroko(["partitions", "list", "tenants"])).stdout,
    /^KEY +ADDED\nacme +2\S+Z\nchidi +2\S+Z\n$/,
  );
  assert.ok(existsSync(project.file(".iroko/store/bills/tenant=it%27s%2C%20%7Cus%7C/day=2026-11-03.parquet")));
});

for (const [what, args, message] of [
  ["an unknown name", ["partitions", "list", "tenant"], /DYNAMIC_PARTITIONS_NOT_FOUND[^]*Did you mean "tenants"\?/],
  ["an empty key", ["partitions", "add", "tenants", "fine", ""], /PARTITION_FORMAT[^]*Nothing was added/],
  ["a key that never was", ["partitions", "remove", "tenants", "amce"], /PARTITION_NOT_FOUND[^]*amce/],
  ["no key", ["partitions", "add", "tenants"], /missing required argument 'key'/],
  [
    "a wrong dimension",
    ["plan", "--select", "bills", "--partition", "tenants=acme"],
    /no dimension "tenants"[^]*Did you mean "tenant"\?/,
  ],
  ["no dimension", ["plan", "--select", "bills", "--partition", "2026-11-02"], /PARTITION_FORMAT/],
] as const) {
  test(`${what} is refused before anything is done`, async () => {
    const { exitCode, stderr } = await project.iroko(args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, message);
  });
}
