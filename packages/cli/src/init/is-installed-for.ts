import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** Whether a module in the folder could import Iroko as it is. */
export function isInstalledFor(folder: string): boolean {
  const paths = createRequire(join(folder, "iroko.config.ts")).resolve.paths("@iroko/core") ?? [];
  return paths.some((path) => existsSync(join(path, "@iroko/core/package.json")));
}
