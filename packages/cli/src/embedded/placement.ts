/**
 * Where the server of one IROKO_HOME keeps its files, and how to reach it: a record in `<home>/postgres.json`, which
 * only its owner can read. The files are in `<home>/postgres`, unless the server's user cannot enter that folder; then
 * they are where that user can, and the record is the pointer to them.
 */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { IrokoError } from "@iroko/core";
import { canEnter, giveTo, type ServerUser } from "./server-user.ts";
import { syncFolder } from "./sync-folder.ts";

export interface Placement {
  /** Belongs to the server's user: holds `data` and `server.log`. */
  readonly folder: string;
  readonly port: number;
  readonly password: string;
  /** Its data folder was made: if that is gone, no other is made in its place. */
  readonly made?: boolean;
}

export const recordFile = (home: string): string => join(home, "postgres.json");
export const dataDirOf = (placement: Placement): string => join(placement.folder, "data");
export const logFileOf = (placement: Placement): string => join(placement.folder, "server.log");

/** The home's placement as recorded earlier; undefined when there is none yet. */
export function readPlacement(home: string): Placement | undefined {
  let text: string;
  try {
    text = readFileSync(recordFile(home), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const record = parseRecord(text);
  if (record === undefined) {
    throw new IrokoError("EMBEDDED_POSTGRES_DATA", `${recordFile(home)} is not a record of an embedded PostgreSQL.`, {
      hint: `Remove the file: ${join(home, "postgres")} keeps the data, and a new record is made for it.`,
    });
  }
  return { ...record, folder: resolve(home, record.folder) };
}

/** Written whole or not at all, before the data folder is made, so that its password is never lost to a power cut. */
export function writePlacement(home: string, placement: Placement): void {
  const { folder } = placement;
  const record = { ...placement, folder: dirname(folder) === home ? basename(folder) : folder };
  const draft = `${recordFile(home)}.${process.pid}`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, recordFile(home));
  syncFolder(home);
}

/** Makes the folder for a home without a record. */
export function newPlacement(
  home: string,
  user: ServerUser | undefined,
  port: number,
  say: (line: string) => void,
): Placement {
  const password = randomBytes(24).toString("base64url");
  const folder = join(home, "postgres");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  giveTo(user, folder);
  if (user === undefined || canEnter(user, folder)) return { folder, port, password };

  rmdirSync(folder); // made a line ago
  const elsewhere = folderWithinReach(user, basename(dirname(home)));
  writeFileSync(ownerFile(elsewhere), realpathSync(home));
  say(`PostgreSQL runs as the user "${user.name}", who cannot enter ${home}: its data is in ${elsewhere}.`);
  return { folder: elsewhere, port, password };
}

/** A home that was copied with its record must not share one data folder with the original; one that was moved may. */
export function refuseAnothersFolder(home: string, placement: Placement): void {
  const file = ownerFile(placement.folder);
  if (!existsSync(file)) return; // within its home
  const owner = readFileSync(file, "utf8");
  const here = realpathSync(home);
  if (owner === here) return;
  if (existsSync(owner) && readPlacement(owner)?.folder === placement.folder) {
    throw new IrokoError(
      "EMBEDDED_POSTGRES_DATA",
      `The data folder ${placement.folder} belongs to ${owner}, of which ${here} is a copy.`,
      {
        hint: `Remove ${recordFile(home)} to start here with an empty database.`,
      },
    );
  }
  writeFileSync(file, here);
}

function folderWithinReach(user: ServerUser, name: string): string {
  for (const makeParent of [
    () => openToAll("/var/lib/iroko"),
    () => openToAll(mkdtempSync(join(tmpdir(), "iroko-"))),
  ]) {
    try {
      const folder = mkdtempSync(join(makeParent(), `${name}-`));
      giveTo(user, folder);
      if (canEnter(user, folder)) return folder;
      rmdirSync(folder);
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error; // a parent that cannot be written to
    }
  }
  throw new IrokoError(
    "EMBEDDED_POSTGRES_UNAVAILABLE",
    `No folder was found that the user "${user.name}" can enter, who runs PostgreSQL for root.`,
    {
      hint: "Set IROKO_HOME to a folder that every user may enter, or DATABASE_URL to a PostgreSQL of your own.",
    },
  );
}

function openToAll(folder: string): string {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  return folder;
}

/** Beside a folder that lies outside of its home: whose it is. */
const ownerFile = (folder: string): string => `${folder}.home`;

function parseRecord(text: string): Placement | undefined {
  try {
    const { folder, port, password, made } = JSON.parse(text) as Partial<Record<keyof Placement, unknown>>;
    const isWhole = typeof folder === "string" && typeof port === "number" && typeof password === "string";
    return isWhole ? { folder, port, password, made: made === true } : undefined;
  } catch {
    return undefined;
  }
}
