/** Programs that tests need and npm does not bring: looked for in PATH, then where `.ci/run` puts them. */
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

export const toolFolder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "iroko", "bin");

/** A tool's path, or the sentence that a skipped test shows. */
export type Tool = { readonly path: string } | { readonly missing: string };

/**
 * @param install the command that installs it, for a person to copy
 * @throws in CI, where a test that did not run would look like one that passed
 */
export function findTool(names: readonly string[], install: string): Tool {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), toolFolder];
  const path = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
  if (path !== undefined) return { path };
  const missing = `${names[0]} is neither in PATH nor in ${toolFolder}; install it by: ${install}`;
  if (process.env["CI"]) throw new Error(missing);
  return { missing };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
