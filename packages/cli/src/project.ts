/** Where a project is and where it keeps its things: from flags, then the environment, then the folder. No file of settings. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { IrokoError } from "@iroko/core";

export interface Project {
  /** The folder one is in, if the definitions are in it, else that of the definitions. */
  readonly folder: string;
  /** The definitions module, an absolute path; `requireDefinitions` looks whether it is there. */
  readonly module: string;
  /** The code location's name: `--location`, else that of the package. */
  readonly location: string;
  /** IROKO_HOME, else `.iroko` in the folder: the embedded database, the local store, caches. */
  readonly home: string;
  /** IROKO_STORE, else `store` in the home. */
  readonly storeUri: string;
  /** DATABASE_URL; undefined: the embedded Postgres. */
  readonly databaseUrl: string | undefined;
}

export interface ProjectOptions {
  readonly definitions?: string;
  readonly location?: string;
  /** Of the commands that a server can answer; `findServer` reads it. */
  readonly server?: string;
}

const moduleNames = ["iroko.config.ts", "iroko.config.mts", "iroko.config.js", "iroko.config.mjs"];

export function findProject(
  options: ProjectOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
  cwd: string = process.cwd(),
): Project {
  const module =
    options.definitions === undefined
      ? (moduleNames.map((name) => join(cwd, name)).find((file) => existsSync(file)) ?? join(cwd, moduleNames[0]!))
      : resolve(cwd, options.definitions);
  const isHere = !relative(cwd, module).startsWith("..");
  const folder = isHere ? cwd : dirname(module);
  const home = env["IROKO_HOME"] ? resolve(cwd, env["IROKO_HOME"]) : join(folder, ".iroko");
  return {
    folder,
    module,
    location: options.location ?? packageName(folder) ?? basename(folder),
    home,
    storeUri: env["IROKO_STORE"] || join(home, "store"),
    databaseUrl: env["DATABASE_URL"] || undefined,
  };
}

/** Whether what is made goes over a network. */
export function storeKind({ storeUri }: Pick<Project, "storeUri">): "local" | "remote" {
  return storeUri.startsWith("s3://") ? "remote" : "local";
}

/** @throws {IrokoError} DEFINITIONS_NOT_FOUND, with where they seem to be */
export function requireDefinitions({ module }: Project, cwd: string = process.cwd()): void {
  if (existsSync(module)) return;
  const name = relative(cwd, module);
  const above = folderAbove(cwd);
  throw new IrokoError("DEFINITIONS_NOT_FOUND", `There is no ${name.startsWith("..") ? module : name} in ${cwd}.`, {
    hint:
      above === undefined
        ? "Make a project with `iroko init`, or name the definitions module with --definitions."
        : `There is one in ${above}: go there, or name it with --definitions.`,
    place: { file: module },
  });
}

function folderAbove(cwd: string): string | undefined {
  for (let folder = dirname(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, moduleNames[0]!))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly name?: unknown };
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}
