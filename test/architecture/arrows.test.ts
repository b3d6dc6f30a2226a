import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { breachesOf, importsOf, type Workspace } from "./arrows.ts";

const root = join(import.meta.dirname, "../..");

interface PackageJson {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as PackageJson;
}

const workspaces: readonly Workspace[] = (readPackage(".").workspaces ?? []).map((folder) => {
  const { name, dependencies = {}, exports = {} } = readPackage(folder);
  const publishedNames = Object.keys(exports).map((subpath) => name + subpath.slice(1));
  return { name, folder, dependencies: Object.keys(dependencies), publishedNames };
});

const files = globSync("{packages/*/src,examples}/**/*.{ts,tsx,js,mjs}", {
  cwd: root,
  exclude: ["**/node_modules/**"],
});

test("packages and core's folders use only what lies below them", () => {
  assert.ok(files.length > 50, `read ${files.length} files`);
  const breaches = files.flatMap((path) =>
    breachesOf({ path, text: readFileSync(join(root, path), "utf8") }, workspaces),
  );
  const lines = breaches.map(({ file, breaks, remedy }) => `${file} ${breaks}.\n    Remedy: ${remedy}.`);
  assert.equal(lines.length, 0, `\n${lines.join("\n")}\n`);
});

const core = "packages/core/src";
for (const [what, path, text, breaks] of [
  ["core uses assets", `${core}/graph/x.ts`, 'import { sqlAsset } from "@iroko/assets";', /does not declare/],
  ["assets uses the cli", "packages/assets/src/x.ts", 'import { main } from "@iroko/cli/main";', /against the arrow/],
  ["ui uses assets", "packages/ui/src/x.ts", 'export * from "@iroko/assets";', /against the arrow/],
  ["a dependency is not declared", "packages/ui/src/x.ts", 'import pg from "pg";', /does not declare/],
  [
    "a package reaches into another",
    "packages/cli/src/x.ts",
    'import { a } from "../../core/src/errors.ts";',
    /outside/,
  ],
  [
    "a name is not published",
    "packages/cli/src/x.ts",
    'import { a } from "@iroko/core/src/errors.ts";',
    /does not export/,
  ],
  ["partitions uses planning", `${core}/partitions/x.ts`, 'import type { A } from "../planning/a.ts";', /comes before/],
  ["automation uses instance", `${core}/automation/x.ts`, 'import { a } from "../instance/a.ts";', /comes before/],
  ["instance uses execution", `${core}/instance/x.ts`, 'const a = await import("../execution/a.ts");', /comes before/],
  ["the client runs others' code", `${core}/client/x.ts`, 'import { a } from "../planning/a.ts";', /at run time/],
  [
    "the client is part of the instance",
    `${core}/client/x.ts`,
    'import type { A } from "../instance/a.ts";',
    /comes before/,
  ],
  ["a file beside the folders uses one", `${core}/errors.ts`, 'import { a } from "./graph/a.ts";', /uses none/],
  ["pure code reads files", `${core}/planning/x.ts`, 'import { readFileSync } from "node:fs";', /pure code/],
  ["pure code talks to Postgres", `${core}/graph/x.ts`, 'import pg from "pg";', /pure code/],
  ["SQL is outside of instance", `${core}/execution/x.ts`, "await db.query(`select 1 from iroko.step`);", /holds SQL/],
  [
    "an example leaves its folder",
    "examples/pos-pipeline/src/x.ts",
    'import "../../../packages/core/src/index.ts";',
    /outside/,
  ],
] as const) {
  test(`it is said when ${what}`, () => {
    const [found] = breachesOf({ path, text }, workspaces).filter((breach) => breaks.test(breach.breaks));
    assert.equal(found?.file, path);
    assert.ok(found.remedy);
  });
}

for (const [what, path, text] of [
  ["graph uses definitions", `${core}/graph/x.ts`, 'import type { A } from "../definitions/a.ts";'],
  ["the client uses types of others", `${core}/client/x.ts`, 'import type { A } from "../planning/a.ts";'],
  ["pure code hashes", `${core}/definitions/x.ts`, 'import { createHash } from "node:crypto";'],
  ["the cli uses the engine", "packages/cli/src/x.ts", 'import { a } from "@iroko/core/engine";'],
] as const) {
  test(`nothing is said when ${what}`, () => assert.deepEqual(breachesOf({ path, text }, workspaces), []));
}

test("imports are read over several lines and from re-exports, and not from comments", () => {
  const text =
    'import {\n  a,\n  type B,\n} from "x";\nexport * from "y";\nimport "z";\n// import "no";\n/* import "no" */';
  assert.deepEqual(importsOf(text), ["x", "y", "z"]);
});
