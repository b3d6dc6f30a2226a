import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { EmbeddedPostgres } from "../../packages/cli/src/embedded/open-embedded-postgres.ts";
import { cliProject, shop, type CliProject } from "./cli-project.ts";

interface JsonError {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly place?: { readonly file?: string; readonly line?: number; readonly subject?: string };
    readonly stack?: string;
    readonly details?: { readonly problems?: readonly { readonly code: string }[] };
  };
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

/** Refused with exit code 2: as an object on stdout, and the same as text on stderr. */
async function refusal(args: readonly string[], env: Record<string, string> = {}): Promise<JsonError["error"]> {
  const { exitCode, stdout, stderr } = await project.iroko([...args, "--json"], { env });
  assert.equal(exitCode, 2, stderr);
  const { error } = JSON.parse(stdout) as JsonError;
  assert.ok(stderr.includes(`${error.code} `), stderr);
  if (error.hint !== undefined) assert.ok(stderr.includes(error.hint.split("\n", 1)[0]!), stderr);
  return error;
}

const materialize = (...args: readonly string[]): readonly string[] => ["materialize", "--select", ...args];

test("an unknown asset: the one that was probably meant", async () => {
  const error = await refusal(materialize("revenu", "--partition", "2026-11-02"));
  assert.equal(error.code, "ASSET_NOT_FOUND");
  assert.match(error.hint ?? "", /Did you mean "revenue"\?/);
});

test("a selection that selects nothing, and one that cannot be read", async () => {
  assert.equal((await refusal(materialize("group:nobody"))).code, "SELECTION_EMPTY");
  assert.equal((await refusal(materialize("revenue and (", "--partition", "all"))).code, "SELECTION_SYNTAX");
});

test("no word of partitions where there are some: what to add", async () => {
  const error = await refusal(materialize("*"));
  assert.equal(error.code, "PARTITION_UNSPECIFIED");
  assert.match(error.hint ?? "", /--partition \d{4}-\d\d-\d\d/);
});

test("partitions before the start, in the future, still open, or written otherwise", async () => {
  const today = Temporal.Now.plainDateISO("Africa/Lagos");
  const open = await refusal(materialize("raw/sales", "--partition", today.toString()));
  assert.equal(open.code, "PARTITION_OPEN");
  assert.match(open.message, new RegExp(`it closes ${today.add({ days: 1 }).toString()} 00:00 \\(Africa/Lagos\\)`));
  const future = await refusal(materialize("raw/sales", "--partition", today.add({ days: 9 }).toString()));
  assert.equal(future.code, "PARTITION_FUTURE");
  assert.equal((await refusal(materialize("raw/sales", "--partition", "2026-10-31"))).code, "PARTITION_NOT_FOUND");
  const format = await refusal(materialize("raw/sales", "--partition", "02.11.2026"));
  assert.equal(format.code, "PARTITION_FORMAT");
  assert.match(format.place?.subject ?? "", /raw\/sales/);
});

test("--from after --to", async () => {
  const args = ["backfill", "--select", "*", "--from", "2026-11-04", "--to", "2026-11-02"];
  assert.equal((await refusal(args)).code, "PARTITION_RANGE");
});

test("partition keys that hold paths, quotes or SQL are no partitions", async () => {
  for (const key of ["../../etc/passwd", "'; drop schema iroko cascade; --", '2026-11-02"', "2026-11-02\u001b[2J"]) {
    const error = await refusal(materialize("raw/sales", "--partition", key));
    assert.equal(error.code, "PARTITION_FORMAT", key);
  }
  const { stderr } = await project.iroko(materialize("raw/sales", "--partition", "\u001b[2J"));
  assert.ok(!stderr.includes("\u001b"), "what is echoed steers no terminal");
});

test("definitions that throw while they are imported: the user's stack, not ours, and no database for it", async () => {
  await using broken = await cliProject({
    "iroko.config.ts": `import { fine } from "./helper.ts";\nexport default fine();\n`,
    "helper.ts": `export function fine(): never {\n  throw new TypeError("no such luck");\n}\n`,
  });
  const { exitCode, stderr } = await broken.iroko(materialize("*"));
  assert.equal(exitCode, 2);
  assert.match(stderr, /DEFINITIONS_THREW iroko\.config\.ts threw while it was imported: TypeError: no such luck/);
  assert.match(stderr, /at fine \(.*helper\.ts:2:\d+\)/);
  assert.doesNotMatch(stderr, /packages\/(core|cli)\/src|node:internal/);
  assert.ok(!existsSync(broken.file(".iroko")), "nothing was begun");
});

