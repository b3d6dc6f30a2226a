/** A disk without room, whoever met it first: PostgreSQL, SQLite under a lock, a file of ours. */
import { IrokoError } from "@iroko/core";

export function diskFull(folder: string, what: string, cause?: unknown): IrokoError {
  return new IrokoError("DISK_FULL", `The disk is full where ${folder} is: ${what}`, {
    hint: "Make room there, and run the command again: nothing was lost. DATABASE_URL names another PostgreSQL meanwhile.",
    cause,
  });
}

/** Does what writes to the home; says so when there is no room. */
export async function explainFullDisk<Result>(home: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (isFull(error)) throw diskFull(home, (error as Error).message, error);
    throw error;
  }
}

function isFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const sqliteFull = 13;
  if ("errcode" in error) return (Number(error.errcode) & 0xff) === sqliteFull;
  return "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
