/** What is kept, taken back, taken away and looked after: `rollback`, `purge`, `vacuum`, `doctor --strict`. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openDatabase } from "@iroko/core/engine";
import type { CliResult } from "../support/run-cli.ts";
import { strictLook } from "../../packages/cli/src/doctor/strict.ts";
import { openTerminal } from "../../packages/cli/src/terminal/terminal.ts";
import { createMigratedDatabase } from "../support/database.ts";
import { createTempDir } from "../support/temp-dir.ts";
import { cliProject, type CliProject } from "./cli-project.ts";

const definitions = `
  import { readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, sensitive } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
  const n = () => Number(readFileSync(new URL("n", import.meta.url), "utf8"));
  const people = asset({ key: "people", partitions: days, schema: z.object({ n: z.int(), name: sensitive(z.string()) }),
    output: jsonLines("people"), retention: { versions: 5, days: 5 }, materialize: () => [{ n: n(), name: "Ade" }] });
  const counts = asset({ key: "counts", partitions: days, schema: z.object({ n: z.int() }), output: jsonLines("counts"), deps: { people },
    async materialize(ctx) { return [{ n: await ctx.deps.people.count() }]; } });
  export default define({ assets: [people, counts] });
`;

type Project = CliProject & { readonly must: (args: readonly string[], exitCode?: number) => Promise<CliResult> };

/** On a database of its own, with the definitions deployed. */
async function setup(store?: string): Promise<Project> {
  const database = await createMigratedDatabase();
  const project = await cliProject(
    { "iroko.config.ts": definitions, n: "1" },
    { DATABASE_URL: database.url, ...(store === undefined ? {} : { IROKO_STORE: store }) },
  );
  const must: Project["must"] = async (args, exitCode = 0) => {
    const result = await project.iroko(args);
    assert.equal(result.exitCode, exitCode, `iroko ${args.join(" ")}: ${result.stderr}${result.stdout}`);
    return result;
  };
  await must(["deploy"]);
  return {
    ...project,
    must,
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

const make = ["materialize", "-s", "*", "-p", "2026-11-02"];

interface Shown {
  readonly kept: readonly { readonly version: number; readonly current: boolean }[];
  readonly purgedAt: string | null;
}

test("a partition is made twice, rolled back, purged; strict doctor finds nothing wrong in between", async () => {
  await using project = await setup();
  const shown = async (): Promise<Shown> =>
    JSON.parse((await project.must(["assets", "show", "people@2026-11-02", "--json"])).stdout) as Shown;
  await project.must(make);
  await project.write("n", "2");
  await project.must(make);
  assert.deepEqual(
    (await shown()).kept.map(({ version, current }) => [version, current]),
    [
      [2, true],
      [1, false],
    ],
  );
  assert.match(
    (await project.must(["assets", "show", "people@2026-11-02"])).stdout,
    /versions\n.*version[^]*2 {2}current[^]*\n +1 /,
  );

  const back = await project.must(["rollback", "people@2026-11-02"]);
  assert.match(back.stderr, /people@2026-11-02 shows version 1 again, as version 3; version 2 is kept/);
  assert.match(back.stderr, /is stale: iroko plan --select 'people\+' --stale/);
  const none = await project.must(["rollback", "people@2026-11-02", "--to", "7"], 2);
  assert.match(none.stderr, /VERSION_NOT_KEPT Version 7 of people@2026-11-02 is not kept[^]*Kept are: 2, 1/);
  assert.match((await project.must(["rollback", "people"], 2)).stderr, /PARTITION_UNSPECIFIED/);

  const strict = JSON.parse((await project.must(["doctor", "--strict", "--json"])).stdout) as { readonly ok: boolean };
  assert.equal(strict.ok, true);

  const asked = await project.must(["purge", "people@2026-11-02"], 2);
  assert.match(
    asked.stderr,
    /Nothing was purged. It would take away people@2026-11-02: 3 versions in 2 objects[^]*--yes/,
  );
  const purged = await project.must(["purge", "people@2026-11-02", "--yes", "--reason", "request 4711"]);
  assert.match(
    purged.stderr,
    /Purged people@2026-11-02: 3 versions[^]*What was made from it is kept, and may hold the same data: counts/,
  );
  const after = await shown();
  assert.deepEqual(after.kept, []);
  assert.match(after.purgedAt ?? "", /^2\d{3}-/);
  assert.match((await project.must(["assets", "show", "people@2026-11-02"])).stdout, /Its data was purged at 2/);
});

test("strict doctor names what is wrong with exit code 1, and --repair has it mended; vacuum deletes what nothing names", async () => {
  await using project = await setup();
  await project.must(make);
  await rm(join(project.folder, ".iroko/store/counts/2026-11-02.jsonl"));
  const wrong = await project.must(["doctor", "--strict", "--json"], 1);
  const { findings } = JSON.parse(wrong.stdout) as {
    readonly findings: readonly { readonly rule?: string; readonly message: string; readonly remedy?: string }[];
  };
  const finding = findings.find(({ rule }) => rule === "published other than the pointer");
  assert.match(finding!.message, /counts@2026-11-02: file:.*counts\/2026-11-02\.jsonl is missing/);
  assert.match(
    finding!.remedy!,
    /iroko doctor --strict --repair; or make it again: iroko materialize --select counts --partition 2026-11-02/,
  );
  await project.must(["doctor", "--strict", "--repair"]);
  assert.match((await project.must(["doctor", "--repair"], 2)).stderr, /give both/);

  const left = JSON.parse((await project.must(["vacuum", "--dry-run", "--grace", "0", "--json"])).stdout) as {
    readonly unnamed: readonly unknown[];
    readonly expired: readonly unknown[];
  };
  assert.deepEqual([left.unnamed, left.expired], [[], []]);
  assert.match(
    (await project.must(["vacuum"])).stderr,
    /Deleted 0 versions past their retention and 0 objects that nothing names/,
  );
});

test("two instances on one store: the second is refused before anything runs, with exit code 2", async () => {
  await using first = await setup();
  await first.must(make);
  const database = await createMigratedDatabase();
  const db = openDatabase(database.url);
  await db.query("update iroko.instance set id = gen_random_uuid()");
  await db.close();
  await using second = await cliProject(
    { "iroko.config.ts": definitions, n: "1" },
    { DATABASE_URL: database.url, IROKO_STORE: join(first.folder, ".iroko/store") },
  );
  assert.equal((await second.iroko(["deploy"])).exitCode, 0);
  const refused = await second.iroko(make);
  assert.equal(refused.exitCode, 2, refused.stderr);
  assert.match(refused.stderr, /STORE_TAKEN The store file:[^]*IROKO_STORE[^]*delete file:.*_iroko\/instance\.json/);
  await database.drop();
});

test("strict doctor names what processes that are gone have left on this machine, once it is old", async () => {
  await using database = await createMigratedDatabase();
  using folder = createTempDir("left-behind");
  const db = openDatabase(database.url);
  const [home, storeUri] = [join(folder.path, "home"), join(folder.path, "store")];
  const project = { folder: home, module: "", location: "", home, storeUri, databaseUrl: database.url };
  const worker = join(home, "work", randomUUID(), randomUUID());
  const temporary = join(storeUri, ".iroko", "temporary", "half");
  await mkdir(worker, { recursive: true });
  await mkdir(dirname(temporary), { recursive: true });
  await writeFile(temporary, "");
  const told = async (hours: number): Promise<readonly string[]> => {
    const messages: string[] = [];
    const now = Temporal.Now.instant().add({ hours });
    for await (const { verdict, message } of strictLook(db, project, openTerminal(), { repair: false, now }))
      if (verdict === "wrong") messages.push(message);
    return messages;
  };
  assert.deepEqual(await told(1), []);
  assert.deepEqual(await told(72), [`${worker} is of a worker that is gone`, `${temporary} is older than 2 days`]);
  await db.close();
});
