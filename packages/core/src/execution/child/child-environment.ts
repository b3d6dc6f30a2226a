import { withheldVariables } from "./lent-resources.ts";

/** The environment as it is, for resources read it, without the address of Iroko's own database. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const withheld = new Set([...withheldVariables, "NODE_TEST_CONTEXT"]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !withheld.has(name)));
}

/** Of Node's own arguments those that decide how modules are found and loaded; a debugger or a watcher stays behind. */
export function childExecArgv(execArgv: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (const [index, argument] of execArgv.entries()) {
    const name = argument.split("=", 1)[0]!;
    if (!inherited.has(name)) continue;
    kept.push(argument);
    if (argument === name && takesValue.has(name)) kept.push(execArgv[index + 1]!);
  }
  return kept;
}

const takesValue: ReadonlySet<string> = new Set([
  "--conditions",
  "-C",
  "--import",
  "--require",
  "-r",
  "--loader",
  "--env-file",
]);
const inherited: ReadonlySet<string> = new Set([
  ...takesValue,
  "--enable-source-maps",
  "--experimental-strip-types",
  "--experimental-transform-types",
  "--max-old-space-size",
  "--no-warnings",
  "--preserve-symlinks",
]);
