/**
 * The embedded PostgreSQL of one IROKO_HOME, shared by all `iroko` processes of that home: the first one starts it,
 * later ones attach, the last one out stops it.
 *
 * Two locks, both given back by the system when a process dies (`process-lock.ts`), make this safe against kill -9 and
 * power cuts. `postgres.users` is held shared by everyone who uses the server: who gets it exclusively is alone.
 * `postgres.lock` is held while the server is started or stopped, so that nobody comes while the last one leaves.
 *
 * A server that dies under its users is started again, at the same address, by whichever of them sees it first.
 */
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { IrokoError } from "@iroko/core";
import { type Binaries, copyBinaries, packagedBinaries, whyUnusable } from "./binaries.ts";
import {
  dataDirOf,
  newPlacement,
  type Placement,
  readPlacement,
  recordFile,
  refuseAnothersFolder,
  writePlacement,
} from "./placement.ts";
import { type ProcessLock, tryLock, waitForLock } from "./process-lock.ts";
import {
  checkDataFolder,
  database,
  didNotStart,
  findServer,
  freePort,
  makeDataFolder,
  resetPassword,
  stopServer,
  superuser,
  tryStart,
} from "./server.ts";
import { type ServerUser, serverUser } from "./server-user.ts";

export interface EmbeddedPostgres {
  /** Of a superuser; holds a password that only the home's owner can read. */
  readonly databaseUrl: string;
  readonly dataDir: string;
  /** The server ran already. */
  readonly attached: boolean;
  /** Leaves the server to the others; the last one stops it. */
  close(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** IROKO_HOME: made when missing. */
  readonly home: string;
  /** Told in a sentence what takes long, and where files are when they are not in the home. */
  readonly say: (line: string) => void;
  /** PostgreSQL settings over ours, for whoever starts the server. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Running {
  readonly placement: Placement;
  readonly attached: boolean;
}

const lockSeconds = 180;
const retrySeconds = 20;
const watchMilliseconds = 1000;

export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = resolve(options.home);
  prepareHome(home);
  const { placement, attached, use } = await withServerLock(home, async () => {
    const use = tryLock(usersFile(home), "shared");
    if (use === undefined)
      throw new Error(`${usersFile(home)} is locked by a process that does not hold ${lockFile(home)}.`);
    try {
      return { ...(await ensureRunning(home, options)), use };
    } catch (error) {
      use.release();
      throw error;
    }
  });
  const watch = keepRunning(home, dataDirOf(placement), options);
  let closing: Promise<void> | undefined;
  return {
    databaseUrl: `postgres://${superuser}:${placement.password}@127.0.0.1:${placement.port}/${database}`,
    dataDir: dataDirOf(placement),
    attached,
    close: () => (closing ??= watch.stop().then(() => leave(home, placement, use))),
  };
}

async function leave(home: string, placement: Placement, use: ProcessLock): Promise<void> {
  await withServerLock(home, async () => {
    use.release();
    const alone = tryLock(usersFile(home), "exclusive");
    if (alone === undefined) return;
    await stopServer(dataDirOf(placement));
    alone.release();
  });
}

/** The server, running and ready; the caller holds the server lock. */
async function ensureRunning(home: string, options: EmbeddedPostgresOptions): Promise<Running> {
  const recorded = readPlacement(home);
  if (recorded !== undefined) {
    refuseAnothersFolder(home, recorded);
    const server = findServer(dataDirOf(recorded));
    if (server?.isReady) return { placement: { ...recorded, port: server.port }, attached: true };
  }
  const user = serverUser();
  let placement = recorded ?? newPlacement(home, user, await freePort(), options.say);
  const dataDir = dataDirOf(placement);
  if (recorded?.made === true && !existsSync(dataDir)) throw dataGone(home, dataDir);
  const binaries = usableBinaries(home, placement, user);
  if (!existsSync(dataDir)) {
    options.say(`Making a PostgreSQL database in ${placement.folder} …`);
    writePlacement(home, placement); // first, so that a power cut cannot separate the data from its password
    makeDataFolder(binaries, user, placement);
    placement = { ...placement, made: true };
    writePlacement(home, placement);
  } else if (recorded === undefined) {
    options.say(`${dataDir} has lost its record: giving it a new password.`);
    checkDataFolder(binaries, dataDir);
    await stopServer(dataDir);
    resetPassword(binaries, user, placement);
    placement = { ...placement, made: true };
    writePlacement(home, placement);
  }
  checkDataFolder(binaries, dataDir);
  return await start(home, placement, binaries, user, options.settings ?? {});
}

async function start(
  home: string,
  recorded: Placement,
  binaries: Binaries,
  user: ServerUser | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<Running> {
  let placement = recorded;
  let log = "It neither becomes ready nor ends.";
  const deadline = performance.now() + retrySeconds * 1000;
  while (performance.now() < deadline) {
    const server = findServer(dataDirOf(placement));
    if (server?.isReady) return { placement: { ...placement, port: server.port }, attached: true };
    if (server !== undefined) {
      await sleep(10); // started by a process that was killed, or told to stop by hand
      continue;
    }
    const port = await freePort(placement.port);
    if (port !== placement.port) {
      placement = { ...placement, port };
      writePlacement(home, placement);
    }
    const attempt = await tryStart(binaries, user, placement, settings);
    if (attempt.outcome === "started") return { placement, attached: false };
    if (attempt.outcome === "port taken") continue;
    log = attempt.log;
    if (attempt.outcome === "failed") break;
    await sleep(100);
  }
  throw didNotStart(placement.folder, log);
}

/** A disk that is not mounted, a folder that was moved: an empty database in its place would take its name. */
function dataGone(home: string, dataDir: string): IrokoError {
  return new IrokoError("EMBEDDED_POSTGRES_DATA", `The data folder ${dataDir} is gone.`, {
    hint: `Mount its disk, or restore it from a backup. To start with an empty database instead, move ${home} away.`,
  });
}

/** The binaries as npm installed them, or a copy that the server's user can reach, shared by the homes beside this one. */
function usableBinaries(home: string, placement: Placement, user: ServerUser | undefined): Binaries {
  const packaged = packagedBinaries();
  if (whyUnusable(packaged, user) === undefined) return packaged;
  const isInHome = dirname(placement.folder) === home;
  const copy = copyBinaries(packaged, join(isInHome ? placement.folder : dirname(placement.folder), "programs"));
  const why = whyUnusable(copy, user);
  if (why === undefined) return copy;
  throw new IrokoError("EMBEDDED_POSTGRES_UNAVAILABLE", `PostgreSQL's programs in ${copy.folder} do not run: ${why}`, {
    hint: "Set DATABASE_URL to a PostgreSQL of your own.",
  });
}

/** Looks once a second whether the server is alive, and starts it again when it is not. Keeps no process from ending. */
function keepRunning(home: string, dataDir: string, options: EmbeddedPostgresOptions): { stop(): Promise<void> } {
  let isStopped = false;
  let lastFailure: string | undefined;
  let underWay: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    if (findServer(dataDir) !== undefined) return;
    try {
      await withServerLock(home, async () => {
        if (isStopped) return;
        const { attached } = await ensureRunning(home, options);
        if (!attached) options.say("PostgreSQL had ended without being asked to: it was started again.");
      });
      lastFailure = undefined;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (failure !== lastFailure) options.say(failure);
      lastFailure = failure;
    }
  };
  const timer = setInterval(() => void (underWay = underWay.then(look)), watchMilliseconds).unref();
  return {
    stop: () => {
      isStopped = true;
      clearInterval(timer);
      return underWay;
    },
  };
}

async function withServerLock<Result>(home: string, act: () => Promise<Result>): Promise<Result> {
  const lock = await waitForLock(lockFile(home), "exclusive", lockSeconds);
  if (lock === undefined) {
    throw new IrokoError(
      "EMBEDDED_POSTGRES_START",
      `Another iroko process has been starting or stopping PostgreSQL in ${home} for ${lockSeconds} s.`,
      {
        hint: `\`fuser ${lockFile(home)}\` names it.`,
      },
    );
  }
  try {
    return await act();
  } finally {
    lock.release();
  }
}

function prepareHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true });
    accessSync(home, constants.R_OK | constants.W_OK);
    if (existsSync(recordFile(home))) accessSync(recordFile(home), constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new IrokoError(
      "EMBEDDED_POSTGRES_DATA",
      `The folder ${home} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        hint: "It may have been made by another user, root for one. Set IROKO_HOME to a folder of yours, or DATABASE_URL.",
        cause,
      },
    );
  }
}

const lockFile = (home: string): string => join(home, "postgres.lock");
const usersFile = (home: string): string => join(home, "postgres.users");
