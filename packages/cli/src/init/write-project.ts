/** Fills the template in a folder: all of its files, or none where one of them is there already. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IrokoError } from "@iroko/core";

export interface ProjectFacts {
  readonly name: string;
  /** The first day that has a partition. */
  readonly start: string;
  readonly timezone: string;
}

// Beside `src`, as beside `dist`.
const template = fileURLToPath(new URL("../../templates/project/", import.meta.url));

/**
 * Returns the names of the files.
 *
 * @throws {IrokoError} FOLDER_IN_USE
 */
export function writeProject(folder: string, facts: ProjectFacts): readonly string[] {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  const values: Readonly<Record<string, string>> = { ...facts, version: `^${version}` };
  // npm leaves a .gitignore out of a package, so the template has it without its dot.
  const files = readdirSync(template).map((source) => ({
    source,
    name: source === "gitignore" ? ".gitignore" : source,
  }));
  const taken = files.filter(({ name }) => existsSync(join(folder, name))).map(({ name }) => name);
  if (taken.length > 0) {
    throw new IrokoError("FOLDER_IN_USE", `${folder} already holds ${taken.join(", ")}.`, {
      hint: "Nothing was written. Give another folder: iroko init my-project",
    });
  }
  for (const { source, name } of files) {
    const text = readFileSync(join(template, source), "utf8");
    writeFileSync(
      join(folder, name),
      text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]!),
      { flag: "wx" },
    );
  }
  return files.map(({ name }) => name).toSorted();
}
