import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const repo = fileURLToPath(new URL("../../", import.meta.url));

export interface TempProject extends AsyncDisposable {
  readonly folder: string;
  /** The absolute path of one of its files. */
  file(name: string): string;
  write(name: string, text: string): Promise<void>;
}

/** A user's project outside the repo, in which `@iroko/core` and "json-lines.ts" can be imported. */
export async function tempProject(files: Readonly<Record<string, string>>): Promise<TempProject> {
  const folder = await mkdtemp(join(tmpdir(), "iroko-project-"));
  const file = (name: string): string => join(folder, name);
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(file(name)), { recursive: true });
    await writeFile(file(name), text);
  };
  await symlink(join(repo, "node_modules"), file("node_modules"));
  await symlink(join(repo, "test/support/json-lines.ts"), file("json-lines.ts"));
  await write("package.json", JSON.stringify({ type: "module", private: true }));
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return { folder, file, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
