import { IrokoError, type ErrorCode } from "@iroko/core";
import { placeIn, type SqlSource } from "./source-place.ts";

/** What DuckDB says of a failure (`errors_as_json`). */
export interface DuckDBFailure {
  /** e.g. "Binder", "Conversion", "Out of Memory". */
  readonly type: string;
  readonly message: string;
  /** In bytes of the statement. */
  readonly position: number | undefined;
}

/** undefined: the error is not DuckDB's. */
export function readFailure(error: unknown): DuckDBFailure | undefined {
  if (!(error instanceof Error) || error instanceof IrokoError) return undefined;
  const json = error.message.indexOf("{");
  if (json >= 0) {
    try {
      const parsed = JSON.parse(error.message.slice(json)) as Record<string, unknown>;
      if (typeof parsed["exception_message"] === "string") {
        const position = Number(parsed["position"] ?? Number.NaN);
        return {
          type: String(parsed["exception_type"]),
          message: parsed["exception_message"],
          position: Number.isInteger(position) ? position : undefined,
        };
      }
    } catch {
      // not the JSON form
    }
  }
  const plain = /^(.+?) Error: ([^]*)$/.exec(error.message);
  return plain === null ? undefined : { type: plain[1] ?? "", message: plain[2] ?? "", position: undefined };
}

/** A statement as it was run, with the user's text somewhere in it. */
export interface RanStatement {
  readonly text: string;
  /** Where the source's text begins in it, in characters. */
  readonly sourceStart: number;
  readonly source: SqlSource;
  /** Whether the rows it read hold sensitive columns: values that DuckDB quotes are then withheld. */
  readonly sensitive: boolean;
}

/** An error of DuckDB's as ours: with the place in the user's SQL. Others are given back as they are. */
export function sqlError(error: unknown, ran: RanStatement): unknown {
  const failure = readFailure(error);
  if (failure === undefined) return error;
  const position = failure.position === undefined ? undefined : charsBefore(ran.text, failure.position);
  const { place, excerpt } = placeIn(ran.source, position === undefined ? undefined : position - ran.sourceStart);
  const said = saidOf(failure, ran.sensitive);
  const at = place.line === undefined ? "" : `, line ${place.line}, column ${place.column}`;
  const code = codeOf(failure);
  return new IrokoError(code, `${ran.source.subject}${at}: ${said}${excerpt === undefined ? "" : `\n${excerpt}`}`, {
    hint: hintOf(code, said),
    place,
    details: { duckdb: failure.type },
    // The original quotes the values that were withheld just now.
    ...(ran.sensitive ? {} : { cause: error }),
  });
}

/** The same for what we do ourselves: there is no SQL of the user's to point at. */
export function databaseError(error: unknown, subject: string, sensitive: boolean): unknown {
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
    return new IrokoError("DISK_FULL", `${subject}: ${error.message}`, { hint: hintOf("DISK_FULL", ""), cause: error });
  }
  const failure = readFailure(error);
  if (failure === undefined) return error;
  const code = codeOf(failure);
  return new IrokoError(code, `${subject}: ${saidOf(failure, sensitive)}`, {
    ...(code === "SQL_FAILED" ? {} : { hint: hintOf(code, "") }),
    place: { subject },
    details: { duckdb: failure.type },
    ...(sensitive ? {} : { cause: error }),
  });
}

function codeOf({ type, message }: DuckDBFailure): ErrorCode {
  // Out of memory too, when it could not spill.
  if (/No space left|failed to offload/i.test(message)) return "DISK_FULL";
  if (type === "Out of Memory") return "OUT_OF_MEMORY";
  return "SQL_FAILED";
}

function hintOf(code: ErrorCode, said: string): string {
  if (code === "OUT_OF_MEMORY") return "Give the worker's slots more memory, or run fewer steps at a time.";
  if (code === "DISK_FULL") return "Free some space, then retry the step.";
  if (said.includes("prepared statement parameters")) {
    return "Give a value for each; of a SQL asset, $window_start, $window_end and $partition_key are given.";
  }
  return "Mend the SQL; `iroko check` binds every query without running it.";
}

/** These speak of the statement, never of a row. */
const valueless = new Set(["Binder", "Catalog", "Parser", "Syntax", "Out of Memory", "IO", "Permission", "Interrupt"]);

/**
 * DuckDB's message. It quotes the value that it could not convert, in many ways; no pattern catches them all. And it
 * advises to change settings of its own, which are ours.
 */
function saidOf({ type, message }: DuckDBFailure, sensitive: boolean): string {
  if (type === "Out of Memory") return (message.split("\n")[0] ?? "").trim();
  if (!sensitive || valueless.has(type)) return message.trim();
  return `${type} error (DuckDB's message is withheld: it may quote a sensitive value)`;
}

function charsBefore(text: string, bytes: number): number {
  return Buffer.from(text).subarray(0, bytes).toString().length;
}
