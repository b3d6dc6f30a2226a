/**
 * One PostgreSQL server over one data folder: made, found running, started, stopped. Whether it may be, is for the
 * caller to know, who holds the lock.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { IrokoError } from "@iroko/core";
import type { Binaries } from "./binaries.ts";
import { diskFull } from "./full-disk.ts";
import { dataDirOf, logFileOf, type Placement } from "./placement.ts";
import { giveTo, runAs, type ServerUser } from "./server-user.ts";
import { syncFolder } from "./sync-folder.ts";

/** What `postmaster.pid` says of a server that is alive. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** How an attempt to start ended. */
export type StartOutcome =
  | { readonly outcome: "started"; readonly server: RunningServer }
  | { readonly outcome: "port taken" }
  | { readonly outcome: "not yet"; readonly log: string }
  | { readonly outcome: "failed"; readonly log: string };

export const superuser = "iroko";
export const database = "postgres";

const durable = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };
const modest = { max_connections: "100", shared_buffers: "64MB", jit: "off" };
const plain = { timezone: "UTC", log_timezone: "UTC", unix_socket_directories: "", listen_addresses: "127.0.0.1" };

const environment = { PATH: process.env["PATH"], SystemRoot: process.env["SystemRoot"], LC_ALL: "C", TZ: "UTC" };
const startSeconds = 120; // recovery after a power cut reads the log of up to max_wal_size
const maxLogBytes = 10_000_000;

/** The server that runs over this data folder, whoever started it. */
export function findServer(dataDir: string): RunningServer | undefined {
  let lines: readonly string[];
  try {
    lines = readFileSync(join(dataDir, "postmaster.pid"), "utf8").split("\n");
  } catch {
    return undefined;
  }
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!isPostmasterOf(dataDir, pid)) return undefined; // left by a kill -9 or a power cut
  return { pid, port, isReady: lines[7]?.trim() === "ready" };
}

