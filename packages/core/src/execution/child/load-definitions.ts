import { existsSync } from "node:fs";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { isDefinitions } from "../../definitions/definitions-brand.ts";
import type { Definitions } from "../../definitions/model.ts";
import { IrokoError } from "../../errors.ts";
import { isIrokoError, placeOf, titleOf } from "./user-code.ts";

/**
 * Imports the user's module: only ever in a child process.
 *
 * @param file an absolute path
 * @throws {IrokoError} DEFINITIONS_NOT_FOUND, DEFINITIONS_THREW, DEFINITIONS_NO_DEFAULT, or what `define()` found
 */
export async function loadDefinitions(file: string): Promise<Definitions> {
  const shown = relative(process.cwd(), file);
  const name = shown.startsWith("..") ? file : shown;
  if (!existsSync(file)) {
    throw new IrokoError("DEFINITIONS_NOT_FOUND", `There is no definitions module ${name}.`, {
      hint: "Create it with `iroko init`, or name another one with --definitions.",
      place: { file },
    });
  }
  const module = await importing(file, name);
  const definitions = module["default"];
  if (isDefinitions(definitions)) return definitions;
  throw new IrokoError("DEFINITIONS_NO_DEFAULT", `${name} ${describeExports(module)}.`, {
    hint: "End it with: export default define({ assets: [ … ] });",
    place: { file },
  });
}

async function importing(file: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (thrown) {
    if (isIrokoError(thrown)) throw thrown;
    const place = placeOf(thrown) ?? { file };
    throw new IrokoError("DEFINITIONS_THREW", `${name} threw while it was imported: ${titleOf(thrown)}`, {
      hint: hintFor(thrown),
      place,
      cause: thrown,
    });
  }
}

function hintFor(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ERR_MODULE_NOT_FOUND")
    return "Install the missing package, or correct the path in the import; paths end in .ts.";
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return 'Node strips types and transforms nothing: write it without enums, namespaces and parameter properties ("erasableSyntaxOnly").';
  return "Definitions load without network, environment or clock: move such work into materialize, or into a resource.";
}

function describeExports(module: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(module);
  if ("default" in module) return `has a default export that define() did not make: ${describe(module["default"])}`;
  return names.length === 0 ? "exports nothing" : `has no default export; it exports ${names.join(", ")}`;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return typeof value === "function" ? "a function" : String(value);
  return Array.isArray(value)
    ? "an array"
    : `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing in it"}`;
}
