/** The one place where an error becomes text, JSON and an exit code. */
import { relative } from "node:path";
import type { ErrorPlace, ErrorRecord } from "@iroko/core";
import { CommanderError } from "commander";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { UsageError } from "../usage-error.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Codes whose stack is the user's own, and says more than the message. */
const userStacks = new Set(["DEFINITIONS_THREW", "USER_CODE", "CHECK_THREW"]);
/** Ours by mistake: nothing the user did. */
const internal = "INTERNAL";

export function exitCodeOf(error: unknown): ExitCode {
  return toJsonError(error).code === internal ? exitCodes.failed : exitCodes.refused;
}

export function toJsonError(error: unknown): ErrorRecord {
  if (isIrokoError(error)) {
    const record = error.toRecord();
    return userStacks.has(record.code) && error.stack !== undefined ? { ...record, stack: error.stack } : record;
  }
  if (error instanceof UsageError)
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  if (error instanceof CommanderError) return { code: "USAGE", message: error.message.replace(/^error: /, "") };
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const hint = "This is a mistake of Iroko's own. Please report it with these lines.";
  return { code: internal, message, hint, ...(stack === undefined ? {} : { stack }) };
}

export function renderError(error: unknown, terminal: Pick<Terminal, "style">): string {
  return renderErrorRecord(toJsonError(error), terminal);
}

/** Code, message, place, the user's stack, hint: what there is of them. */
export function renderErrorRecord(record: ErrorRecord, { style }: Pick<Terminal, "style">): string {
  const { code, message, hint, place, stack } = record;
  const lines = [`${style(["red", "bold"], code)} ${printable(message)}`];
  const where = place && describePlace(place, message);
  if (where) lines.push(`  ${style("dim", "at")} ${printable(where)}`);
  if (stack !== undefined && (userStacks.has(code) || code === internal))
    lines.push(indented(style("dim", printable(stack))));
  if (hint !== undefined) lines.push(`  ${style("cyan", "→")} ${indented(printable(hint)).slice(4)}`);
  return lines.join("\n");
}

/** `iroko.config.ts:12:5`, or the subject; empty where the message has said it. */
export function describePlace({ file, line, column, subject }: ErrorPlace, message = ""): string {
  const parts: string[] = [];
  if (file !== undefined) {
    const shown = relative(process.cwd(), file);
    const name = shown.startsWith("..") || shown === "" ? file : shown;
    parts.push(line === undefined ? name : column === undefined ? `${name}:${line}` : `${name}:${line}:${column}`);
  } else if (line !== undefined) {
    parts.push(`line ${line}${column === undefined ? "" : `, column ${column}`}`);
  } else if (column !== undefined) {
    parts.push(`column ${column} of the selection`);
  }
  if (subject !== undefined && !message.includes(subject)) parts.push(subject);
  return parts.join(", ");
}

interface IrokoErrorLike extends Error {
  readonly code: string;
  toRecord(): ErrorRecord;
}

/** Known by its name: to tell, core need not be loaded. */
function isIrokoError(error: unknown): error is IrokoErrorLike {
  return error instanceof Error && error.name === "IrokoError" && "toRecord" in error;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}
