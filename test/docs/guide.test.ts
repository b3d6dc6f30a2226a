/** Every guide is followed: its files are written, its commands run, its output compared. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createTempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { blocksOf, firstMissing, projectOf } from "./doc-blocks.ts";
import { docsFolder } from "./read-doc.ts";

const repo = fileURLToPath(new URL("../../", import.meta.url));
/** Its servers need a test of their own: deploy.test.ts. */
const elsewhere = new Set(["guide/deploy.md"]);
const readme = "../README.md";
const pages = [readme, ...readdirSync(join(docsFolder, "guide")).map((name) => `guide/${name}`)];

for (const page of pages) {
  const name = join("docs", page);

  test(`every block of ${name} says what is done with it`, () => {
    const unmarked = blocksOf(page).filter(({ marker, language }) => marker.kind === "none" && language !== "text");
    // The README's first lines, of which one is the command that runs this.
    const places = unmarked.map(({ place }) => place).filter((place) => place !== "README.md:1");
    assert.deepEqual(places, []);
  });

  test(`what ${name} quotes stands so in the file it names`, () => {
    for (const { place, marker, text } of blocksOf(page)) {
      if (marker.kind !== "from") continue;
      const missing = firstMissing(text, readFileSync(join(repo, marker.path), "utf8"));
      assert.equal(missing, undefined, `${place}: not so in ${marker.path}: ${missing}`);
    }
  });

  if (elsewhere.has(page)) continue;

  test(`${name} does what it says`, { timeout: 240_000 }, async () => {
    using project = createProject(page === readme ? "examples/pos-pipeline" : projectOf(page));
    // npx takes half of a command's time. The README's reader has it; the others have what it would start.
    const reader = new Reader(project.path, page === readme ? "" : `npx() { "${repo}node_modules/.bin/$@" 3>&-; }`);
    let printed = "";
    // The README's reader has typed its first line.
    if (page === readme) await reader.run("node generate.ts");
    for (const { place, marker, text } of blocksOf(page)) {
      if (marker.kind === "file") writeIn(project.path, marker.path, text);
      if (marker.kind === "run") printed = await reader.run(text, marker.exit, place);
      if (marker.kind === "run until") await reader.runUntil(text, marker.printed);
      if (marker.kind === "prints") {
        const missing = firstMissing(text, printed);
        assert.equal(missing, undefined, `${place}: not printed: ${missing}\nIt printed:\n${printed}`);
      }
    }
  });
}

test("the TypeScript of the guides compiles as strictly as it can", { timeout: 120_000 }, () => {
  using project = createProject();
  const options = {
    target: "esnext",
    lib: ["esnext"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
    customConditions: ["@iroko/source"],
  };
  writeIn(project.path, "tsconfig.json", JSON.stringify({ compilerOptions: options, include: ["."] }));
  for (const page of pages) {
    for (const { marker, text } of blocksOf(page)) {
      if (marker.kind !== "file" || !/\.(ts|sql|json)$/.test(marker.path)) continue;
      writeIn(project.path, join(page.replace(/\W/g, "_"), marker.path), text);
    }
  }
  const tsc = spawnSync(join(repo, "node_modules/.bin/tsc"), ["-p", "."], { cwd: project.path, encoding: "utf8" });
  // What is wrong in the packages' own sources is told by their own check.
  const mistakes = tsc.stdout.split("\n").filter((line) => /^\w+\//.test(line));
  assert.deepEqual(mistakes, [], tsc.stdout);
  assert.match(tsc.stdout, /^$|^\.\.\//, "tsc itself did not run");
});

/** A folder in which our packages can be imported and `npx iroko` run: empty, or a copy of one of the repo's. */
function createProject(original?: string): ReturnType<typeof createTempDir> {
  const folder = createTempDir("guide");
  symlinkSync(join(repo, "node_modules"), join(folder.path, "node_modules"));
  if (original === undefined) {
    writeIn(folder.path, "package.json", JSON.stringify({ name: "guide", private: true, type: "module" }));
    return folder;
  }
  const made = new Set(["node_modules", "data", ".iroko"]);
  for (const name of readdirSync(join(repo, original)))
    if (!made.has(name)) cpSync(join(repo, original, name), join(folder.path, name), { recursive: true });
  return folder;
}

function writeIn(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A reader's shell: it keeps its folder from block to block, and has none of this repo's own settings. */
class Reader {
  #folder: string;
  readonly #profile: string;

  /** @param profile what the shell reads first */
  constructor(folder: string, profile: string) {
    this.#folder = folder;
    this.#profile = profile;
  }

  async run(text: string, exit = 0, place = "it"): Promise<string> {
    const child = this.#start(`${this.#profile}\ntrap 'pwd >&3' EXIT\n${text}`);
    const timer = setTimeout(() => child.process.kill("SIGKILL"), 200_000);
    await once(child.process, "close");
    clearTimeout(timer);
    const { exitCode } = child.process;
    if (exitCode !== exit)
      throw new Error(`${place} ended with ${exitCode}, not with ${exit}:\n${text}\n${child.printed()}`);
    this.#folder = child.folder() || this.#folder;
    return child.printed();
  }

  async runUntil(text: string, printed: string): Promise<void> {
    // A port of its own: the page's may be taken on the machine that tests.
    const child = this.#start(`exec ${text.replace(/^(npx iroko dev)$/m, "$1 --port 0")}`);
    const ended = once(child.process, "close");
    try {
      await waitFor(`"${printed}" of ${text}`, () => child.printed().includes(printed), { seconds: 60 });
    } catch (error) {
      throw new Error(child.printed(), { cause: error });
    } finally {
      process.kill(-child.process.pid!, "SIGINT");
      await ended;
    }
  }

  #start(script: string): { process: ChildProcess; printed: () => string; folder: () => string } {
    const kept = Object.entries(process.env).filter(
      ([name]) => !/^(IROKO_|DATABASE_URL|AWS_|POS_|NODE_TEST)/.test(name),
    );
    const child = spawn("bash", ["--norc", "-euo", "pipefail", "-c", script], {
      cwd: this.#folder,
      env: { ...Object.fromEntries(kept), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: true,
    });
    let stdout = "";
    let stderr = "";
    let folder = "";
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    (child.stdio[3] as Readable).setEncoding("utf8").on("data", (chunk: string) => (folder += chunk));
    return { process: child, printed: () => `${stdout}\n${stderr}`, folder: () => folder.trim() };
  }
}
