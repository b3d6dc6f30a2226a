/**
 * Who may use whom: between packages, and between core's folders from pure to effectful. Decided from a file's path and
 * its text; `arrows.test.ts` reads the files.
 */
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path/posix";

/** What a workspace's package.json declares. */
export interface Workspace {
  readonly name: string;
  /** From the repo's root, e.g. `packages/core`. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  /** e.g. `@iroko/core`, `@iroko/core/engine`. */
  readonly publishedNames: readonly string[];
}

export interface SourceFile {
  /** From the repo's root. */
  readonly path: string;
  readonly text: string;
}

export interface Breach {
  readonly file: string;
  readonly breaks: string;
  readonly remedy: string;
}

/** A package uses only the packages named here; `core ← assets ← cli`, `core ← ui ← cli`. */
const usesPackages: Readonly<Record<string, readonly string[]>> = {
  "@iroko/core": [],
  "@iroko/assets": ["@iroko/core"],
  "@iroko/ui": ["@iroko/core"],
  "@iroko/cli": ["@iroko/core", "@iroko/assets", "@iroko/ui"],
};

/** Core's folders; each uses only those before it, and the files beside them. */
const coreFolders = [
  "partitions",
  "definitions",
  "graph",
  "planning",
  "automation",
  "client",
  "instance",
  "access",
  "execution",
];
const effectfulFolders = ["instance", "access", "execution"];
/** The files beside the folders that name what is public: they may use everything. */
const publicFiles = ["packages/core/src/index.ts", "packages/core/src/engine.ts"];
/** The contract of the HTTP API and its client, which browsers load: of core's other folders it uses types alone. */
const typesOnlyFolder = "client";
/** What pure code may use from outside: hashing decides nothing by itself, zod reads values. */
const pureModules = ["node:crypto", "zod", "temporal-polyfill"];

/** Looks at what this Node has, and loads Temporal where it is missing. */
const polyfillFile = "packages/core/src/temporal.ts";

const remedies = {
  declare: "declare it in the package.json of that workspace, or do without",
  publish: "name what you need in the owner's index.ts, and import the published name",
  arrow: "move what both need down to the package they both use",
  coreArrow: "move the shared piece down to the earlier folder, or up to the later one",
  pure: "take the value as an argument, and let instance/ or execution/ get it",
  typesOnly: "import the type alone, or write down here what the wire needs",
  sql: "write a named, typed function in packages/core/src/instance/ and call it",
};

/** Every arrow that a file breaks. */
export function breachesOf(file: SourceFile, workspaces: readonly Workspace[]): readonly Breach[] {
  const own = workspaces.find(({ folder }) => file.path.startsWith(`${folder}/`));
  if (own === undefined) return [];
  const found = importsOf(file.text).flatMap((specifier) => importBreaches(file, specifier, own, workspaces));
  return isSqlOutsideInstance(file)
    ? [...found, breach(file, "holds SQL on the instance's tables", remedies.sql)]
    : found;
}

/** The specifiers of a file's imports and re-exports, types included. */
export function importsOf(text: string): readonly string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const statements = /^\s*(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
  const calls = /\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;
  return [statements, calls].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
}

function importBreaches(
  file: SourceFile,
  specifier: string,
  own: Workspace,
  workspaces: readonly Workspace[],
): Breach[] {
  const says = `imports "${specifier}"`;
  if (specifier.startsWith(".")) {
    const target = join(dirname(file.path), specifier);
    if (!target.startsWith(`${own.folder}/`))
      return [breach(file, `${says}, which lies outside ${own.folder}`, remedies.publish)];
    return coreBreaches(file, specifier, target);
  }
  const found: Breach[] = [];
  if (isBuiltin(specifier)) return isPure(file.path) && !pureModules.includes(specifier) ? [impure(file, says)] : [];
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  if (name !== own.name && !own.dependencies.includes(name))
    found.push(breach(file, `${says}, which ${own.name} does not declare`, remedies.declare));
  const owner = workspaces.find((workspace) => workspace.name === name);
  if (owner !== undefined) {
    if (!owner.publishedNames.includes(specifier))
      found.push(breach(file, `${says}, which ${owner.name} does not export`, remedies.publish));
    const allowed = usesPackages[own.name];
    if (allowed !== undefined && !allowed.includes(owner.name))
      found.push(breach(file, `${says} against the arrow of the packages`, remedies.arrow));
  } else if (isPure(file.path) && !pureModules.includes(name)) found.push(impure(file, says));
  return found;
}

function coreBreaches(file: SourceFile, specifier: string, target: string): Breach[] {
  const says = `imports "${specifier}"`;
  const [from, to] = [coreFolder(file.path), coreFolder(target)];
  if (from === undefined || to === undefined || publicFiles.includes(file.path)) return [];
  if (publicFiles.includes(target))
    return [breach(file, `${says}, which is for users of core`, "import the file that has it")];
  if (from === "" && to !== "")
    return [breach(file, `${says}: a file beside core's folders uses none of them`, remedies.coreArrow)];
  if (from === typesOnlyFolder && to !== from && to !== "" && !importsTypesOnly(file.text, specifier))
    return [breach(file, `${says} at run time, from ${from}/`, remedies.typesOnly)];
  if (coreFolders.indexOf(to) <= coreFolders.indexOf(from)) return [];
  return [breach(file, `${says}: ${from}/ comes before ${to}/`, remedies.coreArrow)];
}

function importsTypesOnly(text: string, specifier: string): boolean {
  const imports = [...text.matchAll(/^\s*(?:import|export)\b([^;"'`]*?)\bfrom\s*["']([^"'\n]+)["']/gm)];
  return imports.every(([, names = "", from]) => from !== specifier || /^\s*type\b/.test(names));
}

/** The folder of a file of core; "" for a file beside the folders; undefined outside of core. */
function coreFolder(path: string): string | undefined {
  const [, inside] = path.split("packages/core/src/");
  return inside === undefined ? undefined : inside.includes("/") ? (inside.split("/")[0] ?? "") : "";
}

function isPure(path: string): boolean {
  const folder = coreFolder(path);
  return folder !== undefined && !effectfulFolders.includes(folder) && ![...publicFiles, polyfillFile].includes(path);
}

function isSqlOutsideInstance({ path, text }: SourceFile): boolean {
  if (path.startsWith("packages/core/src/instance/") || !/^packages\/[^/]+\/src\//.test(path)) return false;
  return /\b(?:from|join|into|update|table|only)\s+(?:iroko|graphile_worker)\.\w/.test(text);
}

const impure = (file: SourceFile, says: string): Breach => breach(file, `${says} in pure code`, remedies.pure);

function breach({ path }: SourceFile, breaks: string, remedy: string): Breach {
  return { file: path, breaks, remedy };
}
