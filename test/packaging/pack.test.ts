/**
 * What users get: the packages built, packed, installed from their tarballs into an empty folder outside the repo, and
 * used there as a user would, on each Node that is supported and on one that is too old.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { tempDir } from "../support/temp-dir.ts";
import { userProject } from "./user-project.ts";

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const root = join(import.meta.dirname, "../..");
const packages = ["core", "assets", "ui", "cli"];
const nodes = { "24": "24.21.0", "26": process.versions.node, "20": "20.20.2" };

const folder = tempDir("pack");
const [tarballs, project, nodesFolder] = ["tarballs", "project", "nodes"].map((name) => join(folder, name)) as [
  string,
  string,
  string,
];

/** A user's shell knows nothing of the repo: neither its Node nor its condition. */
const userEnv: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_.*|NODE_OPTIONS|NODE_PATH|NODE_TEST_CONTEXT)$/i.test(name)),
  ),
  PATH: (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((each) => !each.startsWith(root))
    .join(delimiter),
  NO_COLOR: "1",
  npm_config_loglevel: "error", // what npm says of this machine's settings is not what iroko says
};

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = userEnv,
): Promise<Finished> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd, env, maxBuffer: 64_000_000 });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
    if (typeof code !== "number") throw error;
    return { exitCode: code, stdout, stderr };
  }
}

async function succeed(...args: Parameters<typeof run>): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...args);
  assert.equal(exitCode, 0, `${args[0]} ${args[1].join(" ")}\n${stdout}\n${stderr}`);
  return stdout;
}

const install = (cwd: string, names: readonly string[]): Promise<string> =>
  succeed("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", ...names], cwd);

const nodePackage = (major: string): string =>
  join(nodesFolder, major, "node_modules", `node-${process.platform}-${process.arch}`);

/** The environment of a user whose `node` is of this major version. */
const withNode = (major: string): NodeJS.ProcessEnv => ({
  ...userEnv,
  PATH: `${join(nodePackage(major), "bin")}${delimiter}${userEnv["PATH"] ?? ""}`,
});

before(async () => {
  for (const each of [tarballs, project]) mkdirSync(each);
  await succeed("npm", ["run", "build"], root, process.env);
  await succeed(
    "npm",
    ["pack", "--pack-destination", tarballs, ...packages.flatMap((name) => ["-w", `packages/${name}`])],
    root,
  );
  for (const [name, text] of Object.entries(userProject)) writeFileSync(join(project, name), text);
  const wanted = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  await install(project, [
    ...readdirSync(tarballs).map((name) => join(tarballs, name)),
    ...["typescript", "@types/node"].map((name) => `${name}@${wanted.devDependencies[name]}`),
    "zod",
  ]);
  for (const [major, version] of Object.entries(nodes)) {
    mkdirSync(join(nodesFolder, major), { recursive: true });
    writeFileSync(join(nodesFolder, major, "package.json"), "{}");
    await install(join(nodesFolder, major), [`node-${process.platform}-${process.arch}@${version}`]);
    assert.match(await succeed("node", ["--version"], project, withNode(major)), new RegExp(`^v${major}\\.`));
  }
});

test("the packages hold what was built, its maps and sources, and no test", async () => {
  for (const name of packages) {
    const at = join(project, "node_modules/@iroko", name);
    const files = readdirSync(at, { recursive: true, encoding: "utf8" }).filter(
      (file) => !file.startsWith("node_modules"),
    );
    // The page is a bundle for browsers.
    const built = files.filter((file) => /^dist\/(?!page\/).*\.js$/.test(file));
    assert.ok(built.length > 0, `${name} has no JavaScript`);
    if (name === "ui") assert.ok(files.includes("dist/page/index.html.br"), "the page, built and compressed");
    for (const file of built) {
      const { sources } = JSON.parse(readFileSync(join(at, `${file}.map`), "utf8")) as { sources: readonly string[] };
      const [source = ""] = sources;
      assert.ok(
        files.includes(join(dirname(file), source)),
        `${name}/${file} comes from ${source}, which is not packed`,
      );
    }
    assert.deepEqual(
      files.filter((file) => /\.test\.|tsbuildinfo/.test(file)),
      [],
    );
  }
});

test("a user's project type-checks with declarations and without skipping ours", async () => {
  await succeed("npx", ["tsc", "-p", "tsconfig.json"], project, withNode("26"));
});

for (const major of ["24", "26"]) {
  test(`a user's project runs by npx iroko on Node ${major}`, async () => {
    const env = { ...withNode(major), IROKO_HOME: join(project, `home-${major}`) };
    await succeed("npx", ["iroko", "check"], project, env);
    const stdout = await succeed(
      "npx",
      ["iroko", "materialize", "--select", "*", "--partition", "2026-11-02", "--json"],
      project,
      env,
    );
    const report = JSON.parse(stdout) as {
      status: string;
      materializations: readonly { asset: string; rows: number }[];
    };
    assert.equal(report.status, "succeeded");
    const made = report.materializations.map(({ asset, rows }) => `${asset}: ${rows} rows`);
    assert.deepEqual(made.toSorted(), ["greetings: 2 rows", "names: 2 rows"]);
  });
}

for (const major of ["24", "26"]) {
  test(`a user's program speaks to a server by the client on Node ${major}`, async () => {
    assert.equal(await succeed("node", ["client.ts"], project, withNode(major)), "SERVER_UNREACHABLE\n");
  });
}

test("on Node 20, npx iroko says in one sentence what it needs", async () => {
  const { exitCode, stdout, stderr } = await run("npx", ["iroko", "check"], project, withNode("20"));
  assert.equal(exitCode, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^iroko needs Node 24\.12 or newer, and this is Node 20\.[^\n]*\n$/);
});