test("a module without a default export, and no module at all", async () => {
  await using other = await cliProject({ "iroko.config.ts": "export const nothing = 1;\n" });
  const none = await other.iroko(["check"]);
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /DEFINITIONS_NO_DEFAULT iroko\.config\.ts has no default export; it exports nothing/);
  await mkdir(other.file("below"));
  const below = await other.iroko(["plan", "--select", "*"], { cwd: other.file("below") });
  assert.equal(below.exitCode, 2);
  assert.match(below.stderr, /DEFINITIONS_NOT_FOUND There is no iroko\.config\.ts/);
  assert.match(below.stderr, /There is one in .*: go there, or name it with --definitions/);
});

test("every mistake in the definitions at once, by code and place", async () => {
  await using wrong = await cliProject({
    "iroko.config.ts": `
      import { asset, define, schedule, job } from "@iroko/core";
      const one = asset({ key: "one", materialize: () => undefined });
      const two = asset({ key: "one", materialize: () => undefined });
      const nothing = job({ key: "nothing", select: "group:nobody" });
      export default define({ assets: [one, two], jobs: [nothing] });
    `,
  });
  for (const args of [["check"], ["materialize", "--select", "*"], ["deploy"]]) {
    const { exitCode, stderr } = await wrong.iroko(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /ASSET_DUPLICATE|asset "one"/);
    assert.match(stderr, /job "nothing"/);
  }
  const { stdout } = await wrong.iroko(["check", "--json"]);
  const { ok, problems } = JSON.parse(stdout) as { ok: boolean; problems: readonly { code: string }[] };
  assert.equal(ok, false);
  assert.deepEqual(problems.map(({ code }) => code).toSorted(), ["ASSET_DUPLICATE", "SELECTION_EMPTY"]);
});

test("check tells a wrong column with its place in the SQL, before anything runs", async () => {
  await using wrong = await cliProject({
    "iroko.config.ts": shop.replace("sum(kobo)", "sum(naira)"),
  });
  const { exitCode, stderr } = await wrong.iroko(["check"]);
  assert.equal(exitCode, 2);
  assert.match(stderr, /SQL_FAILED asset "revenue", sql, line 1, column 18/);
  assert.match(stderr, /naira/);
  assert.ok(!existsSync(wrong.file(".iroko")), "no database was needed");
  const right = await project.iroko(["check"]);
  assert.deepEqual([right.exitCode, right.stdout], [0, ""]);
  assert.match(right.stderr, /ok 3 assets/);
});

test("a Postgres that cannot be reached: its host and the variable, and no password", async () => {
  const env = { DATABASE_URL: "postgres://ada:hunter2@127.0.0.1:1/shop" };
  const error = await refusal(materialize("shops"), env);
  assert.equal(error.code, "DATABASE_UNREACHABLE");
  assert.match(error.message, /127\.0\.0\.1:1\/shop/);
  assert.match(error.hint ?? "", /DATABASE_URL/);
  assert.doesNotMatch(JSON.stringify(error), /hunter2/);
});

test("a store that cannot be: no address, no folder to write to", async () => {
  const scheme = await refusal(materialize("shops"), { IROKO_STORE: "ftp://somewhere/else" });
  assert.equal(scheme.code, "STORE_URI");
  await project.write("a-file", "");
  const file = await refusal(materialize("shops"), { IROKO_STORE: project.file("a-file/store") });
  assert.match(file.code, /^STORE_/);
});

