/**
 * PostgreSQL refuses to run as root. Root therefore runs it as another user, who cannot enter every folder: root's home
 * is closed to them. What that user can reach is asked by trying, as that user, since modes alone don't tell
 * (ACLs, noexec mounts, containers).
 */
import { spawnSync } from "node:child_process";
import { chownSync, readFileSync } from "node:fs";
import { IrokoError } from "@iroko/core";

/** As whom the server's processes run; undefined: as whoever runs `iroko`. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const userName = "postgres";

/** The user who runs the server for root, created when missing; undefined for anybody else than root. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return findUser() ?? createUser();
}

/** Options for `spawn` that make the child run as the server's user. */
export function runAs(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user === undefined ? {} : { uid: user.uid, gid: user.gid };
}

export function canEnter(user: ServerUser | undefined, folder: string): boolean {
  if (user === undefined) return true;
  return spawnSync("/bin/sh", ["-c", 'cd "$0"', folder], { ...runAs(user), cwd: "/", stdio: "ignore" }).status === 0;
}

export function giveTo(user: ServerUser | undefined, folder: string): void {
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
}

function findUser(): ServerUser | undefined {
  const entry = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .find(([name]) => name === userName);
  return entry && { name: userName, uid: Number(entry[2]), gid: Number(entry[3]) };
}

function createUser(): ServerUser {
  const made = spawnSync(
    "useradd",
    [
      "--system",
      "--user-group",
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      userName,
    ],
    { encoding: "utf8" },
  );
  const user = findUser();
  if (user !== undefined) return user;
  throw new IrokoError(
    "EMBEDDED_POSTGRES_UNAVAILABLE",
    `PostgreSQL does not run as root, and the user "${userName}" who would run it could not be created` +
      `: ${made.error?.message ?? made.stderr.trim()}.`,
    { hint: `Create it (useradd --system ${userName}), run iroko as another user than root, or set DATABASE_URL.` },
  );
}
