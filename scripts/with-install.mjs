/**
 * Runs a shell command with the repo's own Node and packages, after installing what package-lock.json names and
 * node_modules lacks, and building the page where its sources are newer. Plain JavaScript without dependencies: on a fresh clone this is all that runs.
 *
 *     node scripts/with-install.mjs "npm run check"
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");
const pathWithoutBin = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => folder !== bin)
  .join(delimiter);

/** Why node_modules does not fit package-lock.json, or undefined when it does. npm itself keeps the record of what it installed. */
function whyInstall() {
  if (!existsSync(join(root, "node_modules"))) return "node_modules is missing";
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (!installed) return "node_modules is incomplete";
  const wanted = readPackages(join(root, "package-lock.json"));
  for (const [path, { version, integrity, optional, link }] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/")) continue;
    const have = installed[path];
    if (!have && optional) continue; // made for another operating system
    if (!have) return `${path} is missing`;
    if (!link && (have.version !== version || have.integrity !== integrity)) {
      return `${path} is at ${have.version}, not at ${version} as package-lock.json says`;
    }
  }
  return existsSync(join(bin, "node")) ? undefined : "the repo's own Node is missing";
}

function readPackages(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function install(why) {
  console.error(`Installing the packages of package-lock.json with npm ci, because ${why} …`);
  const started = performance.now();
  // npm ci begins by deleting node_modules: it must not run on the Node that lies in there.
  const env = { ...process.env, PATH: pathWithoutBin };
  const npm = process.env.npm_execpath ? ["node", process.env.npm_execpath] : ["npm"];
  const { status, error } = spawnSync(npm[0], [...npm.slice(1), "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    env,
    stdio: ["ignore", 2, 2],
  });
  if (error || status !== 0) {
    console.error(
      `npm ci failed${error ? `: ${error.message}` : ""}. What it says above is the cause; then run this again.`,
    );
    process.exit(status || 1);
  }
  console.error(`Installed in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
}

/** The page is the one part that is built: a browser reads neither TypeScript nor JSX. */
function isPageOld() {
  const sources = join(root, "packages/ui/page");
  const built = statSync(join(root, "packages/ui/dist/page/index.html"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(sources, { recursive: true }).some((name) => statSync(join(sources, name)).mtimeMs > built);
}

function buildPage() {
  const { status } = spawnSync(
    join(bin, "node"),
    [join(root, "node_modules/vite/bin/vite.js"), "build", "packages/ui/page", "--logLevel", "warn"],
    {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: "--conditions=@iroko/source" },
      stdio: ["ignore", 2, 2],
    },
  );
  if (status !== 0) process.exit(status || 1);
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`This repo needs Node 20 or newer to install the rest; this is Node ${process.versions.node}.`);
  process.exit(2);
}
const why = whyInstall();
if (why) install(why);
if (isPageOld()) buildPage();

const [command, ...args] = process.argv.slice(2);
if (command) {
  const quoted = args.map((each) => `'${each.replaceAll("'", "'\\''")}'`); // what stood after npm's `--`
  const condition = "--conditions=@iroko/source"; // packages are read from src, nothing is built
  const options = process.env.NODE_OPTIONS ?? "";
  const { status, signal, error } = spawnSync([command, ...quoted].join(" "), {
    cwd: root,
    shell: true,
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${pathWithoutBin}`,
      NODE_OPTIONS: options.includes(condition) ? options : `${options} ${condition}`.trim(),
      // A suite starts thousands of processes of the same sources: each reads what the first has compiled. Node's own place.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), "node-compile-cache"),
    },
  });
  if (error) throw error;
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