test("hostile keys of fixed partitions are made as what they are: within the store, bound and not pasted", async () => {
  const keys = ["../../up", "it's", 'a"b', "x'); drop schema iroko cascade; --"];
  await using hostile = await cliProject({
    "iroko.config.ts": `
      import { z } from "zod";
      import { define, fixed } from "@iroko/core";
      import { parquet, sqlAsset } from "@iroko/assets";
      export const named = sqlAsset({
        key: "named", partitions: fixed(${JSON.stringify(keys)}), schema: z.object({ name: z.string() }),
        output: parquet({ path: "named" }), sql: "select $partition_key as name",
      });
      export default define({ assets: [named] });
    `,
  });
  const made = await hostile.iroko(["backfill", "--select", "named", "--partitions", "all", "--json"]);
  assert.equal(made.exitCode, 0, made.stderr);
  const { materializations } = JSON.parse(made.stdout) as {
    readonly materializations: readonly { readonly partition: string; readonly uri: string }[];
  };
  assert.deepEqual(new Set(materializations.map(({ partition }) => partition)), new Set(keys));
  const store = `${hostile.file(".iroko/store/named")}/`;
  for (const { uri } of materializations) {
    const file = fileURLToPath(uri);
    assert.ok(file.startsWith(store) && !file.slice(store.length).includes("/"), file);
    assert.ok(existsSync(file), file);
  }
  const show = await hostile.iroko(["assets", "show", "named", "--partition", keys[3]!, "--rows", "1", "--json"]);
  assert.deepEqual((JSON.parse(show.stdout) as { rows: unknown }).rows, [{ name: keys[3] }]);
});

test("partitions that cannot be: which, where they are written, and what to write instead, before anything begins", async () => {
  const mistakes: readonly (readonly [definition: string, code: string, says: RegExp])[] = [
    [`daily({ start: "2026-11-02", end: "2026-11-01" })`, "PARTITIONS_INVALID", /before they start at "2026-11-02"/],
    [`hourly({ start: "2026-11-02", format: "%Y-%m-%d" })`, "PARTITIONS_INVALID", /it has no %H/],
    [`cronPartitions({ start: "2026-11-02-00:00", cron: "0 0 30 2 *" })`, "CRON_INVALID", /it never fires/],
    [`daily({ start: "2026-11-02", timezone: "Afrika/Lagos" })`, "TIMEZONE_INVALID", /no time zone "Afrika\/Lagos"/],
  ];
  await using wrong = await cliProject({});
  const commands = [["check"], ["plan", "--select", "*"], ["materialize", "--select", "*"]];
  for (const [n, [definition, code, says]] of mistakes.entries()) {
    await wrong.write(
      "iroko.config.ts",
      `import { asset, cronPartitions, daily, define, hourly } from "@iroko/core";
const partitions = ${definition};
export default define({ assets: [asset({ key: "sales", partitions, materialize: () => undefined })] });
`,
    );
    for (const args of n === 0 ? commands : [["check"]]) {
      const { exitCode, stderr } = await wrong.iroko(args);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stderr.match(new RegExp(`\\b${code}\\b`, "g"))?.length, 1, stderr);
      assert.match(stderr, says);
      assert.match(stderr, /iroko\.config\.ts:2:\d+/);
    }
    assert.ok(!existsSync(wrong.file(".iroko")), "nothing was begun");
  }
});

test("partitions of a dimension that the asset does not have", async () => {
  const error = await refusal(materialize("raw/sales", "--partition", "region=LA"));
  assert.equal(error.code, "PARTITION_FORMAT");
  assert.match(error.message, /"region=LA" is not written as "%Y-%m-%d"/);
});

test("a mapping's function that throws, or names a partition that cannot be: which function, asked about which", async () => {
  const mistakes: readonly (readonly [answer: string, says: RegExp])[] = [
    [`{ throw new RangeError("no rates"); }`, /threw RangeError: no rates for the partition "2026-11-02"/],
    [`{ return "ZZ"; }`, /gave "ZZ" for the partition "2026-11-02"/],
  ];
  for (const [answer, says] of mistakes) {
    await project.write(
      "mapped.config.ts",
      `import { asset, customMapping, daily, define, dep, fixed } from "@iroko/core";
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const rates = asset({ key: "rates", partitions: fixed(["LA", "AB"]), materialize: () => undefined });
const map = customMapping(days, (): "LA" => ${answer.replace('"ZZ"', '"ZZ" as never')});
const priced = asset({ key: "priced", partitions: days, deps: { rates: dep(rates, { map }) }, materialize: () => undefined });
export default define({ assets: [rates, priced] });
`,
    );
    for (const command of ["plan", "materialize"]) {
      const args = [command, "--definitions", "mapped.config.ts", "--select", "priced", "--partition", "2026-11-02"];
      const error = await refusal(args);
      assert.equal(error.code, "MAPPING_FAILED");
      assert.match(error.message, /The mapping function of asset "priced", deps\.rates /);
      assert.match(error.message, says);
      assert.notEqual(error.hint ?? "", "");
    }
  }
  const { stdout } = await project.iroko(["runs", "list", "--json"]);
  assert.doesNotMatch(stdout, /priced/, "nothing was begun");
});