/** Makes the data folder. It appears whole or not at all; one that is there is left alone. */
export function makeDataFolder(binaries: Binaries, user: ServerUser | undefined, placement: Placement): void {
  const { folder, password } = placement;
  for (const name of readdirSync(folder)) {
    if (name.startsWith("draft-")) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const draft = mkdtempSync(join(folder, "draft-"));
  const passwordFile = join(draft, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(user, draft);
  giveTo(user, passwordFile);
  const made = join(draft, "data");
  const { status, stdout, stderr, error } = spawnSync(
    binaries.initdb,
    [
      ...["-D", made, "--username", superuser, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      // Sorted by code point and told apart by Unicode's rules, the same on every machine.
      ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
    ],
    { ...runAs(user), cwd: folder, env: environment, encoding: "utf8" },
  );
  if (status !== 0) throw didNotStart(folder, error?.message ?? lastLines(`${stdout}\n${stderr}`));
  renameSync(made, dataDirOf(placement));
  syncFolder(folder);
  rmSync(draft, { recursive: true });
}

/** Refuses a data folder that this PostgreSQL cannot open; nothing is ever made anew over existing data. */
export function checkDataFolder(binaries: Binaries, dataDir: string): void {
  const versionFile = join(dataDir, "PG_VERSION");
  if (!existsSync(versionFile)) {
    throw new IrokoError(
      "EMBEDDED_POSTGRES_DATA",
      `${dataDir} is not a PostgreSQL data folder: PG_VERSION is missing.`,
      {
        hint: `Restore it from a backup, or move ${dataDir} away to start with an empty database.`,
      },
    );
  }
  const version = readFileSync(versionFile, "utf8").trim();
  if (version === binaries.major) return;
  const orElse = `Or move ${dataDir} away to start with an empty database.`;
  if (!/^\d+(\.\d+)?$/.test(version)) {
    throw new IrokoError("EMBEDDED_POSTGRES_DATA", `${dataDir} is damaged: PG_VERSION says no version.`, {
      hint: `Look at the disk, and restore the folder from a backup. ${orElse}`,
    });
  }
  const isNewer = Number(version) > Number(binaries.major);
  throw new IrokoError(
    "EMBEDDED_POSTGRES_DATA",
    `${dataDir} was made by PostgreSQL ${version}, and the embedded one is PostgreSQL ${binaries.major}.`,
    {
      hint: isNewer
        ? `Install the Iroko that made it, or a newer one: npm install @iroko/cli@latest. ${orElse}`
        : `Move it with pg_upgrade, or dump it with the iroko version that made it and restore the dump. ${orElse}`,
    },
  );
}

/** One attempt. The server outlives this process, and a Ctrl-C in its terminal. */
export async function tryStart(
  binaries: Binaries,
  user: ServerUser | undefined,
  placement: Placement,
  settings: Readonly<Record<string, string>>,
): Promise<StartOutcome> {
  const dataDir = dataDirOf(placement);
  dropPidOfAnother(dataDir);
  const port = String(placement.port);
  const flags = Object.entries({ ...durable, ...modest, ...plain, ...settings, port }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const log = openLog(logFileOf(placement));
  const child = spawn(binaries.postgres, ["-D", dataDir, ...flags], {
    ...runAs(user),
    cwd: dataDir,
    env: environment,
    detached: true,
    stdio: ["ignore", log.file, log.file],
  });
  closeSync(log.file);
  let spawnError: Error | undefined;
  child.once("error", (error) => (spawnError = error));
  const deadline = performance.now() + startSeconds * 1000;
  while (child.exitCode === null && child.signalCode === null && spawnError === undefined) {
    const server = findServer(dataDir);
    if (server?.pid === child.pid && server?.isReady) {
      child.unref();
      return { outcome: "started", server };
    }
    if (performance.now() > deadline) {
      child.unref();
      return { outcome: "failed", log: `It is not ready after ${startSeconds} s.\n${log.since()}` };
    }
    await sleep(10);
  }
  const text = spawnError?.message ?? log.since();
  if (/Address already in use|could not create any TCP\/IP sockets/.test(text)) return { outcome: "port taken" };
  // Another one is about to write its postmaster.pid, or the processes of a killed one are still going.
  if (/lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(text))
    return { outcome: "not yet", log: text };
  return { outcome: "failed", log: text };
}

/** A fast shutdown: sessions are ended, everything is on disk. */
export async function stopServer(dataDir: string): Promise<void> {
  for (const [signal, seconds] of [
    ["SIGINT", 30],
    ["SIGQUIT", 10],
    ["SIGKILL", 5],
  ] as const) {
    const server = findServer(dataDir);
    if (server === undefined) return;
    process.kill(server.pid, signal);
    const deadline = performance.now() + seconds * 1000;
    while (findServer(dataDir) !== undefined && performance.now() < deadline) await sleep(5);
  }
}

/** Gives the superuser this password although nobody knows the old one: as the data folder's owner, without a server. */
export function resetPassword(binaries: Binaries, user: ServerUser | undefined, placement: Placement): void {
  const dataDir = dataDirOf(placement);
  const { status, stderr } = spawnSync(binaries.postgres, ["--single", "-D", dataDir, database], {
    ...runAs(user),
    cwd: dataDir,
    env: environment,
    input: `alter role ${superuser} password '${placement.password}'\n`,
    encoding: "utf8",
  });
  if (status !== 0) throw didNotStart(placement.folder, lastLines(stderr));
}

/** A port of 127.0.0.1 that is free now: the wanted one if it can be had. */
export async function freePort(wanted = 0): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(wanted, "127.0.0.1", () => {
        const address = server.address();
        resolve(typeof address === "object" && address !== null ? address.port : wanted);
      });
    });
  } catch (error) {
    if (wanted === 0) throw error;
    return await freePort();
  } finally {
    server.close();
  }
}

export function didNotStart(folder: string, log: string): IrokoError {
  const said = `The embedded PostgreSQL in ${folder} did not start. It says:\n${lastLines(log)}`;
  if (/No space left on device|disk quota exceeded/i.test(log)) return diskFull(folder, said);
  return new IrokoError("EMBEDDED_POSTGRES_START", said, {
    hint:
      `The whole log is ${join(folder, "server.log")}. The data is untouched. If it is damaged, restore ${folder} from a backup; ` +
      `set DATABASE_URL to use another PostgreSQL meanwhile.`,
  });
}

function isPostmasterOf(dataDir: string, pid: number): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return true;
  try {
    // Process ids are used again after a restart of the machine; a postmaster stands in its data folder.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
  } catch {
    return false;
  }
}

/**
 * PostgreSQL takes any live process of its user for the one that `postmaster.pid` names, and a file without a process id, as
 * a power cut leaves it, for a server that is starting: it would not start.
 */
function dropPidOfAnother(dataDir: string): void {
  const file = join(dataDir, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  const namesNobody = !Number.isInteger(pid) || pid <= 0;
  if (namesNobody || (isAlive(pid) && !isPostmasterOf(dataDir, pid))) rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function openLog(path: string): { readonly file: number; since(): string } {
  if (existsSync(path) && statSync(path).size > maxLogBytes) renameSync(path, `${path}.1`);
  const start = existsSync(path) ? statSync(path).size : 0;
  const file = openSync(path, "a", 0o600);
  return { file, since: () => readFileSync(path).subarray(start).toString("utf8") };
}

function lastLines(text: string): string {
  return text
    .trim()
    .split("\n")
    .slice(-8)
    .map((line) => `  ${line.trim()}`)
    .join("\n");
}
