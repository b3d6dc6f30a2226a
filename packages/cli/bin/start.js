import { realpathSync } from "node:fs";
import { enableCompileCache, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

const here = realpathSync(fileURLToPath(import.meta.url));

/** Runs what was built, when installed from a package; the sources, in the repo, where nothing is built. */
export async function start() {
  const isInstalled = /[\\/]node_modules[\\/]/.test(here);
  enableCompileCache();
  if (!isInstalled) readSources();
  const { main } = await import(isInstalled ? "../dist/main.js" : "../src/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}

/** Resolves our packages to their `src`, here and in the processes that this one starts. */
function readSources() {
  const condition = "@iroko/source";
  const option = `--conditions=${condition}`;
  const options = process.env.NODE_OPTIONS ?? "";
  if (process.execArgv.includes(option) || options.includes(option)) return;
  process.env.NODE_OPTIONS = `${options} ${option}`.trim();
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, condition] }),
  });
}
