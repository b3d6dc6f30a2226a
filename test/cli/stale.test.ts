import assert from "node:assert/strict";
import { test } from "node:test";
import { cliProject } from "./cli-project.ts";

/** A daily source that says of each day what the file of that name holds, and an asset that reads it. */
const observed = `
  import { readFileSync } from "node:fs";
  import { z } from "zod";
  import { asset, daily, define, externalAsset, IrokoError } from "@iroko/core";
  import { jsonLines } from "./json-lines.ts";
  const days = daily({ start: "2026-11-01", timezone: "UTC" });
  const digest = (name) => { try { return readFileSync(new URL(name, import.meta.url), "utf8"); } catch { return "none"; } };
  export const source = externalAsset({
    key: "source", partitions: days,
    observe: (ctx) => ctx.partitions.map((partition) => ({ partition, dataVersion: digest(partition.key) })),
  });
  export const copy = asset({
    key: "copy", partitions: days, schema: z.object({ n: z.int() }), output: jsonLines("copy"), deps: { source },
    materialize: () => [{ n: 1 }],
  });
  export default define({ assets: [source, copy] });
`;

test("backfill --stale first looks at the sources, and then makes what they have changed, and nothing else", async () => {
  await using project = await cliProject({ "iroko.config.ts": observed });
  await using _server = { [Symbol.asyncDispose]: (await project.holdServer()).close };
  const seen = await project.iroko(["observe"]);
  assert.equal(seen.exitCode, 0, seen.stderr);
  assert.match(seen.stdout, /^observed source@2026-11-01\.\.2026-/m);
  const made = await project.iroko(["backfill", "-s", "copy", "--from", "2026-11-01", "--to", "2026-11-04"]);
  assert.equal(made.exitCode, 0, made.stderr);

  const fresh = await project.iroko(["backfill", "-s", "copy", "--stale"]);
  assert.equal(fresh.exitCode, 0, fresh.stderr);
  assert.match(fresh.stderr, /Observing source …[^]*nothing to do/);

  await project.write("2026-11-03", "late records");
  const stale = await project.iroko(["backfill", "-s", "copy", "--stale", "--json"]);
  assert.equal(stale.exitCode, 0, stale.stderr);
  const report = JSON.parse(stale.stdout) as {
    readonly materializations: readonly { readonly asset: string; readonly partition: string }[];
  };
  assert.deepEqual(
    report.materializations.map(({ asset, partition }) => `${asset}@${partition}`),
    ["copy@2026-11-03"],
  );
});

test("a source that cannot be looked at leaves unknown what is stale: it is told, with exit code 1", async () => {
  await using project = await cliProject({
    "iroko.config.ts": observed.replace(
      'catch { return "none"; }',
      'catch { throw new IrokoError("BUFFER_NOT_FOUND", "There is no such file."); }',
    ),
  });
  const { exitCode, stderr } = await project.iroko(["backfill", "-s", "copy", "--stale"]);
  assert.equal(exitCode, 1, stderr);
  assert.match(stderr, /not observed source@[^]*BUFFER_NOT_FOUND There is no such file/);
});

test("observe says so where nothing can be observed, and names what it does not know", async () => {
  await using project = await cliProject({
    "iroko.config.ts": `
      import { asset, define } from "@iroko/core";
      export default define({ assets: [asset({ key: "only", materialize: () => undefined })] });
    `,
  });
  const nothing = await project.iroko(["observe"]);
  assert.equal(nothing.exitCode, 0, nothing.stderr);
  assert.match(nothing.stderr, /Nothing there can be observed/);
  const unknown = await project.iroko(["observe", "--select", "onyl"]);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /Did you mean "only"\?/);
});
