import { IrokoError, type ErrorRecord } from "../errors.ts";
import { redactorOf } from "./redaction.ts";

/** What the engine itself threw, as a record without secrets: never blamed on the user's code. */
export function ownErrorRecord(error: unknown): ErrorRecord {
  return redactorOf(process.env).value(recordOf(error));
}

function recordOf(error: unknown): ErrorRecord {
  if (error instanceof IrokoError) return error.toRecord();
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code: "INTERNAL", message, ...(stack === undefined ? {} : { stack }) };
}
