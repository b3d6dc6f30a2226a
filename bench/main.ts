/**
 * `npm run bench -- NAME [arguments]` runs `bench/NAME.bench.ts` in a process of its own; without a name it lists them.
 * What came out is written down, with its command, in RESULTS.md.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const suffix = ".bench.ts";
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length))
  .toSorted();

const fileOf = (name: string): string => join(import.meta.dirname, name + suffix);

/** A benchmark's first comment says in one sentence what it measures. */
function summaryOf(name: string): string {
  const comment = /\/\*\*?([\s\S]*?)\*\//.exec(readFileSync(fileOf(name), "utf8"))?.[1] ?? "";
  return (
    comment
      .replaceAll(/^\s*\*/gm, "")
      .trim()
      .split(/\.\s|\n\s*\n/)[0]
      ?.replaceAll(/\s+/g, " ") ?? ""
  );
}

const [name, ...args] = process.argv.slice(2);
if (name !== undefined && names.includes(name)) {
  process.exitCode = spawnSync(process.execPath, [fileOf(name), ...args], { stdio: "inherit" }).status ?? 1;
} else {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.error("npm run bench -- NAME, where NAME is one of:");
  for (const each of names) console.error(`  ${each.padEnd(20)} ${summaryOf(each)}`);
  process.exitCode = name === undefined ? 0 : 2;
}
