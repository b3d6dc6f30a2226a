/** What becomes of a module that cannot be loaded: each mistake with its code, its place and the next move. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { IrokoError } from "@iroko/core";
import { childPool, loadSnapshot } from "@iroko/core/engine";
import { stepSpec } from "../support/step-spec.ts";
import { tempProject } from "../support/temp-project.ts";

async function failureOf(text: string, loadSeconds = 20): Promise<IrokoError> {
  await using project = await tempProject({ "iroko.config.ts": text, "other.ts": "export const there = 1;" });
  try {
    await loadSnapshot(project.file("iroko.config.ts"), { loadSeconds });
  } catch (error) {
    assert.ok(error instanceof IrokoError, String(error));
    return error;
  }
  return assert.fail("it loaded");
}

test("a small project is described in a process of its own, within a second", async () => {
  await using project = await tempProject({
    "iroko.config.ts": `
      import { asset, define } from "@iroko/core";
      export default define({ assets: [asset({ key: "one", materialize: () => {} })] });
    `,
  });
  const started = performance.now();
  const snapshot = await loadSnapshot(project.file("iroko.config.ts"));
  const tookMs = performance.now() - started;
  assert.deepEqual(
    snapshot.assets.map(({ key }) => key),
    ["one"],
  );
  assert.ok(tookMs < 1_000, `took ${tookMs} ms`);
});

test("a module that throws on import gives the user's stack, not ours", async () => {
  const error = await failureOf(`
    function readTable(): never { throw new TypeError("no such table"); }
    readTable();
  `);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.message, /iroko\.config\.ts threw while it was imported: TypeError: no such table/);
  assert.equal(error.place?.line, 2);
  assert.match(error.stack!, /at readTable \(.*iroko\.config\.ts:2:\d+\)/);
  assert.doesNotMatch(error.stack!, /node:|load-definitions|child-main/);
});

test("a syntax error has its line", async () => {
  const error = await failureOf(`const fine = 1;\nconst broken = = 2;\n`);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.equal(error.place?.line, 2);
});

test("TypeScript that needs a compiler is told how to do without", async () => {
  const error = await failureOf(`enum Colour { Red }\n`);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.hint!, /enums/);
});

test("a missing import is named", async () => {
  const error = await failureOf(`import "not-installed-anywhere";`);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.message, /not-installed-anywhere/);
  assert.match(error.hint!, /Install/);
});

test("a module without a default export is told what it exports", async () => {
  const error = await failureOf(`export const days = 1;\nexport const assets = [];\n`);
  assert.equal(error.code, "DEFINITIONS_NO_DEFAULT");
  assert.match(error.message, /no default export; it exports assets, days/);
  assert.match(error.hint!, /export default define/);
});

test("a default export that define() did not make is described", async () => {
  const error = await failureOf(`export default { assets: [] };`);
  assert.equal(error.code, "DEFINITIONS_NO_DEFAULT");
  assert.match(error.message, /an object with assets/);
});

test("mistakes that define() finds keep their code and their list", async () => {
  const error = await failureOf(`
    import { asset, define } from "@iroko/core";
    const twice = () => asset({ key: "twice", materialize: () => {} });
    export default define({ assets: [twice(), twice()] });
  `);
  assert.equal(error.code, "DEFINITIONS_INVALID");
  assert.ok(Array.isArray(error.details?.["problems"]));
});

test("there being no module is told as that", async () => {
  await using project = await tempProject({});
  await assert.rejects(loadSnapshot(project.file("iroko.config.ts")), { code: "DEFINITIONS_NOT_FOUND" });
});

test("a module that ends its process is told apart from one that throws", async () => {
  const error = await failureOf(`process.exit(3);`);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.message, /exit code 3/);
});

test("an await that nothing settles ends the load, and is named", async () => {
  const error = await failureOf(`await new Promise(() => {});`);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.hint!, /await/);
});

test("a module that takes too long is given up", async () => {
  const error = await failureOf(`for (;;);`, 1);
  assert.equal(error.code, "DEFINITIONS_THREW");
  assert.match(error.message, /still loading after 1 s/);
});

test("a step whose definitions do not load fails with their error, and runs once they are mended", async () => {
  await using project = await tempProject({ "iroko.config.ts": "throw new Error('not yet');" });
  await using pool = childPool({ module: project.file("iroko.config.ts"), slots: 2 });
  const run = () =>
    pool.run(stepSpec({ name: "one", directory: project.file("work") }), { onMessage() {}, onOutput() {} });
  const broken = await run();
  assert.ok(broken.kind === "failed");
  assert.equal(broken.error.code, "DEFINITIONS_THREW");
  await project.write(
    "iroko.config.ts",
    `import { asset, define } from "@iroko/core"; export default define({ assets: [asset({ key: "one", materialize: () => {} })] });`,
  );
  assert.equal((await run()).kind, "done");
});
