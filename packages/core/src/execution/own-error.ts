import { IrokoError, type ErrorRecord } from "../errors.ts";

/** What the engine itself threw, as a record: never blamed on the user's code. */
export function ownErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof IrokoError) return error.toRecord();
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: "INTERNAL", message, ...(stack === undefined ? {} : { stack }) };
}
