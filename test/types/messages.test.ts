/** What the author of a wrong program reads: real runs of tsc in a project outside the repo. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "node:test";
import { tempProject } from "../support/temp-project.ts";

const repo = fileURLToPath(new URL("../../", import.meta.url));

const tsconfig = JSON.stringify({
  compilerOptions: {
    target: "esnext",
    module: "nodenext",
    strict: true,
    noEmit: true,
    types: ["node"],
    customConditions: ["@iroko/source"],
    allowImportingTsExtensions: true,
  },
  files: ["wrong.ts"],
});

interface Compiled {
  readonly ok: boolean;
  readonly text: string;
}

async function tsc(folder: string, ...flags: readonly string[]): Promise<Compiled> {
  const args = [`${repo}node_modules/typescript/bin/tsc`, "-p", folder, "--pretty", "false", ...flags];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 1e8 });
    return { ok: true, text: stdout };
  } catch (error) {
    return { ok: false, text: String((error as { readonly stdout?: string }).stdout) };
  }
}

const head = `
import { asset, asset as other, daily, decimal, dep, fixed, multiAsset, output, type Check, type IoManager } from "@iroko/core";
import { z } from "zod";
declare const file: IoManager<"relation">;
declare function unique<const C extends string>(...columns: readonly C[]): Check<C>;
const days = daily({ start: "2026-11-01", timezone: "Africa/Lagos" });
const states = fixed(["LA", "AB"]);
const byState = asset({ key: "by_state", partitions: states, materialize: () => {} });
const landing = multiAsset({ outputs: { raw: output({ key: "raw" }) }, materialize: () => ({ raw: undefined }) });
const rows = z.object({ id: z.string(), amount: decimal(18, 2) });
const stored = asset({ key: "stored", schema: rows, output: file, materialize: () => [] });
`.trimStart();

const mistakes: readonly { readonly name: string; readonly line: string; readonly says: string }[] = [
  {
    name: "partitions that cannot be joined",
    line: `asset({ key: "a", partitions: days, deps: { byState }, materialize: () => {} });`,
    says: String.raw`asset \"by_state\" is partitioned by fixed keys, this one by day: say how they join, with dep(asset, { map })`,
  },
  {
    name: "a window mapping between fixed keys",
    line: `asset({ key: "a", partitions: days, deps: { s: dep(byState, { map: { kind: "timeWindow", startOffset: -1, endOffset: 0 } }) }, materialize: () => {} });`,
    says: String.raw`a timeWindow mapping joins windows of time: asset \"by_state\" is partitioned by fixed keys, this one by day`,
  },
  {
    name: "a mapping to a key that is not there",
    line: `dep(byState, { map: { kind: "specific", keys: ["ZZ"] } });`,
    says: `Type '"ZZ"' is not assignable to type '"AB" | "LA"'`,
  },
  {
    name: "a multi-asset as a dependency",
    line: `asset({ key: "a", deps: { landing }, materialize: () => {} });`,
    says: "a multi-asset makes several assets: depend on one of its outputs, like landing.raw",
  },
  {
    name: "a text as a dependency",
    line: `asset({ key: "a", deps: { raw: "raw" }, materialize: () => {} });`,
    says: "a dependency is an asset, an external asset, or dep(asset, { map })",
  },
  {
    name: "a dependency that was not given",
    line: `asset({ key: "a", deps: { byState }, materialize: (ctx) => void ctx.deps.byStates });`,
    says: "Property 'byStates' does not exist on type",
  },
  {
    name: "a check on no such column",
    line: `asset({ key: "a", schema: rows, output: file, checks: [unique("amnt")], materialize: () => [] });`,
    says: `Type '"amnt"' is not assignable to type '"amount" | "id"'`,
  },
  {
    name: "lineage from a column that a dependency does not have",
    line: `asset({ key: "a", deps: { stored }, schema: rows, output: file, columnLineage: { amount: ["stored.amuont"] }, materialize: () => [] });`,
    says: `Type '"stored.amuont"' is not assignable to type`,
  },
  {
    name: "lineage of a column that the asset does not have",
    line: `asset({ key: "a", deps: { stored }, schema: rows, output: file, columnLineage: { amuont: ["stored.amount"] }, materialize: () => [] });`,
    says: "'amuont' does not exist in type",
  },
  {
    name: "a row of another shape",
    line: `asset({ key: "a", schema: rows, output: file, materialize: () => [{ id: "1", amount: 2.5 }] });`,
    says: `Type 'number' is not assignable to type 'Decimal'`,
  },
];

test("a wrong program is told what is wrong, on the line that is", async (t) => {
  await using project = await tempProject({
    "tsconfig.json": tsconfig,
    "wrong.ts": head + mistakes.map(({ line }) => line).join("\n"),
  });
  const { ok, text } = await tsc(project.folder);
  assert.equal(ok, false, "it must not compile");
  const first = head.split("\n").length;
  // Each diagnostic begins with its place; the lines after it, further in, belong to it.
  const diagnostics = text.split(/^(?=\S)/m);
  for (const [index, { name, says }] of mistakes.entries()) {
    await t.test(name, () => {
      const own = diagnostics.filter((diagnostic) => diagnostic.startsWith(`wrong.ts(${first + index},`)).join("");
      assert.ok(own.includes(says), own === "" ? text : own);
    });
  }
  assert.equal(diagnostics.filter((diagnostic) => diagnostic.trim() !== "").length, mistakes.length, text);
});

test("a long chain of assets costs the compiler no more than 500 instantiations each", async () => {
  const one = (at: number): string =>
    `const a${at} = asset({ key: "a${at}", partitions: days, schema: z.object({ id: z.string(), c${at}: z.int() }), output: file, deps: { up: a${at - 1} },
       materialize: async function* (ctx) { for await (const { id } of ctx.deps.up.rows()) yield { id, c${at}: 1 }; } });`;
  const instantiations = async (assets: number): Promise<number> => {
    const program = [
      head,
      `const a0 = asset({ key: "a0", partitions: days, schema: rows, output: file, materialize: () => [] });`,
      ...Array.from({ length: assets }, (_, index) => one(index + 1)),
    ];
    await using project = await tempProject({ "tsconfig.json": tsconfig, "wrong.ts": program.join("\n") });
    const { ok, text } = await tsc(project.folder, "--extendedDiagnostics");
    assert.ok(ok, text);
    return Number(/Instantiations:\s+(\d+)/.exec(text)?.[1]);
  };
  // Not seconds, which a busy machine doubles; and without what our own sources cost, which are checked along.
  const each = ((await instantiations(510)) - (await instantiations(10))) / 500;
  assert.ok(each < 500, `${each} instantiations each`);
});

test("a user's project that emits declarations can name every handle", async () => {
  await using project = await tempProject({
    "tsconfig.json": JSON.stringify({
      compilerOptions: {
        ...(JSON.parse(tsconfig) as { readonly compilerOptions: object }).compilerOptions,
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        outDir: "out",
        skipLibCheck: false,
      },
      files: ["assets.ts"],
    }),
    "assets.ts": `${head.replaceAll("\nconst ", "\nexport const ").replaceAll("declare const", "export declare const")}
export const made = other({ key: "made", partitions: days, schema: rows, output: file, deps: { all: dep(byState, { map: { kind: "all" } }) }, materialize: () => [] });
`,
  });
  const { text } = await tsc(project.folder);
  assert.equal(text, "");
  const declarations = await findDeclarations(project.folder);
  assert.match(
    declarations,
    /export declare const made: import\("@iroko\/core"\)\.Asset<"made", \{\s+id: string;\s+amount: .*Decimal;\s+\}/,
  );
  assert.match(declarations, /export declare const landing: import\("@iroko\/core"\)\.MultiAsset</);
});

/** The sources of @iroko/core are emitted along: where the project's own file lies depends on the common root. */
async function findDeclarations(folder: string): Promise<string> {
  const { glob } = await import("node:fs/promises");
  for await (const found of glob("out/**/assets.d.ts", { cwd: folder })) return readFile(`${folder}/${found}`, "utf8");
  throw new Error("no declarations were emitted");
}
